"""Every URL × every persona × every method: who sees it, who is refused, and for whom
it does not exist.
"""

import re

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.urls.exceptions import NoReverseMatch

from tests.access_table import ACCESS
from tests.access_words import EVERYONE, LIBRARY, SIGNED_IN
from tests.test_conventions import url_names
from tests.world import build_world

SIGN_IN = "/connexion/"

# Asks for the test database before the world is built in it, by one process for the whole file.
pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("access")]


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """Built once for the module, in a transaction that is rolled back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield build_world()
        transaction.set_rollback(True)


@pytest.fixture
def browse(world, db):
    """(persona) -> a signed-in client; whatever a test does is undone."""

    def client_of(name):
        client = Client()
        if name != "anonymous":
            client.force_login(world.people[name])
        return client

    return client_of


def address(name, page, world):
    """The address of a page for the objects of the world."""
    return reverse(name, args=page.args(world))


def test_every_url_is_in_the_table():
    assert set(url_names()) == set(ACCESS) | set(LIBRARY)


@pytest.mark.parametrize("persona", ["anonymous", *SIGNED_IN])
def test_each_page_opens_for_those_it_concerns_and_for_nobody_else(world, browse, persona):
    """And what opens to a signed-in person is kept by no cache and runs no inline code."""
    client = browse(persona)
    wrong = {}
    for name, page in ACCESS.items():
        answer = client.get(address(name, page, world))
        if answer.status_code not in page.expects(persona):
            wrong[name] = f"{answer.status_code}, expected {sorted(page.expects(persona))}"
        signs_in = answer.status_code == 302 and answer["Location"].startswith(SIGN_IN)
        if signs_in != (persona == "anonymous" and not page.is_public):
            wrong[f"sign-in of {name}"] = answer.status_code
        if persona != "anonymous" and "no-store" not in answer["Cache-Control"]:
            wrong[f"cache of {name}"] = answer["Cache-Control"]
        policy = answer["Content-Security-Policy"]
        if not policy or "unsafe" in policy:
            wrong[f"policy of {name}"] = policy
    assert not wrong


@pytest.mark.parametrize("persona", ["anonymous", *SIGNED_IN])
def test_nobody_writes_where_they_may_not_read(world, browse, persona):
    """A POST of an outsider finds nothing, as its GET does."""
    client = browse(persona)
    wrong = {}
    for name, page in ACCESS.items():
        if expected := page.expects_post(persona):
            answer = client.post(address(name, page, world)).status_code
            if answer not in expected:
                wrong[name] = f"{answer}, expected {sorted(expected)}"
    assert not wrong


@pytest.mark.parametrize("method", ["put", "patch", "delete", "trace"])
def test_no_page_knows_another_method(world, browse, method):
    client = browse("director")
    for name, page in ACCESS.items():
        answer = getattr(client, method)(address(name, page, world))
        assert answer.status_code == 405, name


def without_token(response):
    """The body, without the form token that changes at each answer."""
    return re.sub(rb'name="csrfmiddlewaretoken" value="\w+"', b"", response.content)


def test_what_is_foreign_looks_exactly_like_what_does_not_exist(world, browse):
    client = browse("other_adviser")
    absent = "00000000-0000-4000-8000-000000000000"
    for name in (
        "families:household_detail",
        "families:referral_detail",
        "families:contract_detail",
    ):
        foreign = client.get(address(name, ACCESS[name], world))
        nothing = client.get(reverse(name, args=[absent]))
        assert (foreign.status_code, nothing.status_code) == (404, 404)
        assert without_token(foreign) == without_token(nothing)


def test_a_membership_that_ends_closes_the_next_request(world, browse):
    client = browse("director")
    url = address("families:contract_detail", ACCESS["families:contract_detail"], world)
    assert client.get(url).status_code == 200
    world.people["director"].memberships.update(ends_on="2020-12-31", starts_on="2020-01-01")
    assert client.get(url).status_code == 404


def test_the_table_names_only_people_who_exist():
    known = {"anonymous", *SIGNED_IN}
    for name, page in ACCESS.items():
        assert page.see | page.forbidden | page.moved <= known, name
        assert page.states, name
    assert known == EVERYONE


def test_what_libraries_route_and_we_do_not_use_is_not_reachable_by_name():
    for name in ("account_signup", "account_email", "socialaccount_login"):
        with pytest.raises(NoReverseMatch):
            reverse(name)
