"""The public directory: who is in it, how it is searched, what it never says."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from labels.models import Label, NetworkMember
from tests import factories as f

URL = "/annuaire/"


def make_label(provider, **fields):
    today = timezone.localdate()
    dates = {
        "granted_on": today - timedelta(days=30),
        "starts_on": today - timedelta(days=30),
        "ends_on": today + timedelta(days=300),
    }
    return Label.objects.create(provider=provider, caf=provider.caf, **dates | fields)


def names(client, **asked):
    return [creche.name for creche in client.get(URL, asked).context["creches"]]


@pytest.fixture
def labelled(facility):
    make_label(facility)
    return facility


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("active", True),
        ("suspended", False),
        ("withdrawn", False),
        ("relinquished", False),
        ("expired", False),
    ],
)
def test_anybody_reads_the_creches_whose_label_runs(client, facility, status, shown):
    make_label(facility, status=status)
    page = client.get(URL).content.decode()
    assert (facility.name in page) == shown
    if not shown:
        assert "Aucune crèche labellisée pour l’instant" in page


@pytest.mark.parametrize(("starts", "ends"), [(1, 300), (-300, -1)])
def test_a_label_to_come_or_over_is_not_there(client, facility, starts, ends):
    today = timezone.localdate()
    make_label(
        facility, starts_on=today + timedelta(days=starts), ends_on=today + timedelta(days=ends)
    )
    assert names(client) == []


def test_a_creche_that_renewed_is_there_once(client, labelled):
    held = Label.objects.get()
    make_label(
        labelled,
        starts_on=held.ends_on + timedelta(days=1),
        ends_on=held.ends_on + timedelta(days=900),
    )
    assert names(client) == [labelled.name]


def test_a_childminder_is_public_nowhere(client, labelled, childminder):
    NetworkMember.objects.create(
        provider=childminder, caf=childminder.caf, status="member", joined_on="2026-01-01"
    )
    page = client.get(URL).content.decode()
    assert "Morel" not in page and "rue des Lilas" not in page
    assert names(client) == [labelled.name]


def test_it_is_narrowed_by_caf_commune_and_type(client, labelled, other_facility):
    make_label(other_facility)
    assert len(names(client)) == 2
    assert names(client, caf=str(labelled.caf_id)) == [labelled.name]
    assert names(client, place="Montreuil") == [other_facility.name]
    assert names(client, place="75020") == [labelled.name]
    assert names(client, type="family") == []
    chosen = client.get(URL, {"place": "Montreuil", "type": "family"}).context["chosen"]
    assert [one["url"] for one in chosen] == [
        "?type=family",
        "?place=Montreuil&commune=93048",
    ]


def test_around_a_commune_the_nearest_comes_first(client, labelled, other_facility):
    make_label(other_facility)
    assert names(client, place="Montreuil", around=5) == [other_facility.name, labelled.name]
    assert names(client, place="Montreuil", around=2) == [other_facility.name]
    page = client.get(URL, {"place": "Montreuil", "around": 5}).content.decode()
    assert "0,0\xa0km" in page and "la plus proche en haut" in page


def test_a_whole_city_holds_its_arrondissements(client, labelled):
    f.make_commune("75056", "Paris", kind="commune", postal_codes="75001|75020")
    labelled.commune.parent_code = "75056"
    labelled.commune.save()
    assert names(client, place="Paris", commune="75056") == [labelled.name]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"place": "Nulle-Part-les-Bains"}, "place"),
        ({"around": "5"}, "place"),
        ({"around": "beaucoup"}, "around"),
        ({"caf": "pas-un-identifiant"}, "caf"),
        ({"type": "chateau"}, "type"),
    ],
)
def test_a_filter_that_means_nothing_is_said_and_never_breaks(client, labelled, asked, field):
    response = client.get(URL, asked)
    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert "Précisez" in response.content.decode()


def test_what_a_creche_typed_is_text_on_the_page_and_in_the_map(client, labelled):
    labelled.name = "</script><script>alert(1)</script>"
    labelled.save()
    page = client.get(URL).content.decode()
    assert "<script>alert" not in page
    assert "\\u003C/script" in page


def test_the_map_holds_the_places_of_the_whole_list(client, labelled):
    for number in range(25):
        make_label(f.make_facility(f"Crèche {number}", caf=labelled.caf))
    response = client.get(URL)
    assert len(response.context["creches"]) == 20
    assert len(response.context["places"]) == 26
    assert "address" not in response.context["places"][0]


def test_the_ground_of_the_map_is_the_only_other_place_the_page_may_read(client, labelled):
    policy = client.get(URL)["Content-Security-Policy"]
    assert "unsafe" not in policy and "script-src 'self'" in policy


def test_as_many_queries_for_thirty_creches_as_for_three(client, caf):
    def asked(count):
        for number in range(count):
            make_label(f.make_facility(f"Crèche {number}", caf=caf, operator=f.make_operator()))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(reverse("reporting:directory"))
        return len(queries)

    assert asked(3) == asked(27)
