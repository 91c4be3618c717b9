"""A list asks the database the same number of questions for three rows and for thirty."""

from datetime import date, timedelta
from functools import partial
from uuid import uuid4

import pytest
from dateutil.relativedelta import relativedelta
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from django.views.generic import ListView

from families.models import (
    AvipContract,
    HouseholdMatch,
    Interview,
    MonthlyDeclaration,
    QuotaCheck,
    Referral,
    TakeUp,
)
from labels.workflow import express_wish, plan_meeting
from reporting.demo.build import Size
from tests import factories as f
from tests.access_table import ACCESS
from tests.access_words import SIGNED_IN
from tests.families import factories as ff
from tests.labels.factories import make_committee, make_draft
from tests.world import build_world

# One process builds the country, for the whole file.
pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("lists")]
FEW, MANY = 3, 30
# The network shows five kinds of rows, each with one question of its own, which no three rows may
# show together; everywhere else thirty rows ask exactly what three do.
OF_A_KIND = {"families:network_list": 6}
COUNTRY = Size(facilities=31, operated=31, childminders=4, contracts=40, months=2)


def _views(patterns, prefix=""):
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            space = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from _views(pattern.url_patterns, space)
        elif isinstance(pattern, URLPattern):
            yield f"{prefix}{pattern.name}", getattr(pattern.callback, "view_class", None)


# Every list of the table of access: a new one is tested without a line here.
LISTS = {
    name: view
    for name, view in _views(get_resolver().url_patterns)
    if name in ACCESS and view and issubclass(view, ListView)
}


def _more_cafs(world):
    for number in range(MANY):
        f.make_caf(f"9{number:02}", f"Caf numéro {number}")


def _more_committees(world):
    for number in range(MANY):
        held_on = date(2026, 1, 1) + timedelta(days=number)
        make_committee(world.caf, by=world.people["caf_officer"], held_on=held_on)


def _more_meetings(world):
    for number in range(MANY):
        starts = timezone.now() + timedelta(days=number)
        plan_meeting(
            world.caf,
            by=world.people["caf_officer"],
            title=f"Réunion {number}",
            starts_at=starts,
            ends_at=starts + timedelta(hours=2),
            place="Caf",
        )


def _more_applications(world):
    for number in range(MANY):
        facility = f.make_facility(f"Crèche {number}", caf=world.caf)
        make_draft(facility, attached=False)


def _more_childminders(world):
    coordinator = world.people["coordinator"]
    service = coordinator.memberships_today[0].service
    for number in range(MANY):
        childminder = f.make_childminder(f"Prénom{number} Nom", service=service)
        express_wish(childminder, by=coordinator, on=timezone.localdate())


def _more_checks(world):
    check = QuotaCheck.objects.filter(provider=world.first).order_by("month").first()
    declaration = MonthlyDeclaration.objects.get(pk=check.declaration_id)
    for number in range(1, MANY + 1):
        month = check.month - relativedelta(months=number)
        for row in (declaration, check):
            row.pk, row._state.adding, row.month = None, True, month
        declaration.pk = uuid4()
        declaration.save(force_insert=True)
        check.declaration = declaration
        check.save(force_insert=True)


def _families(world):
    """Thirty families of the first agency, each with a child."""
    agency = world.people["adviser"].memberships_today[0].agency
    return [ff.make_household(agency, caf=world.caf) for _ in range(MANY)]


def _copy(row, **fields):
    """The same row once more, but for these fields."""
    for name, value in {"pk": uuid4(), **fields}.items():
        setattr(row, name, value)
    row._state.adding = True
    row.save(force_insert=True)
    return row


def _more_waiting(world):
    referral = Referral.objects.filter(provider=world.first, status="waiting_list").first()
    for household in _families(world):
        _copy(referral, household=household, transferred_from=None)
        referral.children.set(household.children.all())


def _more_takeups(world):
    takeup = TakeUp.objects.filter(provider=world.first, status="proposed").first()
    for _ in range(MANY):
        _copy(takeup)


def _more_matches(world):
    first, *others = [*_families(world), ff.make_household(caf=world.caf)]
    for other in others:
        HouseholdMatch.objects.create(caf=world.caf, first=first, second=other)


def _more_interviews(world):
    adviser = world.people["adviser"]
    contract = AvipContract.objects.filter(adviser=adviser, status="active").first()
    for number in range(MANY):
        planned_at = timezone.now() + timedelta(days=number)
        Interview.objects.create(contract=contract, planned_at=planned_at, by=adviser)


# Where the country of the test has too few rows of its own.
MORE = {
    "labels:caf_list": _more_cafs,
    "reporting:caf_dashboard": _more_cafs,
    "families:quota_list": _more_checks,
    "families:waiting_list": _more_waiting,
    "families:takeup_list": _more_takeups,
    "families:match_list": _more_matches,
    "families:interview_list": _more_interviews,
    "families:network_list": _more_childminders,
    "labels:committee_list": _more_committees,
    "labels:meeting_list": _more_meetings,
    "labels:application_list": _more_applications,
}


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """Built once for the module, in a transaction that is rolled back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield build_world(COUNTRY)
        transaction.set_rollback(True)


def _open(view, monkeypatch, client, name, world, rows, page=1):
    """(queries, rows shown) of a page of so many rows."""
    monkeypatch.setattr(view, "paginate_by", rows)
    address = f"{reverse(name, args=ACCESS[name].args(world))}?page={page}"
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(address)
    shown = answer.context["object_list"] if answer.status_code == 200 else []
    return len(asked), len(shown)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_asks_as_much_for_three_rows_as_for_thirty(name, world, db, monkeypatch):
    if name in MORE:
        MORE[name](world)
    tried = {}
    for persona in ["anonymous", *SIGNED_IN]:
        if persona not in ACCESS[name].see:
            continue
        client = Client()
        if persona != "anonymous":
            client.force_login(world.people[persona])
        opened = partial(_open, LISTS[name], monkeypatch, client, name, world)
        opened(FEW)  # what is remembered once
        many, shown = opened(MANY)
        pages = range(1, shown // FEW + 1)
        few = max((opened(FEW, page)[0] for page in pages), default=many)
        assert few <= many <= few + OF_A_KIND.get(name, 0), persona
        tried[persona] = shown
    assert max(tried.values()) == MANY, tried
