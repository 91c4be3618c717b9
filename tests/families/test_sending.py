"""The same request sent in one go to the places that the family chose."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from families.forms.sending import common_hours
from families.models import Referral
from partners.calendars import Calendar
from tests import factories as f
from tests.families import factories as ff

pytestmark = pytest.mark.django_db


def text_of(response):
    return response.content.decode().replace("\u00a0", " ")


@pytest.fixture
def household(agency, adviser):
    return ff.make_household(agency, adviser=adviser, births=[timezone.localdate().replace(day=1)])


@pytest.fixture
def creches(caf):
    return [ff.make_labelled(f.make_facility(name)) for name in ("Une", "Deux", "Trois", "Quatre")]


def page_of(household, providers):
    ticked = "&".join(f"a={provider.pk}" for provider in providers)
    return f"{reverse('families:referral_send_many', args=[household.pk])}?{ticked}"


def need_of(household, providers, **fields):
    return {
        "providers": [provider.pk for provider in providers],
        "children": [household.children.get().pk],
        "from_on": (timezone.localdate() + timedelta(days=20)).isoformat(),
        "starts_0": "09:00",
        "ends_0": "12:00",
    } | fields


def test_one_need_makes_one_request_for_each_place(client, adviser, household, creches):
    client.force_login(adviser)
    chosen = creches[:3]
    page = text_of(client.get(page_of(household, chosen) + "&half_days=0-am"))
    assert all(creche.name in page for creche in chosen) and "Quatre" not in page
    assert 'value="08:00"' in page
    response = client.post(page_of(household, chosen), need_of(household, chosen), follow=True)
    assert "3 demandes sont parties" in text_of(response)
    sent = Referral.objects.all()
    assert {referral.provider for referral in sent} == set(chosen)
    assert all(referral.slots.count() == 1 for referral in sent)


def test_no_more_than_three_at_once(client, adviser, household, creches):
    client.force_login(adviser)
    page = text_of(client.post(page_of(household, creches), need_of(household, creches)))
    assert "3 places au plus à la fois" in page
    assert not Referral.objects.exists()


def test_all_leave_or_none_and_who_cannot_is_named(client, adviser, household, creches):
    ff.make_referral(
        household=household, provider=creches[1], adviser=adviser, on=date(2026, 1, 12)
    )
    client.force_login(adviser)
    page = text_of(client.post(page_of(household, creches[:2]), need_of(household, creches[:2])))
    assert "Deux : Une demande de cette famille est déjà en cours" in page
    assert Referral.objects.count() == 1
    client.post(page_of(household, creches[:2]), need_of(household, creches[:1]))
    assert Referral.objects.count() == 2


@pytest.mark.parametrize("query", ["", "?a=abc", "?a=00000000-0000-0000-0000-000000000000"])
def test_nothing_ticked_goes_back_to_the_search(client, adviser, household, query):
    client.force_login(adviser)
    url = reverse("families:referral_send_many", args=[household.pk]) + query
    response = client.get(url)
    assert response["Location"] == f"{reverse('families:search')}?famille={household.pk}"


def test_a_place_without_a_label_is_not_among_the_choices(client, adviser, household, creches):
    plain = f.make_facility("Sans label")
    client.force_login(adviser)
    both = [creches[0], plain]
    assert "Sans label" not in text_of(client.get(page_of(household, both)))
    client.post(page_of(household, both), need_of(household, both))
    assert not Referral.objects.exists()


def test_another_agency_sends_nothing_for_this_family(client, other_adviser, household, creches):
    ff.make_household(other_adviser.memberships.get().agency)
    client.force_login(other_adviser)
    assert client.get(page_of(household, creches[:1])).status_code == 404


def test_the_hours_prefilled_are_those_of_all():
    nine, ten = ff.time(9), ff.time(10)
    early, late = Calendar({0: [(nine, ff.time(17))]}), Calendar({0: [(ten, ff.time(19))]})
    assert common_hours([early, late, Calendar()]).hours == {0: [(ten, ff.time(17))]}
    assert common_hours([early, Calendar({1: [(nine, ten)]})]).hours == {}
