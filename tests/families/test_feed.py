"""An adviser's agenda: it says when, never who; its address can be changed and withdrawn."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from families import feeds
from families.models import CalendarFeed, Interview
from partners.tokens import sha256_of
from tests.families.declared import make_labelled_facility, make_placement
from tests.families.pages import signed_in, text_of

pytestmark = pytest.mark.django_db
PAGE = reverse("families:feed_settings")


@pytest.fixture
def contract():
    today = timezone.localdate()
    return make_placement(
        make_labelled_facility(), start_on=today, end_on=today + timedelta(days=80)
    ).contract


def path_of(feed):
    return reverse("families:feed", args=[feeds.token_of(feed)])


def test_the_agenda_names_nobody(contract):
    soon = timezone.now() + timedelta(days=1)
    Interview.objects.create(contract=contract, planned_at=soon, by=contract.adviser)
    feed = feeds.open_feed(contract.adviser, at=timezone.now())
    response = Client().get(path_of(feed))
    text = text_of(response).replace("\r\n ", "")
    assert response["Content-Type"].startswith("text/calendar")
    assert "SUMMARY:Entretien Avip" in text and contract.get_absolute_url() in text
    assert f"DTSTART:{soon:%Y%m%dT%H%M%SZ}" in text
    parent, child = contract.household.parents.get(), contract.children.get()
    for name in [parent.first_name, parent.last_name, child.first_name, contract.provider.name]:
        assert name not in text
    assert all(len(line) <= 75 for line in text_of(response).split("\r\n"))


def test_another_address_kills_the_former_and_a_withdrawn_one_opens_nothing(contract):
    client = signed_in(contract.adviser)
    client.post(PAGE)
    first = path_of(CalendarFeed.objects.get())
    assert Client().get(first).status_code == 200
    client.post(PAGE)
    second = path_of(CalendarFeed.objects.get())
    assert Client().get(first).status_code == 404
    assert Client().get(second).status_code == 200
    assert second in text_of(client.get(PAGE))
    client.post(PAGE, {"close": "1"})
    assert Client().get(second).status_code == 404


def test_only_the_fingerprint_is_kept(contract):
    feed = feeds.open_feed(contract.adviser, at=timezone.now())
    token = feeds.token_of(feed)
    assert feed.token_sha256 == sha256_of(token) and token not in str(vars(feed))


def test_who_has_left_the_agency_reads_nothing_more(contract):
    soon = timezone.now() + timedelta(days=1)
    Interview.objects.create(contract=contract, planned_at=soon, by=contract.adviser)
    feed = feeds.open_feed(contract.adviser, at=timezone.now())
    contract.adviser.memberships.update(ends_on=timezone.localdate() - timedelta(days=1))
    assert "VEVENT" not in text_of(Client().get(path_of(feed)))
