"""A place kept until school stays taken, is given back when left, and makes way for a new chain."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied

from avip import outbox
from avip.models import Outbox
from avip.workflow import StepRefused
from families import nightly
from families.follow_up_jobs import end_care
from families.models import AvipContract, Hold, Placement
from families.workflow import contracts, endings, outcomes
from families.workflow.no_shows import no_show
from partners.models import Facility
from tests import factories as people
from tests.families import factories as f
from tests.families.pages import signed_in, text_of, url

pytestmark = pytest.mark.django_db
MARCH = date(2026, 3, 2)
UNTIL = date(2028, 8, 31)


@pytest.fixture
def contract():
    contract = f.make_contract("active")
    nightly.begin_placements(f.FROM_ON)
    return contract


def kept(contract, on=MARCH):
    placement = contract.placements.get()
    director = f.director_of(contract.provider)
    contracts.keep_place(placement, by=director, on=on, until=UNTIL)
    placement.refresh_from_db()
    return placement


def held_until():
    return set(Hold.objects.filter(released_at=None).values_list("until", flat=True))


def ended(contract, outcome="cdi"):
    day = contract.end_on + timedelta(days=1)
    contracts.end(contract, on=day)
    if outcome:
        outcomes.record(contract, by=contract.adviser, on=day, outcome=outcome)
    return day


def test_the_places_stay_taken_until_school(contract):
    kept(contract)
    ended(contract)
    assert held_until() == {UNTIL}
    assert Placement.objects.get().status == "kept"


def test_a_place_kept_after_the_end_is_taken_again(contract):
    day = ended(contract)
    assert not Hold.objects.filter(released_at=None).exists()
    kept(contract, on=day)
    assert held_until() == {UNTIL}
    assert min(Hold.objects.filter(released_at=None).values_list("from_on", flat=True)) == day


def test_a_place_promised_to_another_family_is_not_kept(contract):
    day = ended(contract)
    Facility.objects.filter(provider=contract.provider).update(licensed_capacity=1)
    f.make_referral(
        "accepted",
        provider=contract.provider,
        household=f.make_household(people.make_agency("Ailleurs"), phone="0600000002"),
        from_on=date(2026, 5, 4),
        on=day,
    )
    with pytest.raises(StepRefused, match="promise à une autre famille"):
        kept(AvipContract.objects.get(pk=contract.pk), on=day)
    assert Placement.objects.get(contract=contract).status == "ended"


def test_who_gives_care_keeps_the_place_and_nobody_else(contract):
    placement = contract.placements.get()
    with pytest.raises(PermissionDenied):
        contracts.keep_place(placement, by=contract.adviser, on=MARCH, until=UNTIL)


def test_the_page_keeps_a_place_after_a_job_or_a_training_only(contract):
    client = signed_in(f.director_of(contract.provider))
    page = url("place_keep", contract)
    ended(contract, outcome="none")
    assert "Aucune place à garder" in text_of(client.get(page))
    placement = contract.placements.get()
    client.post(page, {"keep": placement.pk})
    placement.refresh_from_db()
    assert placement.status == "ended"
    AvipContract.objects.update(outcome="training")
    assert "31 août 2028" in text_of(client.get(page)).replace("\xa0", " ")
    client.post(page, {"keep": placement.pk})
    placement.refresh_from_db()
    assert (placement.status, placement.end_on) == ("kept", UNTIL)


def test_the_family_and_its_adviser_are_told(contract):
    Outbox.objects.all().delete()
    kept(contract)
    kinds = sorted(Outbox.objects.values_list("kind", flat=True))
    assert kinds == ["families.parent_place_kept", "families.place_kept"]
    outbox.deliver_due()
    assert not Outbox.objects.filter(done_at=None).exists()


def test_a_family_that_leaves_gives_the_place_back(contract):
    placement = kept(contract)
    day = ended(contract)
    page = url("place_keep", contract)
    director = f.director_of(contract.provider)
    assert "quitte la place" in text_of(signed_in(director).get(page))
    endings.leave_place(placement, by=director, on=day)
    assert held_until() == {day}
    assert Placement.objects.get().status == "ended"


def test_a_kept_place_ends_with_school(contract):
    kept(contract)
    ended(contract)
    end_care(UNTIL)
    assert Placement.objects.get().status == "kept"
    end_care(UNTIL + timedelta(days=1))
    assert Placement.objects.get().status == "ended"


def test_a_job_lost_opens_a_new_chain_in_the_kept_place(contract):
    placement = kept(contract)
    ended(contract)
    # Full but for that child: the place is hers already.
    Facility.objects.filter(provider=contract.provider).update(licensed_capacity=1)
    start_on, on = date(2026, 9, 7), date(2026, 8, 17)
    again = f.make_contract(
        "active",
        provider=contract.provider,
        household=contract.household,
        from_on=start_on,
        on=on,
    )
    placement.refresh_from_db()
    assert (again.number, again.previous) == (1, None)
    assert (placement.status, placement.end_on) == ("ended", start_on - timedelta(days=1))
    assert again.placements.get().start_on == start_on
    assert not Hold.objects.standing(start_on, UNTIL).exclude(referral=again.referral).exists()


def test_after_a_notice_care_and_its_place_last_until_the_last_day(contract):
    last_day = date(2026, 3, 16)
    contracts.terminate(
        contract,
        by=contract.adviser,
        on=MARCH,
        stop_reason="moved",
        stopped_by="family",
        last_day=last_day,
    )
    placement = Placement.objects.get()
    assert (contract.status, contract.ended_on) == ("terminated", last_day)
    assert (contract.stop_reason, contract.stopped_by) == ("moved", "family")
    assert (placement.status, placement.end_on) == ("running", last_day)
    assert held_until() == {last_day}
    end_care(last_day + timedelta(days=1))
    assert Placement.objects.get().status == "ended"


def test_a_place_is_not_left_while_its_contract_runs(contract):
    """The contract would go on without care: it is the contract that is stopped."""
    placement = kept(contract)
    with pytest.raises(StepRefused, match="arrêtez plutôt le contrat"):
        endings.leave_place(placement, by=contract.adviser, on=MARCH)
    assert held_until() == {UNTIL}


def test_no_place_is_kept_for_a_family_that_never_came(contract):
    day = f.FROM_ON + timedelta(days=2)
    endings.say_job(contract, by=contract.adviser, on=day)
    endings.confirm_job(contract, by=contract.adviser, on=day, kind=endings.JOB)
    placement = kept(contract, on=day)
    no_show(contract.referral, by=f.director_of(contract.provider), on=day)
    placement.refresh_from_db()
    assert placement.status == "ended" and not held_until()
    with pytest.raises(StepRefused, match="jamais venue"):
        kept(contract, on=day)
