"""Labelled places near a family: distance, date, age, half-days; until when one is closed."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

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


def test_a_weekend_is_not_a_closure():
    creche("Ouverte")
    need = Need(radius_km=5, from_on=ff.FROM_ON, **PARIS_20)
    (result,) = search(Provider.objects.all(), need, date(2026, 1, 17))
    assert result.closed_until is None


def test_a_search_asks_two_queries_whatever_it_finds(django_assert_num_queries):
    ff.make_offer(creche("Une"))
    need = Need(radius_km=5, from_on=ff.FROM_ON, keys=("0-am",), **PARIS_20)
    with django_assert_num_queries(2):
        assert len(search(Provider.objects.all(), need, ff.ON)) == 1
    for number in range(9):
        ff.make_offer(creche(f"Crèche {number}"))
    with django_assert_num_queries(2):
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
