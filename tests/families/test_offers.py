"""Places kept for families: described, said to be still free, or « ask us »."""

from datetime import date, time

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from avip.workflow import StepRefused
from families.models import Hold, PlaceOffer
from families.offers import say_for_whom, say_when, still_free
from tests import factories as f
from tests.families import factories as ff

pytestmark = pytest.mark.django_db


def text_of(response):
    return response.content.decode().replace("\u00a0", " ")


def offer_data(**fields):
    return {
        "is_blocked": "True",
        "places": "2",
        "from_on": timezone.localdate().isoformat(),
        "half_days": ["0-am", "1-am"],
        "min_age_months": "0",
        "seen": "0",
    } | fields


def test_a_director_offers_places_then_changes_them(client, director, facility):
    client.force_login(director)
    url = reverse("families:offer_create", args=[facility.pk])
    assert client.get(url).status_code == 200
    client.post(url, offer_data())
    offer = PlaceOffer.objects.get()
    assert (offer.provider, offer.places, offer.half_days) == (facility, 2, ["0-am", "1-am"])
    client.post(offer.get_absolute_url(), offer_data(places="3"))
    offer.refresh_from_db()
    assert offer.places == 3


def test_a_stale_page_of_places_is_refused_and_keeps_what_was_typed(client, director, facility):
    offer = ff.make_offer(facility)
    client.force_login(director)
    client.post(offer.get_absolute_url(), offer_data(places="3"))
    page = text_of(client.post(offer.get_absolute_url(), offer_data(note="Dès 7 h")))
    assert "modifié entre-temps par Nadia Benali" in page and "Dès 7 h" in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"places": "0"}, "au moins une place"),
        ({"places": "25"}, "capacité autorisée est de 24 places"),
        ({"half_days": []}, "au moins une demi-journée"),
        ({"until": "2020-01-01"}, "ne peut pas précéder"),
        ({"min_age_months": "20", "max_age_months": "10"}, "après l’âge minimum"),
    ],
)
def test_places_that_make_no_sense_are_refused_in_words(client, director, facility, fields, words):
    client.force_login(director)
    page = text_of(
        client.post(reverse("families:offer_create", args=[facility.pk]), offer_data(**fields))
    )
    assert words in page
    assert not PlaceOffer.objects.exists()


def test_nobody_else_changes_the_places(client, adviser, caf_agent, other_director, facility):
    ff.make_labelled(facility)
    offer = ff.make_offer(facility)
    for person, status in [(adviser, 403), (caf_agent, 403), (other_director, 404)]:
        client.force_login(person)
        assert client.get(offer.get_absolute_url()).status_code == status
        assert client.post(offer.get_absolute_url(), offer_data()).status_code == status


def test_an_offer_says_all_that_an_adviser_asks(client, director, adviser, facility):
    ff.make_labelled(facility)
    client.force_login(director)
    data = offer_data(
        opens="07:00",
        closes="19:00",
        max_age_months="18",
        reserved_by="commune",
        atypical_hours="on",
        emergency_care="on",
        note="Section des moyens",
    )
    client.post(reverse("families:offer_create", args=[facility.pk]), data)
    client.force_login(adviser)
    page = text_of(client.get(facility.get_absolute_url()))
    for words in (
        "2 places : lundi et mardi matin, de 7 h à 19 h",
        "De 0 à 18 mois",
        "réservée par la commune",
        "horaires atypiques possibles",
        "accueil d’urgence possible",
        "Section des moyens",
        "Confirmée libre le",
    ):
        assert words in page
    assert "Encore libre" not in page


def test_the_hours_of_an_offer_are_in_order(client, director, facility):
    client.force_login(director)
    url = reverse("families:offer_create", args=[facility.pk])
    page = text_of(client.post(url, offer_data(opens="18:00", closes="08:00")))
    assert "L’heure de fin vient après l’heure de début" in page
    assert not PlaceOffer.objects.exists()


def test_a_creche_may_block_no_place_and_say_ask_us(client, director, facility):
    client.force_login(director)
    url = reverse("families:offer_create", args=[facility.pk])
    client.post(url, offer_data(is_blocked="False", places=""))
    assert not PlaceOffer.objects.get().is_blocked
    page = text_of(client.get(facility.get_absolute_url()))
    assert "Pas de place bloquée, demandez-nous" in page and "Encore libre" not in page


def test_kept_places_are_counted(client, director, facility):
    client.force_login(director)
    url = reverse("families:offer_create", args=[facility.pk])
    assert "combien de places" in text_of(client.post(url, offer_data(places="")))


def test_where_no_place_is_blocked_an_acceptance_takes_no_number():
    creche = ff.make_labelled(f.make_facility())
    ff.make_offer(creche, is_blocked=False)
    ff.make_referral("accepted", provider=creche)
    assert set(Hold.objects.values_list("offer", "slot_number")) == {(None, 0)}


def test_where_no_place_is_blocked_the_capacity_decides():
    creche = ff.make_labelled(f.make_facility(capacity=1))
    ff.make_offer(creche, is_blocked=False)
    ff.make_referral("accepted", provider=creche)
    second = ff.make_referral(provider=creche)
    with pytest.raises(StepRefused, match="vient d’être prise"):
        ff.accept(second)


def test_beside_a_kept_place_taken_one_may_still_be_asked_for():
    creche = ff.make_labelled(f.make_facility(capacity=2))
    kept = ff.make_offer(creche, places=1)
    ff.make_offer(creche, is_blocked=False)
    ff.make_referral("accepted", provider=creche)
    ff.make_referral("accepted", provider=creche)
    assert set(Hold.objects.values_list("offer", flat=True)) == {kept.pk, None}
    with pytest.raises(StepRefused):
        ff.accept(ff.make_referral(provider=creche))


def test_still_free_is_said_in_one_click(client, director, facility):
    offer = ff.make_offer(facility)
    client.force_login(director)
    assert "Encore libre" in text_of(client.get(facility.get_absolute_url()))
    response = client.post(reverse("families:offer_still_free", args=[offer.pk]))
    assert response["Location"] == facility.get_absolute_url()
    offer.refresh_from_db()
    assert (offer.confirmed_on, offer.edited_by) == (timezone.localdate(), "Nadia Benali")
    assert "Encore libre" not in text_of(client.get(facility.get_absolute_url()))


def test_nobody_else_says_that_a_place_is_free(
    client, adviser, caf_agent, other_director, facility
):
    ff.make_labelled(facility)
    offer = ff.make_offer(facility)
    for person, status in [(adviser, 403), (caf_agent, 403), (other_director, 404)]:
        client.force_login(person)
        url = reverse("families:offer_still_free", args=[offer.pk])
        assert client.post(url).status_code == status
        with pytest.raises(PermissionDenied):
            still_free(offer, by=person, on=ff.ON)


def test_an_offer_is_said_in_words():
    offer = PlaceOffer(from_on=date(2026, 1, 1), half_days=["0-am"], opens=time(7))
    assert say_when(offer).replace("\u00a0", " ") == "lundi matin, dès 7 h"
    offer = PlaceOffer(half_days=[], closes=time(19), min_age_months=10, reserved_by="caf")
    assert say_when(offer).endswith("d’ouverture, jusqu’à 19\u00a0h")
    assert say_for_whom(offer) == ["à partir de 10\u00a0mois", "réservée par la Caf"]
