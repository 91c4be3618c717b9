"""Labelled places near a family: distance, date, age, half-days; until when one is closed."""

from datetime import date, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from families.models import CommissionDate, ResponseTime
from families.search import Need, search
from partners.models import Closure, Provider
from tests import factories as f
from tests.families import factories as ff

pytestmark = pytest.mark.django_db
SEARCH = reverse("families:search")
PARIS_20 = {"lat": 48.8629, "lon": 2.4012}


def found(on=ff.ON, **need):
    need = {"radius_km": 5, "from_on": ff.FROM_ON} | PARIS_20 | need
    return [result.provider.name for result in search(Provider.objects.all(), Need(**need), on)]


def creche(name, *, lat=48.8629, labelled=True):
    commune = f.make_commune(f"75{round(lat * 1000) % 1000:03}", f"Commune {lat}", lat=lat)
    provider = f.make_facility(name, commune=commune)
    return ff.make_labelled(provider) if labelled else provider


def text_of(response):
    return response.content.decode().replace("\u00a0", " ")


def test_the_nearest_comes_first_and_the_far_one_not_at_all():
    creche("Loin", lat=48.95)
    creche("À côté", lat=48.87)
    creche("Ici")
    assert found() == ["Ici", "À côté"]


def test_only_labelled_places_are_found():
    creche("Labellisée")
    creche("Sans label", labelled=False)
    ff.make_network_member("Claire Morel")
    ff.make_network_member("Sonia Haddad", status="licence_checked")
    assert set(found()) == {"Labellisée", "Claire Morel"}


def test_the_kind_may_be_chosen():
    creche("Crèche")
    ff.make_network_member("Claire Morel")
    assert found(kind="childminder") == ["Claire Morel"]


def test_a_place_fits_the_age_asked_for():
    ff.make_offer(creche("Grands"), min_age_months=18)
    ff.make_offer(creche("Petits"), max_age_months=12)
    creche("Tous âges")
    assert set(found(ages=(9,))) == {"Petits", "Tous âges"}
    assert set(found(ages=(9, 20))) == {"Tous âges"}


def test_a_place_fits_the_half_days_asked_for():
    ff.make_offer(creche("Matins"), half_days=["0-am", "1-am"])
    ff.make_offer(creche("Lundis"), half_days=["0-am", "0-pm"])
    assert found(keys=("0-am", "1-am")) == ["Matins"]
    assert set(found(keys=("0-am",))) == {"Matins", "Lundis"}


def test_a_place_taken_is_found_again_once_given_back():
    place = creche("Une place")
    ff.make_offer(place, places=1)
    referral = ff.make_referral("accepted", provider=place)
    assert found(keys=("0-am",)) == []
    assert found(keys=("3-am",)) == ["Une place"]
    referral.holds.update(released_at=ff.AT)
    assert found(keys=("0-am",)) == ["Une place"]


def test_an_offer_counts_from_its_first_day():
    ff.make_offer(creche("En septembre"), from_on=date(2026, 9, 1))
    place = creche("En mars")
    ff.make_offer(place, from_on=date(2026, 3, 1), half_days=["0-am"])
    need = Need(radius_km=5, from_on=date(2026, 3, 2), **PARIS_20)
    places = {
        r.provider.name: [p.sentence for p in r.places]
        for r in search(Provider.objects.all(), need, ff.ON)
    }
    # The one whose offer has not begun yet may still be asked: it blocks no place on that day.
    assert places == {"En mars": ["lundi matin"], "En septembre": []}


def test_the_half_days_still_free_are_said():
    place = creche("Une place")
    ff.make_offer(place, places=1, half_days=["0-am", "0-pm", "3-am"])
    ff.make_referral("accepted", provider=place, slots=[(0, ff.time(9), ff.time(12))])
    (result,) = search(
        Provider.objects.all(), Need(radius_km=5, from_on=ff.FROM_ON, **PARIS_20), ff.ON
    )
    assert [free.sentence for free in result.places] == ["lundi après-midi, jeudi matin"]


def test_a_closed_provider_says_until_when():
    place = creche("En congés")
    Closure.objects.create(provider=place, first_day=date(2026, 8, 3), last_day=date(2026, 8, 22))
    need = Need(radius_km=5, from_on=date(2026, 9, 7), **PARIS_20)
    (result,) = search(Provider.objects.all(), need, date(2026, 8, 10))
    # The 23rd is a Sunday.
    assert (result.closed_until, result.opens_on) == (date(2026, 8, 23), date(2026, 8, 24))
    assert result.closed_label.replace("\u00a0", " ") == "fermé jusqu’au 23 août"
    (result,) = search(Provider.objects.all(), need, date(2026, 8, 30))
    assert result.closed_until is None


def result(on=ff.ON, **need):
    need = {"radius_km": 5, "from_on": ff.FROM_ON} | PARIS_20 | need
    (only,) = search(Provider.objects.all(), Need(**need), on)
    return only


def plain(words):
    return [text.replace("\u00a0", " ") for text in words]


def test_a_provider_closed_on_the_asked_day_says_when_it_opens_again():
    place = creche("En travaux")
    Closure.objects.create(provider=place, first_day=date(2026, 2, 2), last_day=date(2026, 2, 6))
    only = result()
    assert only.closed_until is None
    assert plain(only.said) == ["fermé à la date demandée, rouvre lundi 9 février"]


def test_what_one_knows_before_sending_is_said():
    place = creche("Lente")
    CommissionDate.objects.create(provider=place, held_on=date(2026, 1, 16))
    CommissionDate.objects.create(provider=place, held_on=date(2026, 1, 5))
    ResponseTime.objects.create(
        provider=place, median_minutes=1200, answers=4, asked=5, measured_on=ff.ON
    )
    assert plain(result().said) == ["commission le 16 janv.", "répond en 2 jours"]


def test_who_blocks_no_place_says_ask_us():
    ff.make_offer(creche("Sur demande"), is_blocked=False, half_days=["0-am"])
    (place,) = result(keys=("0-am",)).places
    assert place.sentence == "pas de place bloquée, demandez-nous"
    assert found(keys=("1-am",)) == []


def test_a_place_kept_free_comes_before_a_nearer_one_to_ask_for():
    creche("À demander")
    ff.make_offer(creche("Gardée", lat=48.88))
    assert found() == ["Gardée", "À demander"]


def test_among_equals_the_quickest_to_answer_comes_first():
    slow, quick = creche("A lente"), creche("B rapide")
    for place, minutes in [(slow, 900), (quick, 60)]:
        ResponseTime.objects.create(
            provider=place, median_minutes=minutes, answers=4, asked=4, measured_on=ff.ON
        )
    creche("C sans réponse connue")
    assert found() == ["B rapide", "A lente", "C sans réponse connue"]


def test_the_hours_asked_for_are_those_of_the_place_and_of_the_opening():
    creche("Ouvre à 8 h")
    ff.make_offer(creche("Offre dès 9 h"), opens=time(9))
    assert set(found(starts=time(8), ends=time(18))) == {"Ouvre à 8 h"}
    assert set(found(starts=time(9), ends=time(18))) == {"Ouvre à 8 h", "Offre dès 9 h"}
    assert found(starts=time(6, 30)) == []


def test_the_hours_are_asked_for_on_each_chosen_day():
    place = creche("Fermée le mercredi")
    place.opening_hours.filter(weekday=2).delete()
    assert found(starts=time(9), keys=("1-am",)) == ["Fermée le mercredi"]
    assert found(starts=time(9), keys=("1-am", "2-am")) == []


@pytest.mark.parametrize(
    ("need", "quality"), [("atypical", "atypical_hours"), ("emergency", "emergency_care")]
)
def test_a_quality_asked_for_must_be_said_of_a_place(need, quality):
    creche("Ordinaire")
    ff.make_offer(creche("Autre"))
    ff.make_offer(creche("Celle-ci"), **{quality: True})
    assert found(**{need: True}) == ["Celle-ci"]


def test_a_whole_caf_is_searched_nearest_first(other_facility):
    ff.make_labelled(other_facility)
    creche("Loin", lat=48.95)
    creche("Ici")
    assert found(radius_km=None, department_code="75") == ["Ici", "Loin"]


def test_the_east_is_as_far_as_the_north():
    commune = f.make_commune("75121", "À l’est", lon=2.4012 + 0.1)  # 7.3 km at this latitude
    ff.make_labelled(f.make_facility("À l’est", commune=commune))
    assert found(radius_km=7) == []
    assert found(radius_km=8) == ["À l’est"]


def test_the_map_shows_a_childminder_at_the_centre_of_her_commune(client, adviser):
    claire = ff.make_network_member("Claire Morel")
    Provider.objects.filter(pk=claire.pk).update(lat=48.87, lon=2.41)
    client.force_login(adviser)
    page = text_of(client.get(f"{SEARCH}?place=75020"))
    assert '"at": [48.8629, 2.4012]' in page and "48.87" not in page


def test_a_weekend_is_not_a_closure():
    creche("Ouverte")
    need = Need(radius_km=5, from_on=ff.FROM_ON, **PARIS_20)
    (result,) = search(Provider.objects.all(), need, date(2026, 1, 17))
    assert result.closed_until is None


def test_a_search_asks_three_queries_whatever_it_finds(django_assert_num_queries):
    ff.make_offer(creche("Une"))
    need = Need(radius_km=5, from_on=ff.FROM_ON, keys=("0-am",), **PARIS_20)
    with django_assert_num_queries(3):
        assert len(search(Provider.objects.all(), need, ff.ON)) == 1
    for number in range(9):
        ff.make_offer(creche(f"Crèche {number}"))
    with django_assert_num_queries(3):
        assert len(search(Provider.objects.all(), need, ff.ON)) == 10


def test_the_page_asks_at_most_six_queries_more_than_any_page(
    client, adviser, django_assert_num_queries
):
    client.force_login(adviser)
    household = ff.make_household(adviser.memberships.get().agency)
    ff.make_offer(creche("Une"))
    for _ in range(2):  # the first page of a session writes it
        with CaptureQueriesContext(connection) as shell:
            client.get(reverse("help"))
    with CaptureQueriesContext(connection) as one:
        client.get(f"{SEARCH}?famille={household.pk}")
    assert len(one) - len(shell) <= 6
    for number in range(9):
        ff.make_offer(creche(f"Crèche {number}"))
    with django_assert_num_queries(len(one)):
        client.get(f"{SEARCH}?famille={household.pk}")


def test_a_childminder_is_shown_by_first_name_and_commune(client, adviser):
    ff.make_network_member("Claire Morel")
    client.force_login(adviser)
    page = text_of(client.get(f"{SEARCH}?place=75020"))
    assert "Claire" in page and "Paris 20e" in page
    assert "Morel" not in page and "rue des Lilas" not in page


def test_the_page_for_a_family_looks_around_its_home(client, adviser, agency):
    household = ff.make_household(agency)
    creche("Les Petits Rameurs")
    client.force_login(adviser)
    page = text_of(client.get(f"{SEARCH}?famille={household.pk}"))
    assert "Les Petits Rameurs" in page
    assert "Diallo" not in page.split("<main")[0]


@pytest.mark.parametrize("value", ["{pk}", "abc", "00000000-0000-0000-0000-000000000000"])
def test_another_agencys_family_is_no_family_here(client, adviser, other_agency, value):
    theirs = ff.make_household(other_agency)
    ff.make_household(adviser.memberships.get().agency)
    client.force_login(adviser)
    assert client.get(f"{SEARCH}?famille={value.format(pk=theirs.pk)}").status_code == 404


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("place=Nulle-Part", "Aucune commune"),
        ("place=75020&from_on=2020-01-01", "Ce jour est passé"),
        ("place=75020&age=40", "avant 36 mois"),
        ("place=75020&radius=9999", "choix valide"),
        ("radius=5", "obligatoire"),
    ],
)
def test_a_search_that_makes_no_sense_is_explained(client, adviser, query, words):
    client.force_login(adviser)
    assert words in text_of(client.get(f"{SEARCH}?{query}"))


def test_the_search_hands_the_day_and_the_half_days_over(client, adviser, agency):
    household = ff.make_household(agency, births=[timezone.localdate() - timedelta(days=300)])
    place = creche("Les Petits Rameurs")
    day = (timezone.localdate() + timedelta(days=20)).isoformat()
    client.force_login(adviser)
    page = text_of(client.get(f"{SEARCH}?famille={household.pk}&from_on={day}&half_days=1-am"))
    link = reverse("families:referral_create", args=[household.pk, place.pk])
    assert f"{link}?from_on={day}&amp;half_days=1-am" in page
    page = text_of(client.get(f"{link}?from_on={day}&half_days=1-am"))
    assert 'value="08:00"' in page and 'value="12:30"' in page
