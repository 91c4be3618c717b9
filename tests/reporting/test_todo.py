from datetime import timedelta
from itertools import product
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from families.models import HouseholdMatch
from labels.models import LabelApplication
from partners.models.people import Reach
from reporting.demo.build import TINY, build
from reporting.navigation import ENTRIES, REACHED_FROM
from reporting.todo import ROWS_PER_KIND, WAITS, counts, todo
from tests.factories import make_facility, make_user
from tests.families.factories import make_household


def lines(user):
    return [item for _, items in todo(user, timezone.now()) for item in items]


def draft(facility, **fields):
    return LabelApplication.objects.create(
        provider=facility, caf=facility.caf, attached_at=timezone.now(), **fields
    )


def test_an_empty_list_says_so(client, director):
    client.force_login(director)
    assert "Rien ne vous attend" in client.get("/").content.decode()


def test_a_director_finds_the_dossier_she_has_begun(director, facility, other_facility):
    draft(facility)
    draft(other_facility)

    (item,) = lines(director)
    assert item.action == "Reprendre"


def test_a_dossier_handed_over_waits_for_the_caf_and_no_longer_for_the_creche(
    caf_agent, director, facility, other_caf_agent
):
    draft(facility, status="submitted", submitted_at=timezone.now())

    assert [item.action for item in lines(caf_agent)] == ["Instruire"]
    assert lines(director) == []
    assert lines(other_caf_agent) == []


def reviewed(facility, by, status):
    application = draft(
        facility, status=status, submitted_at=timezone.now(), reviewer=by, proposal="grant"
    )
    application.history.create(
        step="start_review", source="submitted", target="under_review", at=timezone.now(), user=by
    )
    return application


def test_whoever_reviewed_is_not_asked_to_decide(caf_agent, caf_manager, facility):
    reviewed(facility, caf_agent, "ready")

    assert [item.action for item in lines(caf_agent)] == ["Inscrire à un comité"]
    assert [item.action for item in lines(caf_manager)] == ["Décider"]


def test_an_agent_alone_in_her_caf_records_the_decision_herself(caf_agent, facility):
    reviewed(facility, caf_agent, "ready")

    assert [item.action for item in lines(caf_agent)] == ["Décider"]


def test_a_review_whose_reviewer_has_left_is_offered_to_all(caf_agent, caf_manager, facility):
    reviewed(facility, caf_agent, "under_review")
    assert lines(caf_manager) == []

    del caf_manager.waiting
    caf_agent.memberships.update(ends_on="2020-12-31")
    assert [item.action for item in lines(caf_manager)] == ["Reprendre"]


def test_the_nearest_deadline_comes_first_whatever_it_is_about(db):
    world = build(TINY, timezone.localdate())
    director = world.directors[world.facilities[0].pk]
    for _, items in todo(director, timezone.now()):
        days = [
            timezone.localdate(i.deadline) if hasattr(i.deadline, "hour") else i.deadline
            for i in items
            if i.deadline
        ]
        assert days == sorted(days)


def test_the_navigation_counts_what_the_page_lists(db):
    world = build(TINY, timezone.localdate())
    now = timezone.now()
    for user in [
        world.officer,
        world.manager,
        world.coordinator,
        *world.advisers,
        *world.directors.values(),
    ]:
        listed = sum(len(items) for _, items in todo(user, now))
        assert sum(counts(user, now).values()) == listed, user


@pytest.mark.parametrize("extra", [1, 10])
def test_the_page_asks_the_same_number_of_queries_however_long_it_is(
    client, caf_agent, caf, extra, django_assert_max_num_queries
):
    for number in range(extra):
        draft(
            make_facility(f"Crèche {number}", caf=caf),
            status="submitted",
            submitted_at=timezone.now() - timedelta(days=number),
        )
    client.force_login(caf_agent)
    client.get("/")
    with django_assert_max_num_queries(12):
        client.get("/")


def test_every_wait_leads_to_an_entry_of_the_navigation():
    entries = {name for _, name, _ in ENTRIES}
    assert {REACHED_FROM.get(wait.nav, wait.nav) for wait in WAITS} <= entries


def test_a_caf_has_nine_entries_and_reaches_the_other_pages_from_them(client, caf_agent, caf):
    client.force_login(caf_agent)
    menu = [entry["url"] for entry in client.get("/").context["shell"]["nav"]]
    assert len(menu) <= 9
    for page, entry in {
        "families:match_list": "families:contract_list",
        "families:takeup_list": "families:contract_list",
        "families:clauses": "labels:rules",
        "labels:own_caf_page": "labels:rules",
    }.items():
        assert reverse(entry) in menu
        assert f'href="{reverse(page)}"' in client.get(reverse(entry)).content.decode()


def test_what_waits_on_a_page_without_an_entry_is_counted_where_it_is_reached(
    client, caf_agent, caf
):
    first, second = make_household(caf=caf), make_household(caf=caf)
    HouseholdMatch.objects.create(caf=caf, first=first, second=second)
    client.force_login(caf_agent)
    nav = {e["url"]: e["count"] for e in client.get("/").context["shell"]["nav"]}
    assert nav[reverse("families:contract_list")] == 1 == nav[reverse("reporting:todo")]


ORGANISATIONS = ["cafs", "managed_cafs", "providers", "operators", "agencies", "services"]
SIZES = list(product(range(3), repeat=len(ORGANISATIONS)))


@pytest.mark.parametrize("sizes", SIZES[:: len(SIZES) // 12])
def test_everybody_is_counted_whatever_they_belong_to(db, sizes):
    user = make_user()
    user.reach = Reach(
        **{
            name: frozenset(uuid4() for _ in range(size))
            for name, size in zip(ORGANISATIONS, sizes, strict=True)
        },
        national=False,
    )
    assert sum(counts(user, timezone.now()).values()) == 0


def test_each_is_counted_what_is_theirs(director, other_director, facility):
    draft(facility)
    assert sum(counts(director, timezone.now()).values()) == 1
    assert sum(counts(other_director, timezone.now()).values()) == 0


def test_a_long_wait_is_cut_short_and_says_how_many_follow(caf_agent, caf):
    for number in range(ROWS_PER_KIND + 2):
        draft(
            make_facility(f"Crèche {number}", caf=caf),
            status="submitted",
            submitted_at=timezone.now() - timedelta(days=number),
        )
    *shown, more = lines(caf_agent)
    assert len(shown) == ROWS_PER_KIND
    assert (more.title, more.action) == ("Et 2\u00a0autres", "Tout voir")
    assert sum(counts(caf_agent, timezone.now()).values()) == ROWS_PER_KIND + 2


def test_two_people_of_the_same_trade_each_count_their_own(facility, other_facility):
    one = make_user("Une", "Directrice", member_of=facility)
    other = make_user("Autre", "Directrice", member_of=other_facility)
    draft(facility)
    assert sum(counts(one, timezone.now()).values()) == 1
    assert sum(counts(other, timezone.now()).values()) == 0
