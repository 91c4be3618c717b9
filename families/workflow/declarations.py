"""The monthly declaration: opened from the schedule, submitted by who gives care, locked."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q, prefetch_related_objects

from avip import outbox
from avip.templatetags.words import fr_date, fr_month
from avip.workflow import Step, StepRefused, Workflow, moment, refuse_stale, system
from families.checks import ChildCare, month_faults
from families.models import ContractVersion, DeclarationLine, MonthlyDeclaration, Placement
from families.permissions import manages
from families.planning import opening_minutes, planned_minutes
from labels.models import Label, NetworkMember
from labels.rules import rules_for
from partners.calendars import age_in_months, calendar_of, month_bounds
from partners.models import Provider

Status = MonthlyDeclaration.Status
LINE_FIELDS = ["planned_minutes", "declared_minutes", "before_signature_minutes"]


def declares(by, declaration):
    """Who gives care, its operator, or the coordinator of the childminder."""
    return manages(by, declaration.provider)


def _over_and_labelled(declaration, on):
    first, last = month_bounds(declaration.month)
    month = fr_month(first).capitalize()
    if on < first:
        return [f"{month} n’a pas commencé\xa0: il se déclare à partir du {_day_after(last)}."]
    if on <= last:
        return [f"{month} n’est pas fini\xa0: il se déclare à partir du {_day_after(last)}."]
    if not labelled_during(first, last).filter(pk=declaration.provider_id).exists():
        return [f"{declaration.provider} n’avait pas le label en {fr_month(first)}."]
    return []


DECLARATION = Workflow(
    submit=Step(
        "Déclarer le mois",
        (Status.OPEN,),
        Status.SUBMITTED,
        declares,
        _over_and_labelled,
        done="Mois déclaré",
    ),
    correct=Step(
        "Corriger ma déclaration",
        (Status.SUBMITTED,),
        Status.OPEN,
        declares,
        done="Rouvert pour une correction",
    ),
    lock=Step("Verrouiller", (Status.SUBMITTED,), Status.LOCKED, system, done="Mois verrouillé"),
)


def labelled_during(first: date, last: date):
    """The providers that declare the period: labelled crèches, members of the network."""
    members = NetworkMember.objects.filter(
        Q(left_on=None) | Q(left_on__gte=first), joined_on__lte=last
    )
    labels = Label.objects.during(first, last)
    return Provider.objects.filter(
        Q(pk__in=labels.values("provider")) | Q(pk__in=members.values("provider"))
    )


def open_month(provider, month: date, *, on: date, at=None) -> MonthlyDeclaration:
    """The declaration of this month, its lines filled in from the schedules minus the closures.

    Called again while it is open, it follows what changed since (a late signature, an early end)
    and leaves what somebody typed. A submitted month stays as it is.
    """
    open_months([provider], month, on=on, at=at)
    return MonthlyDeclaration.objects.get(provider=provider, month=month_bounds(month)[0])


@transaction.atomic
def open_months(providers, month: date, *, on: date, at=None) -> list[MonthlyDeclaration]:
    """`open_month` for many providers in a fixed number of queries; the declarations it opened."""
    first, last = month_bounds(month)
    providers = {provider.pk: provider for provider in providers}
    mine = MonthlyDeclaration.objects.filter(provider__in=providers, month=first)
    known = set(mine.values_list("provider", flat=True))
    MonthlyDeclaration.objects.bulk_create(
        [
            MonthlyDeclaration(
                provider=provider, caf_id=provider.caf_id, month=first, created_at=moment(at)
            )
            for pk, provider in providers.items()
            if pk not in known
        ],
        ignore_conflicts=True,  # another worker opens it at the same time
    )
    to_fill = mine.filter(status=Status.OPEN).order_by("pk")
    declarations = list(to_fill.select_for_update(of=("self",), no_key=True))
    _fill_in(declarations, providers, first, last)
    return [declaration for declaration in declarations if declaration.provider_id not in known]


@dataclass(frozen=True)
class Planned:
    """What the schedule says of one child's month, in minutes."""

    minutes: int
    before_signature: int
    is_signed_after: bool  # the last signature came after this month's care

    def before(self, declared: int) -> int:
        """Of the declared minutes, those before the last signature, which count nowhere.

        Less care than planned is taken from the rest; of a month signed afterwards nothing counts.
        """
        return declared if self.is_signed_after else min(self.before_signature, declared)


def _fill_in(declarations, providers, first, last):
    placements = _planned_placements([d.provider_id for d in declarations], first, last)
    prefetch_related_objects(list(providers.values()), "opening_hours", "closures", "caf")
    calendars = {pk: calendar_of(provider) for pk, provider in providers.items()}
    lines = DeclarationLine.objects.filter(declaration__in=declarations)
    existing = {(line.declaration_id, line.placement_id): line for line in lines}
    plans, new, changed = {}, [], []
    for declaration in declarations:
        for placement, slots in placements[declaration.provider_id]:
            planned = _plan(placement, slots, calendars[declaration.provider_id], first, last)
            plans[placement.pk] = planned
            line = existing.pop((declaration.pk, placement.pk), None)
            if line is None:
                new.append(_new_line(declaration, placement, planned))
            elif line.planned_minutes != planned.minutes:
                line.declared_minutes = _following(line, planned)
                line.planned_minutes = planned.minutes
                line.before_signature_minutes = planned.before(line.declared_minutes)
                changed.append(line)
    DeclarationLine.objects.bulk_create(new, ignore_conflicts=True)
    DeclarationLine.objects.bulk_update(changed, LINE_FIELDS)
    # Care that turned out not to touch this month.
    DeclarationLine.objects.filter(pk__in=[line.pk for line in existing.values()]).delete()
    return plans


def _planned_placements(provider_ids, first, last):
    """By provider, the placements of the period, each with its contract's schedule."""
    placements = Placement.objects.during(first, last).filter(provider__in=provider_ids)
    versions = (
        ContractVersion.objects.filter(
            contract__in=placements.values("contract"), in_force_at__isnull=False
        )
        .order_by("contract_id", "-number")
        .distinct("contract_id")
        .prefetch_related("slots")
    )
    slots = {version.contract_id: list(version.slots.all()) for version in versions}
    found = defaultdict(list)
    for placement in placements.order_by("start_on", "pk"):
        found[placement.provider_id].append((placement, slots.get(placement.contract_id, [])))
    return found


def _plan(placement, slots, calendar, first, last):
    first, last = max(first, placement.start_on), min(last, placement.end_on)
    signed = min(last, placement.counts_from - timedelta(days=1))
    before = planned_minutes(slots, calendar, first, signed) if signed >= first else 0
    return Planned(planned_minutes(slots, calendar, first, last), before, signed == last)


def _new_line(declaration, placement, planned):
    return DeclarationLine(
        declaration=declaration,
        placement=placement,
        planned_minutes=planned.minutes,
        declared_minutes=planned.minutes,
        before_signature_minutes=planned.before(planned.minutes),
    )


def _following(line, planned):
    """What somebody typed stays; what nobody touched follows the schedule."""
    is_untouched = line.declared_minutes == line.planned_minutes
    return planned.minutes if is_untouched else line.declared_minutes


@transaction.atomic
def submit(
    declaration,
    *,
    by,
    on: date,
    children_present: int | None = None,
    hours_total: int | None = None,
    minutes_by_line: dict | None = None,
    seen=None,
    at=None,
):
    """Declare the month: two numbers for all children under the age of the rule, minutes by line.

    A childminder declares her lines alone: her two numbers are their count and their sum. Without
    `minutes_by_line` the planned minutes are declared. Raises StepRefused with what does not agree.
    """
    with DECLARATION.take("submit", declaration, by=by, on=on, at=at):
        refuse_stale(declaration, seen)
        provider = declaration.provider
        plans = _fill_in([declaration], {provider.pk: provider}, *month_bounds(declaration.month))
        lines = list(lines_of(declaration))
        if minutes_by_line is None:
            minutes_by_line = {line.pk: line.planned_minutes for line in lines}
        if set(minutes_by_line) != {line.pk for line in lines}:
            raise StepRefused(
                "Un accueil s’est ajouté ou s’est arrêté pendant que vous déclariez\xa0: "
                "relisez les enfants ci-dessous, puis déclarez de nouveau."
            )
        if provider.is_childminder:
            children_present, hours_total = _numbers_of_lines(lines, minutes_by_line)
        if faults := faults_of(declaration, lines, minutes_by_line, children_present, hours_total):
            raise StepRefused(*faults.values())
        for line in lines:
            line.declared_minutes = minutes_by_line[line.pk]
            line.before_signature_minutes = plans[line.placement_id].before(line.declared_minutes)
        DeclarationLine.objects.bulk_update(lines, LINE_FIELDS)
        declaration.children_present = children_present
        declaration.hours_total = hours_total
        declaration.submitted_at = moment(at)
    key = f"{declaration.pk}:{declaration.revision}"
    outbox.add("families.quota_check", declaration, key=key, at=at)


def lines_of(declaration):
    """The lines of a declaration with what the page and the checks read of each."""
    return (
        DeclarationLine.objects.filter(declaration=declaration)
        .select_related("placement__child")
        .order_by("placement__child__first_name", "placement__start_on", "pk")
    )


def faults_of(declaration, lines, minutes_by_line, children_present, hours_total) -> dict[str, str]:
    """What the month cannot hold, by field (`children_present`, `hours_total`, `line_<pk>`)."""
    first, last = month_bounds(declaration.month)
    limit = rules_for(declaration.caf, last).quota_max_child_age_months
    care = [
        ChildCare(
            key=f"line_{line.pk}",
            child_id=line.placement.child_id,
            minutes=minutes_by_line[line.pk],
            is_in_total=age_in_months(line.placement.child.birth_date, first) < limit,
        )
        for line in lines
    ]
    open_minutes = opening_minutes(calendar_of(declaration.provider), first, last)
    return month_faults(care, children_present, hours_total, open_minutes)


def _numbers_of_lines(lines, minutes_by_line):
    present = {line.placement.child_id for line in lines if minutes_by_line[line.pk]}
    return len(present), -(-sum(minutes_by_line.values()) // 60)


def correct(declaration, *, by, on: date, at=None):
    """Take a submitted month back to change it, until it is locked."""
    with DECLARATION.take("correct", declaration, by=by, on=on, at=at):
        pass


def lock(declaration, *, on: date, at=None):
    """The month can no longer be corrected."""
    with DECLARATION.take("lock", declaration, by=None, on=on, at=at):
        pass


def _day_after(day):
    return fr_date(day + timedelta(days=1))
