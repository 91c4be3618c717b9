"""Her leave: what it changes is read before it is noted, and before it is taken back."""

from datetime import date, time

import pytest
from django.urls import reverse

from partners.models import Closure
from tests import factories as f
from tests.families import factories as ff

pytestmark = pytest.mark.django_db
LEAVE = {"kind": "leave", "first_day": "2026-02-09", "last_day": "2026-02-20"}


def text_of(response):
    return response.content.decode().replace("\u00a0", " ")


@pytest.fixture
def claire(service, coordinator):
    return ff.make_network_member(service=service)


@pytest.fixture
def herself(claire):
    return f.make_user("Claire", "Morel", member_of=claire)


@pytest.fixture
def add(claire):
    return reverse("families:leave_add", args=[claire.pk])


@pytest.fixture
def running(claire):
    """Tuesdays 9:00 to 13:00, from the 2nd of February."""
    return ff.make_contract("active", provider=claire, slots=[(1, time(9), time(13))])


def test_leave_without_care_is_noted_at_once(client, herself, claire, add):
    client.force_login(herself)
    assert client.get(add).status_code == 200
    response = client.post(add, LEAVE)
    assert response["Location"] == reverse("families:own_place", args=[claire.pk])
    assert claire.closures.get().kind == Closure.Kind.LEAVE


def test_leave_over_a_running_contract_says_what_it_changes_first(
    client, herself, claire, add, running
):
    client.force_login(herself)
    page = text_of(client.post(add, LEAVE))
    for words in ("Fatoumata D.", "2 jours, 8 h", "mardi 10 février", "quand même", "2026-02-09"):
        assert words in page, words
    assert not claire.closures.exists()
    client.post(add, LEAVE | {"sure": "on"})
    assert claire.closures.get().last_day == date(2026, 2, 20)
    running.refresh_from_db()
    assert running.status == "active"


def test_taking_leave_back_says_what_comes_back(client, herself, claire, running):
    leave = Closure.objects.create(
        provider=claire, kind="leave", first_day=date(2026, 2, 9), last_day=date(2026, 2, 13)
    )
    client.force_login(herself)
    url = reverse("families:leave_remove", args=[claire.pk, leave.pk])
    page = client.get(url)
    assert page.status_code == 200 and claire.closures.exists()
    client.post(url)
    assert client.post(url).status_code == 302  # pressed twice
    assert not claire.closures.exists()


def test_nobody_else_notes_her_leave(client, adviser, caf_agent, other_director, add):
    for person, status in [(adviser, 403), (caf_agent, 403), (other_director, 404)]:
        client.force_login(person)
        assert client.get(add).status_code == client.post(add, LEAVE).status_code == status


def test_a_creche_keeps_its_own_page_of_closures(client, director, facility):
    client.force_login(director)
    assert client.get(reverse("families:leave_add", args=[facility.pk])).status_code == 404
