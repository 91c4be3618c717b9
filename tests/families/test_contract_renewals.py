"""A contract that follows another: the day after, as often as stored, never past school."""

from datetime import date, time, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from avip.workflow import StepRefused
from families.models import AvipContract, Placement
from families.nightly import begin_placements
from families.workflow import contracts, endings, outcomes
from tests.families import factories as f

pytestmark = pytest.mark.django_db

APRIL = date(2026, 4, 13)


def renew(contract, **fields):
    return contracts.renew(contract, **{"by": contract.adviser, "on": APRIL} | fields)


def refused(call, *args, **kwargs):
    with pytest.raises(StepRefused) as refusal:
        call(*args, **kwargs)
    return " ".join(refusal.value.reasons)


def test_a_renewal_starts_the_day_after_with_the_same_children_hours_and_parents():
    contract = f.make_contract("active")
    version = renew(contract)
    following = version.contract
    assert (following.number, following.previous) == (2, contract)
    assert following.start_on == contract.end_on + timedelta(days=1)
    assert following.end_on == date(2026, 8, 1)
    assert list(following.children.all()) == list(contract.children.all())
    assert [(s.weekday, s.starts, s.ends) for s in version.slots.all()] == f.NEED
    assert version.signatories.get(role="parent").parent == contract.household.parents.get()


def test_hours_may_change_and_nothing_else():
    version = renew(f.make_contract("active"), slots=[(3, time(9), time(17))], envelope_minutes=600)
    assert [s.weekday for s in version.slots.all()] == [3]
    assert version.envelope_minutes == 600


def test_ends_of_months_do_not_drift_along_the_chain():
    referral = f.make_referral("confirmed", on=date(2025, 11, 10), from_on=date(2025, 12, 1))
    contract = f.make_contract(
        "active", referral=referral, start_on=date(2025, 11, 30), on=date(2025, 11, 20)
    )
    following = renew(contract, on=date(2026, 2, 2)).contract
    # 30 November + 6 months, not 28 February + 3 months.
    assert (following.start_on, following.end_on) == (date(2026, 2, 28), date(2026, 5, 29))


def test_both_contracts_run_one_after_the_other():
    contract = f.make_contract("active")
    f.sign_all(renew(contract), on=APRIL)
    assert Placement.objects.count() == 2
    contracts.end(contract, on=contract.end_on + timedelta(days=1))
    assert contract.referral.holds.filter(released_at=None).exists()


def test_no_renewal_beyond_the_number_stored():
    contract = f.make_contract("active")
    following = renew(contract).contract
    f.sign_all(following.versions.get(), on=APRIL)
    following.refresh_from_db()
    sentence = refused(renew, following, on=date(2026, 7, 6))
    assert "autant que la règle le permet (1\xa0fois)" in sentence
    with (
        pytest.raises(IntegrityError, match="contract_renewals_within_allowed"),
        transaction.atomic(),
    ):
        AvipContract.objects.filter(pk=following.pk).update(number=3)


def test_one_renewal_at_a_time_and_another_after_it_was_given_up():
    contract = f.make_contract("active")
    following = renew(contract).contract
    assert "existe déjà" in refused(renew, contract)
    contracts.cancel(following, by=contract.adviser, on=APRIL)
    assert AvipContract.objects.not_renewed().filter(pk=contract.pk).exists()
    again = renew(contract).contract
    assert again.number == 2
    with pytest.raises(IntegrityError, match="contract_one_live_renewal"), transaction.atomic():
        AvipContract.objects.filter(pk=following.pk).update(status="to_sign")


def test_a_renewal_given_up_after_the_contract_ended_gives_the_place_back():
    contract = f.make_contract("active")
    following = renew(contract).contract
    contracts.end(contract, on=contract.end_on + timedelta(days=1))
    held = contract.referral.holds.filter(released_at=None)
    assert held.exists()
    contracts.cancel(following, by=contract.adviser, on=contract.end_on + timedelta(days=2))
    assert not held.exists()


def test_a_renewal_given_up_while_the_contract_runs_keeps_the_place():
    contract = f.make_contract("active")
    contracts.cancel(renew(contract).contract, by=contract.adviser, on=APRIL)
    assert contract.referral.holds.filter(released_at=None).exists()


def test_a_contract_just_over_may_still_be_renewed_then_no_more():
    contract = f.make_contract("ended")
    days = timedelta(days=15)
    assert "jusqu’au" in refused(renew, contract, on=contract.end_on + days + timedelta(days=1))
    following = renew(contract, on=contract.end_on + days).contract
    assert following.start_on == contract.end_on + timedelta(days=1)
    assert contract.referral.holds.filter(released_at=None).exists()


@pytest.mark.parametrize("status", ["to_sign", "terminated", "cancelled", "lapsed"])
def test_only_a_contract_that_ran_is_renewed(status):
    assert "ne se renouvelle pas" in refused(renew, f.make_contract(status))


def test_the_renewal_stops_at_school_even_past_three_years():
    household = f.make_household(births=[date(2023, 4, 20)])
    contract = f.make_contract("active", household=household)
    following = renew(contract).contract
    # 36 months are past on 2 May: a renewal is no new entry, only the school stops it.
    assert following.end_on == date(2026, 8, 1)
    older = f.make_contract(
        "active",
        household=f.make_household(births=[date(2023, 6, 20)]),
        on=date(2026, 5, 4),
        at=f.AT + timedelta(days=112),
        from_on=date(2026, 6, 1),
    )
    assert older.end_on == date(2026, 8, 31)
    assert "entre à l’école" in refused(renew, older, on=date(2026, 8, 3))


def test_a_stopped_contract_takes_its_renewal_along():
    contract = f.make_contract("active")
    following = renew(contract).contract
    contracts.terminate(contract, by=contract.adviser, on=APRIL, reason="déménagement")
    following.refresh_from_db()
    assert following.status == "cancelled"


def test_a_stale_page_and_a_foreigner_are_refused(other_adviser):
    contract = f.make_contract("active")
    assert "modifié entre-temps" in refused(renew, contract, seen=contract.revision - 1)
    with pytest.raises(PermissionDenied):
        renew(contract, by=other_adviser)


def test_a_contract_that_stops_takes_along_the_renewal_that_all_had_signed():
    contract = f.make_contract("active")
    following = renew(contract).contract
    f.sign_all(following.version, on=APRIL)
    contracts.terminate(contract, by=contract.adviser, on=APRIL, reason="déménagement")
    following.refresh_from_db()
    assert (following.status, following.ended_on) == ("terminated", APRIL)
    assert not following.placements.exists()
    assert not contract.referral.holds.filter(released_at=None).exists()
    # The family’s exit is that of the contract that was lived.
    outcomes.record(contract, by=contract.adviser, on=APRIL, outcome="moved")
    assert contract in outcomes.lived(AvipContract.objects.all())


def test_a_renewal_after_a_kept_place_keeps_the_place_held():
    contract = f.make_contract("active")
    placement = contract.placements.get()
    endings.say_job(contract, by=contract.adviser, on=f.FROM_ON)
    endings.confirm_job(contract, by=contract.adviser, on=f.FROM_ON, kind="job")
    begin_placements(f.FROM_ON)
    until = endings.kept_until(placement, f.FROM_ON)
    director = f.director_of(contract.provider)
    contracts.keep_place(placement, by=director, on=f.FROM_ON, until=until)
    following = renew(contract).contract
    f.sign_all(following.version, on=APRIL)
    held = contract.referral.holds.standing(following.start_on, following.end_on)
    assert {hold.key for hold in held} == {"0-am", "1-am", "1-pm"}
