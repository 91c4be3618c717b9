"""Care under contract and declared months, as rows: what the quota is counted from."""

from datetime import UTC, date, datetime, time
from itertools import count

from families.models import (
    AvipContract,
    Child,
    ContractVersion,
    MonthlyDeclaration,
    Placement,
    Referral,
    ScheduleSlot,
)
from families.workflow import declarations
from labels.models import Label
from tests import factories as f
from tests.families.factories import director_of, make_household

MONTH = date(2026, 10, 1)
ON = date(2026, 11, 2)  # the Monday after
AT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
MONDAYS = [(0, time(9), time(17))]  # 8 h a week, 32 h in October 2026

_numbers = count(1)


def make_labelled_facility(
    name="Les Petits Rameurs", *, starts_on=date(2024, 1, 1), ends_on=date(2030, 12, 31), **fields
):
    """A crèche whose label is far from its ramp-up, with a director."""
    provider = f.make_facility(name, **fields)
    make_label_row(provider, starts_on, ends_on)
    director_of(provider)
    return provider


def make_label_row(provider, starts_on, ends_on, **fields):
    if fields.get("status") == Label.Status.NOTICE_GIVEN:
        fields["notice_reply_due_on"] = ends_on
    return Label.objects.create(
        provider=provider,
        caf=provider.caf,
        granted_on=starts_on,
        starts_on=starts_on,
        ends_on=ends_on,
        **fields,
    )


def make_placement(
    provider,
    *,
    start_on=date(2026, 9, 1),
    end_on=date(2026, 11, 30),
    counts_from=None,
    birth_date=date(2025, 3, 3),
    child=None,
    slots=MONDAYS,
    status="active",
    placement_until=None,
    **contract,
):
    """One child cared for under a contract in force, with its weekly schedule."""
    if child is None:
        household = contract.pop("household", None) or make_household(births=())
        child = Child.objects.create(
            household=household, first_name=f"Awa {next(_numbers)}", birth_date=birth_date
        )
    adviser = f.make_user("Karim", "Belkacem", member_of=child.household.agency)
    if provider.is_childminder:
        contract.setdefault("referral", _validated(provider, child, adviser, start_on))
    contract = AvipContract.objects.create(
        household=child.household,
        provider=provider,
        agency=child.household.agency,
        adviser=adviser,
        caf=provider.caf,
        duration_months=3,
        renewals_allowed=1,
        start_on=start_on,
        end_on=end_on,
        status=status,
        **contract,
    )
    contract.children.add(child)
    version = ContractVersion.objects.create(
        contract=contract,
        start_on=start_on,
        end_on=end_on,
        envelope_minutes=8 * 60,
        html="texte",
        text_sha256="0" * 64,
        proposed_at=AT,
        status="in_force",
        in_force_at=AT,
        signatories_expected=3,
        care_signed=1,
        parents_signed=1,
        adviser_signed=1,
    )
    ScheduleSlot.objects.bulk_create(
        ScheduleSlot(version=version, weekday=day, starts=starts, ends=ends)
        for day, starts, ends in slots
    )
    return Placement.objects.create(
        contract=contract,
        child=child,
        provider=provider,
        caf=provider.caf,
        start_on=start_on,
        end_on=placement_until or end_on,
        counts_from=counts_from or start_on,
        status="running",
    )


def _validated(provider, child, adviser, start_on):
    """The situation her coordinator validated, without which there is no contract with her."""
    return Referral.objects.create(
        status=Referral.Status.PLACED,
        household=child.household,
        provider=provider,
        agency=child.household.agency,
        adviser=adviser,
        caf=provider.caf,
        from_on=start_on,
        sent_at=AT,
        answer_due_at=AT,
        validated_at=AT,
        confirmed_at=AT,
    )


def make_declaration(
    provider=None, *, month=MONTH, children_present=None, hours_total=None, on=ON, at=AT, by=None
):
    """A month opened from the schedules, then declared if the two numbers are given."""
    provider = provider or make_labelled_facility()
    declaration = declarations.open_month(provider, month, on=on, at=at)
    if children_present is not None:
        submit(declaration, children_present, hours_total, on=on, at=at, by=by)
    return declaration


def submit(declaration, children_present=30, hours_total=None, *, on=ON, at=AT, by=None, **fields):
    """Declared by who answers for the provider, 90 hours for each child unless given."""
    declarations.submit(
        declaration,
        by=by or director_of(declaration.provider),
        on=on,
        at=at,
        children_present=children_present,
        hours_total=children_present * 90 if hours_total is None else hours_total,
        **fields,
    )
    return declaration


def make_declared_month(avip_children, children_present, *, provider=None, month=MONTH, **fields):
    """A declared month with so many AVIP children cared for in it."""
    provider = provider or make_labelled_facility()
    for _ in range(avip_children):
        make_placement(provider, **fields)
    return make_declaration(provider, month=month, children_present=children_present)


def fresh(declaration):
    return MonthlyDeclaration.objects.get(pk=declaration.pk)
