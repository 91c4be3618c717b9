"""No contract with a childminder without her coordinator's word, whatever the path."""

import ast
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from avip.workflow import StepRefused
from families.models import AvipContract, Referral
from families.workflow import contracts, referrals, takeovers, takeups
from families.workflow.sending import write
from partners.models import Membership
from tests import factories as f
from tests.families import factories as ff

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
APPS = ("avip", "partners", "labels", "families", "reporting")
SLOTS = ff.FOUR_HOURS_ONCE


@pytest.fixture
def claire():
    return ff.make_network_member()


@pytest.fixture
def unvalidated(claire):
    """A request confirmed by its family that no coordinator has validated: by no known path."""
    household = ff.make_household()
    adviser = ff.make_adviser(household.agency)
    referral = Referral(
        household=household,
        provider=claire,
        agency=household.agency,
        adviser=adviser,
        caf=claire.caf,
        from_on=ff.FROM_ON,
        answer_due_at=ff.AT,
        confirmed_at=ff.AT,
    )
    need = household.children.all(), SLOTS, []
    return write(
        referral, Referral.Status.CONFIRMED, need, origin="send", by=adviser, sent_at=ff.AT
    )


def words(refusal):
    return " ".join(refusal.value.reasons)


def makers(name):
    """{"path:function"} of the code of the project that makes a row of this model."""
    found = set()
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                found |= {f"{path.relative_to(ROOT)}:{one}" for one in _in_file(path, name)}
    return found


def _in_file(path, name):
    tree = ast.parse(path.read_text())
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
            if any(_makes(call, name) for call in calls):
                yield function.name


def _makes(call, name):
    if isinstance(call, ast.Name):
        return call.id == name
    if not isinstance(call, ast.Attribute):
        return False
    text = ast.unparse(call)
    creates = call.attr in {"create", "bulk_create", "get_or_create", "update_or_create"}
    related = {"contracts", "renewals"} & set(text.split("."))
    return creates and (f"{name}.objects" in text or f"{name}._base_manager" in text or related)


def propose(referral, by):
    return contracts.propose(
        referral, by=by, on=ff.ON, start_on=ff.FROM_ON, slots=SLOTS, envelope_minutes=600
    )


def refused_to_propose(claire, unvalidated):
    herself = f.make_user("Claire", "Morel", member_of=claire)
    for by in (unvalidated.adviser, herself):
        with pytest.raises(StepRefused) as refusal:
            propose(unvalidated, by)
        assert "La coordination doit d’abord valider" in words(refusal)


def refused_to_renew(claire, unvalidated):
    """What follows a contract follows one of the same childminder, validated or taken over."""
    contract = ff.make_contract("active", provider=ff.make_labelled(f.make_facility()))
    contract.provider = claire
    following = {
        field.attname: getattr(contract, field.attname)
        for field in contract._meta.concrete_fields
        if field.name not in {"id", "code", "previous", "scan"}
    }
    with pytest.raises(IntegrityError, match="not_validated"), transaction.atomic():
        AvipContract.objects.create(**following)


def refused_to_take_over(claire, unvalidated):
    household = unvalidated.household
    paper = takeovers.Paper(
        ff.ON - timedelta(days=9), ff.ON + timedelta(days=60), SLOTS, 1, b"%PDF-"
    )
    children = household.children.all()
    who = {"on": ff.ON, "at": ff.AT}
    herself = f.make_user("Claire", "Morel", member_of=claire)
    for by in (unvalidated.adviser, herself):
        with pytest.raises(StepRefused) as refusal:
            takeovers.take_over(
                household, provider=claire, children=children, paper=paper, by=by, **who
            )
        assert "par sa coordination" in words(refusal)
    agent = f.make_user("Sophie", "Laurent", member_of=claire.caf)
    with pytest.raises(PermissionDenied):
        takeovers.take_over(
            household, provider=claire, children=children, paper=paper, by=agent, **who
        )


REFUSED = {
    "families/workflow/proposals.py:propose": refused_to_propose,
    "families/workflow/proposals.py:renew": refused_to_renew,
    "families/workflow/takeovers.py:take_over": refused_to_take_over,
}


def test_every_function_that_makes_a_contract_is_known_here():
    assert makers("AvipContract") == set(REFUSED)


@pytest.mark.parametrize("path", REFUSED)
def test_no_path_makes_a_contract_that_was_not_validated(path, claire, unvalidated):
    before = AvipContract.objects.filter(provider=claire).count()
    REFUSED[path](claire, unvalidated)
    assert AvipContract.objects.filter(provider=claire).count() == before == 0


def test_the_database_refuses_what_a_shell_or_the_admin_would_write(claire, unvalidated):
    row = AvipContract(
        referral=unvalidated,
        household=unvalidated.household,
        provider=claire,
        agency=unvalidated.agency,
        caf=claire.caf,
        duration_months=3,
        renewals_allowed=1,
        start_on=ff.FROM_ON,
        end_on=date(2026, 5, 1),
    )
    with pytest.raises(IntegrityError, match="not_validated"), transaction.atomic():
        row.save()
    with pytest.raises(IntegrityError, match="not_validated"), transaction.atomic():
        AvipContract.objects.bulk_create([row])


def test_a_contract_does_not_move_to_a_childminder_who_was_not_validated(claire):
    contract = ff.make_contract(provider=ff.make_labelled(f.make_facility()))
    with pytest.raises(IntegrityError, match="not_validated"), transaction.atomic():
        AvipContract.objects.filter(pk=contract.pk).update(provider=claire)


def test_a_transfer_to_a_childminder_waits_for_her_coordinator(claire):
    referral = ff.make_referral(slots=SLOTS)
    following = referrals.transfer(referral, claire, by=referral.adviser, on=ff.ON, at=ff.AT)
    assert following.status == Referral.Status.TO_VALIDATE
    with pytest.raises(StepRefused):
        ff.accept(following, by=ff.coordinator_of(claire))
    with pytest.raises(StepRefused):
        propose(following, following.adviser)


def taken_up(claire):
    agency = f.make_agency()
    adviser = ff.make_adviser(agency)
    takeup = takeups.propose_follow_up(
        by=ff.coordinator_of(claire),
        on=ff.ON,
        at=ff.AT,
        agency=agency,
        caf=claire.caf,
        provider=claire,
        first_name="Aminata",
        last_name="Keita",
        phone="0600000009",
        commune=claire.commune,
        child_first_name="Sami",
        child_birth_date=date(2025, 3, 1),
        from_on=ff.FROM_ON,
        notice_given_on=ff.ON,
    )
    takeups.take_up(takeup, by=adviser, on=ff.ON, at=ff.AT, situation="job_seeker")
    return Referral.objects.get(household=takeup.household)


def test_a_family_taken_up_is_validated_by_her_coordinator_with_its_hours(claire):
    referral = taken_up(claire)
    assert (referral.status, referral.validated_at) == (Referral.Status.CONFIRMED, None)
    with pytest.raises(StepRefused) as refusal:
        propose(referral, referral.adviser)
    assert "La coordination doit d’abord valider" in words(refusal)
    propose(referral, ff.coordinator_of(claire))
    referral.refresh_from_db()
    assert referral.validated_at and referral.holds.filter(released_at=None).exists()


def test_a_family_taken_up_does_not_pass_the_place_of_another(claire):
    referral = taken_up(claire)
    ff.make_referral("sent", provider=claire)
    with pytest.raises(StepRefused) as refusal:
        propose(referral, ff.coordinator_of(claire))
    assert "accueille déjà un enfant" in words(refusal)
    referral.refresh_from_db()
    assert referral.validated_at is None


def paper_of(claire, slots=SLOTS, **fields):
    household = ff.make_household(births=[date(2025, 6, 15)])
    paper = takeovers.Paper(
        ff.ON - timedelta(days=9), ff.ON + timedelta(days=60), slots, 1, b"%PDF-", **fields
    )
    return takeovers.take_over(
        household,
        provider=claire,
        children=household.children.all(),
        paper=paper,
        by=ff.coordinator_of(claire),
        on=ff.ON,
        at=ff.AT,
    )


def test_her_coordinator_takes_a_paper_contract_over_and_its_place_is_taken(claire):
    paper_of(claire)
    with pytest.raises(StepRefused) as refusal:
        ff.make_referral("sent", provider=claire)
    assert "accueille déjà un enfant" in words(refusal)


def test_a_paper_contract_above_the_cap_is_refused_and_stands_without_some_days(claire):
    with pytest.raises(StepRefused) as refusal:
        paper_of(claire, [(day, time(9), time(15)) for day in (1, 2, 3)])
    assert "prévues, le plafond est de" in words(refusal).replace("\u00a0", " ")
    assert not AvipContract.objects.exists()
    off = [(date(2026, 1, day), None, None) for day in (20, 21, 22, 27, 28, 29)]
    off += [(date(2026, 2, day), None, None) for day in (17, 18, 19, 24, 25, 26)]
    assert paper_of(claire, [(day, time(9), time(15)) for day in (1, 2, 3)], exceptions=tuple(off))


def test_a_coordinator_who_has_left_validates_nothing(claire):
    anne = ff.coordinator_of(claire)
    referral = ff.make_referral("to_validate", provider=claire)
    Membership.objects.filter(user=anne).update(
        starts_on=date(2024, 1, 1), ends_on=date(2025, 1, 1)
    )
    with pytest.raises(PermissionDenied):
        ff.validate(referral, by=type(anne).objects.get(pk=anne.pk))
