"""How a childminder enters the network: her licence is checked, by her coordinator."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from avip.workflow import StepRefused
from labels import workflow
from labels.models import NetworkMember
from labels.workflow import NETWORK
from tests import factories as f
from tests.labels.factories import ON

N = NetworkMember.Status
LICENCE = {"licence_from": date(2024, 1, 1), "licence_until": date(2028, 12, 31)}


@pytest.fixture
def licensed(service):
    return f.make_childminder(service=service, **LICENCE)


def test_a_childminder_enters_the_network_step_by_step(licensed, coordinator):
    day = {"by": coordinator, "on": ON}
    member = workflow.express_wish(licensed, **day)
    workflow.check_licence(member, **day)
    workflow.join_network(member, **day)
    assert (member.status, member.joined_on) == (N.MEMBER, ON)
    workflow.leave_network(member, reasons="Déménage.", **day)
    assert (member.status, member.left_on) == (N.LEFT, ON)
    steps = list(member.history.values_list("step", "user"))
    assert steps == [(s, coordinator.pk) for s in ("wish", "check_licence", "join", "leave")]


@pytest.mark.parametrize(
    ("on", "is_licensed"),
    [
        (date(2025, 12, 31), False),
        (date(2026, 1, 1), True),
        (date(2028, 12, 31), True),
        (date(2029, 1, 1), False),
    ],
)
def test_her_licence_covers_the_day(service, coordinator, on, is_licensed):
    childminder = f.make_childminder(
        service=service, licence_from=date(2026, 1, 1), licence_until=date(2028, 12, 31)
    )
    member = workflow.express_wish(childminder, by=coordinator, on=ON)
    reasons = NETWORK.blocked(member, coordinator, on).get("check_licence", [])
    assert (not reasons) == is_licensed


def test_the_network_has_no_rule_before_it_exists(licensed, coordinator):
    member = workflow.express_wish(licensed, by=coordinator, on=ON)
    with pytest.raises(StepRefused, match="n’a pas de valeur"):
        workflow.check_licence(member, by=coordinator, on=date(2024, 12, 31))


def test_a_licence_checked_then_lapsed_lets_nobody_in(service, coordinator):
    childminder = f.make_childminder(
        service=service, licence_from=date(2024, 1, 1), licence_until=ON
    )
    member = workflow.express_wish(childminder, by=coordinator, on=ON)
    workflow.check_licence(member, by=coordinator, on=ON)
    with pytest.raises(StepRefused, match="agrément"):
        workflow.join_network(member, by=coordinator, on=date(2026, 3, 3))


def test_another_coordinator_has_no_say(licensed, coordinator, caf):
    other = f.make_user("Ève", "Autre", member_of=f.make_service("RPE 19e", caf=caf))
    with pytest.raises(StepRefused):
        workflow.express_wish(licensed, by=other, on=ON)
    member = workflow.express_wish(licensed, by=coordinator, on=ON)
    with pytest.raises(PermissionDenied):
        workflow.check_licence(member, by=other, on=ON)


def test_she_is_in_the_network_once(licensed, coordinator):
    workflow.express_wish(licensed, by=coordinator, on=ON)
    with pytest.raises(StepRefused, match="déjà dans le réseau"):
        workflow.express_wish(licensed, by=coordinator, on=ON)
    with pytest.raises(IntegrityError), transaction.atomic():
        NetworkMember.objects.create(provider=licensed, caf=licensed.caf)


def test_she_may_leave_by_herself_and_wish_again(licensed, coordinator):
    herself = f.make_user("Claire", "Morel", member_of=licensed)
    member = workflow.express_wish(licensed, by=herself, on=ON)
    workflow.leave_network(member, by=herself, on=ON)
    assert workflow.express_wish(licensed, by=coordinator, on=ON).status == N.WISH
