"""Hours change inside what all signed: dated, told, planned from their day; never beyond."""

from datetime import date, time, timedelta

import pytest
from django.core.exceptions import PermissionDenied

from avip.models import Outbox
from avip.workflow import StepRefused
from families.models import Adjustment, Hold
from families.planning import planned_days
from families.schedules import schedule_of
from families.workflow.adjustments import BeyondEnvelope, adjust, cancel_adjustment
from partners.calendars import Calendar
from tests import factories as base
from tests.families import factories as f

pytestmark = pytest.mark.django_db

ON = date(2026, 2, 4)
NOW = f.AT + timedelta(days=23)
LATER = date(2026, 2, 16)
SHORTER = [(0, time(9), time(12)), (1, time(9), time(16))]


@pytest.fixture
def contract():
    return f.make_contract("active")


def change(contract, slots=SHORTER, *, from_on=LATER, until=None, by=None, on=ON):
    return adjust(contract, slots, from_on, until, by=by or contract.adviser, on=on, at=NOW)


def test_planning_uses_it_from_its_day_and_until_its_end(contract):
    change(contract, until=date(2026, 2, 22))
    found = planned_days(schedule_of([contract]), Calendar(), date(2026, 2, 9), date(2026, 3, 1))
    assert list(found.values()) == [210, 510, 180, 420, 210, 510]


def test_the_three_parties_are_told_but_who_decided(contract):
    Outbox.objects.all().delete()
    change(contract)
    kinds = sorted(Outbox.objects.values_list("kind", flat=True))
    assert kinds == ["families.contract_adjusted", "families.parent_hours_changed"]
    assert Outbox.objects.get(kind=kinds[0]).recipient_id == str(
        f.director_of(contract.provider).pk
    )


def test_more_hours_than_signed_need_a_new_version(contract):
    full = [(day, time(8, 30), time(18, 30)) for day in (0, 1)]
    contract.versions.update(envelope_minutes=12 * 60)
    with pytest.raises(BeyondEnvelope) as refusal:
        change(contract, full)
    assert "ferait 20\xa0h" in refusal.value.reasons[0]
    assert "nouvelle version" in refusal.value.reasons[-1]
    assert not Adjustment.objects.exists()


def test_another_day_of_the_week_needs_a_new_version(contract):
    with pytest.raises(BeyondEnvelope) as refusal:
        change(contract, [(3, time(9), time(12))])
    assert "le jeudi" in refusal.value.reasons[0]


@pytest.mark.parametrize("from_on", [ON - timedelta(days=1), date(2027, 1, 1)])
def test_it_begins_today_or_later_inside_the_contract(contract, from_on):
    with pytest.raises(StepRefused):
        change(contract, from_on=from_on)


def test_closed_doors_are_said(contract):
    with pytest.raises(StepRefused) as refusal:
        change(contract, [(0, time(5), time(6))])
    assert "dépasse l’ouverture" in refusal.value.reasons[0]


def test_an_adjustment_of_closed_days_alone_is_refused(contract):
    monday = date(2026, 4, 6)  # Easter
    with pytest.raises(StepRefused) as refusal:
        change(contract, [(0, time(9), time(11))], from_on=monday, until=monday)
    assert "jours fermés" in refusal.value.reasons[0]


def test_a_childminder_keeps_her_monthly_cap():
    provider = f.make_network_member()
    week = [f.SIX_HOURS_TWICE[0], (3, time(9), time(12))]
    contract = f.make_contract(
        "active", referral=f.make_referral("confirmed", provider=provider, slots=week)
    )
    with pytest.raises(StepRefused) as refusal:
        change(contract, f.SIX_HOURS_TWICE, by=f.coordinator_of(provider))
    said = " ".join(refusal.value.reasons)
    assert "Mars\xa02026" in said and "le plafond est de 50\xa0h" in said
    assert "54\xa0h" in said
    change(contract, [(1, time(9), time(16))], by=f.coordinator_of(provider))


def test_another_half_day_is_held_and_given_back():
    provider = f.make_labelled(base.make_facility())
    f.make_offer(provider, places=1)
    contract = f.make_contract("active", provider=provider)
    keys = lambda: {h.key for h in Hold.objects.filter(released_at=None, until__gte=LATER)}  # noqa: E731
    before = keys()
    adjustment = change(contract, [(0, time(13), time(17)), (1, time(9), time(16))])
    assert keys() == before | {"0-pm"}
    cancel_adjustment(adjustment, by=contract.adviser, on=ON, at=NOW)
    assert keys() == before


def test_a_half_day_taken_by_another_family_is_refused():
    provider = f.make_labelled(base.make_facility())
    f.make_offer(provider, places=1)
    contract = f.make_contract("active", provider=provider)
    afternoon = [(0, time(13), time(17))]
    f.make_referral("confirmed", provider=provider, slots=afternoon)
    with pytest.raises(StepRefused):
        change(contract, [(0, time(13), time(17)), (1, time(9), time(16))])


def test_cancelled_the_signed_hours_come_back_and_lived_days_stay(contract):
    adjustment = change(contract, from_on=ON)
    cancel_adjustment(adjustment, by=f.director_of(contract.provider), on=LATER, at=NOW)
    found = planned_days(schedule_of([contract]), Calendar(), date(2026, 2, 9), date(2026, 2, 17))
    assert list(found.values()) == [180, 420, 210, 510]
    with pytest.raises(StepRefused):
        cancel_adjustment(adjustment, by=contract.adviser, on=LATER, at=NOW)


def test_strangers_and_the_caf_adjust_nothing(contract):
    for by in (f.make_contract("active").adviser, base.make_user(member_of=contract.caf)):
        with pytest.raises(PermissionDenied):
            change(contract, by=by)


def test_nothing_is_adjusted_before_all_have_signed():
    with pytest.raises(StepRefused):
        change(f.make_contract("to_sign"))
