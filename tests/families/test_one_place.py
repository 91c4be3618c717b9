"""The one place of a childminder: its particular days and paper contracts count as the rest."""

from datetime import date, time, timedelta

import pytest

from avip.workflow import StepRefused
from families.models import AvipContract
from families.workflow import contracts
from families.workflow.adjustments import adjust
from families.workflow.revisions import revise
from families.workflow.takeovers import Paper, take_over
from tests.families import factories as ff

pytestmark = pytest.mark.django_db

TUESDAY_10_FEBRUARY = date(2026, 2, 10)
THURSDAYS = [(3, time(9), time(13))]
WEDNESDAYS = [(2, time(9), time(13))]


@pytest.fixture
def claire(service, coordinator):
    return ff.make_network_member(service=service)


def said(refusal):
    return " ".join(refusal.value.reasons).replace("\xa0", " ")


def terms(contract, slots, **fields):
    """What a revision of this contract asks for."""
    by = contract.adviser or ff.coordinator_of(contract.provider)
    return {"by": by, "on": ff.ON, "at": ff.AT, "slots": slots, "envelope_minutes": 1440} | fields


def running(provider, week):
    referral = ff.make_referral("confirmed", provider=provider, slots=week)
    return ff.make_contract("active", referral=referral)


def on_paper(provider, week):
    household = ff.make_household(parent="Awa Ba")
    household.adviser = ff.make_adviser(household.agency)
    household.save()
    return take_over(
        household,
        provider=provider,
        children=household.children.all(),
        paper=Paper(date(2026, 1, 5), date(2026, 4, 4), week, 1, b"%PDF-1.4"),
        by=ff.coordinator_of(provider),
        on=ff.ON,
        at=ff.AT,
    )


def test_a_particular_day_is_refused_where_another_family_has_its_weekday(claire):
    running(claire, [(1, time(9), time(12))])
    taken = [(TUESDAY_10_FEBRUARY, time(9), time(12))]
    free = [(TUESDAY_10_FEBRUARY, time(14), time(16))]
    referral = ff.make_referral("confirmed", provider=claire, slots=THURSDAYS)
    asked = {
        "by": referral.adviser,
        "on": ff.ON,
        "at": ff.AT,
        "start_on": referral.from_on,
        "slots": THURSDAYS,
        "envelope_minutes": 1440,
    }
    with pytest.raises(StepRefused) as refusal:
        contracts.propose(referral, exceptions=taken, **asked)
    assert "Le mardi 10 février 2026, Claire accueille déjà" in said(refusal)
    contract = contracts.propose(referral, exceptions=free, **asked).contract
    for _ in ("waits for signatures", "runs"):
        with pytest.raises(StepRefused, match="mardi"):
            revise(contract, exceptions=taken, **terms(contract, THURSDAYS))
        ff.sign_all(contract.versions.get())
        contract = AvipContract.objects.get(pk=contract.pk)
    after = contract.end_on + timedelta(days=1)
    later = after + timedelta(days=(1 - after.weekday()) % 7)
    with pytest.raises(StepRefused, match="mardi"):
        contracts.renew(
            contract,
            by=contract.adviser,
            on=contract.end_on,
            exceptions=[(later, time(9), time(12))],
        )


def test_a_weekday_is_refused_where_another_family_has_signed_a_particular_day(claire):
    contract = running(claire, THURSDAYS)
    wednesday = [(date(2026, 2, 11), time(9), time(12))]
    revise(contract, exceptions=wednesday, **terms(contract, THURSDAYS))
    referral = ff.make_referral("to_validate", provider=claire, slots=WEDNESDAYS)
    with pytest.raises(StepRefused) as refusal:
        ff.validate(referral)
    assert "mercredi" in said(refusal)


def test_new_hours_of_a_paper_contract_are_refused_where_another_family_has_the_place(claire):
    contract = on_paper(claire, [(3, time(9), time(12))])
    running(claire, [(1, time(9), time(12))])
    running(claire, [(3, time(14), time(16))])
    with pytest.raises(StepRefused) as refusal:
        revise(contract, **terms(contract, [(1, time(9), time(12))]))
    assert "Claire accueille déjà un enfant" in said(refusal) and "mardi matin" in said(refusal)
    afternoon = [(3, time(14), time(16))]
    by = ff.coordinator_of(claire)
    with pytest.raises(StepRefused, match="jeudi après-midi"):
        adjust(contract, afternoon, ff.FROM_ON, None, by=by, on=ff.ON, at=ff.AT)


def test_a_paper_contract_keeps_the_place_for_hours_that_wait_for_signatures(claire):
    contract = on_paper(claire, [(3, time(9), time(12))])
    revise(contract, **terms(contract, [(2, time(9), time(12))]))
    referral = ff.make_referral("to_validate", provider=claire, slots=WEDNESDAYS)
    with pytest.raises(StepRefused, match="mercredi"):
        ff.validate(referral)


def test_a_paper_contract_keeps_the_place_for_hours_adjusted(claire):
    contract = on_paper(claire, [(3, time(9), time(12))])
    by, afternoon = ff.coordinator_of(claire), [(3, time(14), time(16))]
    adjust(contract, afternoon, date(2026, 2, 9), None, by=by, on=ff.ON, at=ff.AT)
    referral = ff.make_referral("to_validate", provider=claire, slots=[(3, time(14), time(17))])
    with pytest.raises(StepRefused, match="jeudi après-midi"):
        ff.validate(referral)
