"""The monthly declaration: opened from the schedule, submitted by who gives care, locked."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q, prefetch_related_objects

from avip import outbox
from avip.jobs import SCHEDULES
from avip.templatetags.words import fr_date, fr_month
from avip.workflow import Step, StepRefused, Workflow, moment, refuse_stale, system
from families import schedules
from families.checks import ChildCare, month_faults
from families.models import DeclarationLine, MonthlyDeclaration, Placement
from families.notifications.declarations import locked_on
from families.permissions import manages
from families.planning import opening_minutes, planned_days, planned_minutes
from labels.models import Label, NetworkMember
from labels.rules import rules_for
from partners.calendars import age_in_months, calendar_of, month_bounds
from partners.models import Provider
from partners.permissions import is_caf_agent

Status = MonthlyDeclaration.Status
LINE_FIELDS = ["planned_minutes", "declared_minutes", "before_signature_minutes"]


def declares(by, declaration):
    """Who gives care, its operator, or the coordinator of the childminder."""
    return manages(by, declaration.provider)


def amended_until(declaration):
    """The last day on which who declares may amend a locked month without the Caf."""
    return locked_on(declaration) + timedelta(days=SCHEDULES["declaration_amend_days"])


def _in_time_to_amend(declaration, on):
    until = amended_until(declaration)
    if on <= until:
        return []
    return [
        f"Ce mois se rectifiait jusqu’au {fr_date(until)}\xa0: "
        f"seule la {declaration.caf} peut encore le rectifier, écrivez-lui."
    ]


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
    amend=Step(
        "Rectifier ce mois",
        (Status.LOCKED,),
        "",
        declares,
        _in_time_to_amend,
        done="Mois rectifié",
    ),
    amend_for_provider=Step(
        "Rectifier ce mois", (Status.LOCKED,), "", is_caf_agent, done="Mois rectifié par la Caf"
    ),
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
    found, known = defaultdict(list), {}
    placements = placements.select_related("contract").prefetch_related(
        *schedules.parts("contract__")
    )
    for placement in placements.order_by("start_on", "pk"):
        key = placement.contract_id
        if key not in known:
            known[key] = schedules.schedule_of([placement.contract])
        found[placement.provider_id].append((placement, known[key]))
    return found


def plans_of(declaration) -> dict:
    """What the schedules say of the month, by placement."""
    first, last = month_bounds(declaration.month)
    calendar = calendar_of(declaration.provider)
    placements = _planned_placements([declaration.provider_id], first, last)
    return {
        placement.pk: _plan(placement, slots, calendar, first, last)
        for placement, slots in placements[declaration.provider_id]
    }


def days_of(declaration) -> dict:
    """The planned minutes of each day of the month, by placement: {pk: {day: minutes}}."""
    first, last = month_bounds(declaration.month)
    calendar = calendar_of(declaration.provider)
    placements = _planned_placements([declaration.provider_id], first, last)
    return {
        placement.pk: planned_days(
            slots, calendar, max(first, placement.start_on), min(last, placement.end_on)
        )
        for placement, slots in placements[declaration.provider_id]
    }


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
    is_closed: bool = False,
    seen=None,
    at=None,
):
    """Declare the month: two numbers for all children under the age of the rule, minutes by line.

    A childminder declares her lines alone: her two numbers are their count and their sum. Without
    `minutes_by_line` the planned minutes are declared; closed the whole month, nothing is. Raises
    StepRefused with what does not agree.
    """
    with DECLARATION.take("submit", declaration, by=by, on=on, at=at):
        refuse_stale(declaration, seen)
        provider = declaration.provider
        plans = _fill_in([declaration], {provider.pk: provider}, *month_bounds(declaration.month))
        lines = list(lines_of(declaration))
        if is_closed:
            children_present = hours_total = 0
            minutes_by_line = {line.pk: 0 for line in lines}
        if minutes_by_line is None:
            minutes_by_line = {line.pk: line.planned_minutes for line in lines}
        if set(minutes_by_line) != {line.pk for line in lines}:
            raise StepRefused(
                "Un accueil s’est ajouté ou s’est arrêté pendant que vous déclariez\xa0: "
                "relisez les enfants ci-dessous, puis déclarez de nouveau."
            )
        if provider.is_childminder:
            children_present, hours_total = numbers_of_lines(lines, minutes_by_line)
        if faults := faults_of(declaration, lines, minutes_by_line, children_present, hours_total):
            raise StepRefused(*faults.values())
        for line in lines:
            line.declared_minutes = minutes_by_line[line.pk]
            line.before_signature_minutes = plans[line.placement_id].before(line.declared_minutes)
        DeclarationLine.objects.bulk_update(lines, LINE_FIELDS)
        declaration.children_present = children_present
        declaration.hours_total = hours_total
        declaration.is_closed = is_closed
        declaration.submitted_at = moment(at)
    key = f"{declaration.pk}:{declaration.revision}"
    outbox.add("families.quota_check", declaration, key=key, at=at)


def close(declaration, *, by, on: date, seen=None, at=None):
    """The whole month was closed: nobody came, so no quota is judged."""
    submit(declaration, by=by, on=on, is_closed=True, seen=seen, at=at)


def submit_as_planned(declaration, *, by, on: date, seen=None, at=None):
    """A childminder’s month went as planned; a facility has two numbers of its own to count."""
    if not declaration.provider.is_childminder:
        raise StepRefused("Comptez d’abord les enfants présents et leurs heures.")
    submit(declaration, by=by, on=on, seen=seen, at=at)


def lines_of(declaration):
    """The lines of a declaration with what the page and the checks read of each."""
    return (
        DeclarationLine.objects.filter(declaration=declaration)
        .select_related("placement__child", "declaration")
        .order_by("placement__child__first_name", "placement__start_on", "pk")
    )


def faults_of(
    declaration, lines, minutes_by_line, children_present, hours_total, *, age_limit=None
) -> dict[str, str]:
    """What the month cannot hold, by field (`children_present`, `hours_total`, `line_<pk>`).

    `age_limit` spares the reading of the rules where the caller has read them.
    """
    first, last = month_bounds(declaration.month)
    limit = age_limit or rules_for(declaration.caf, last).quota_max_child_age_months
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


def numbers_of_lines(lines, minutes_by_line):
    """What the lines alone add up to: the children present, their whole hours."""
    present = {line.placement.child_id for line in lines if minutes_by_line[line.pk]}
    return len(present), -(-sum(minutes_by_line.values()) // 60)


def correct(declaration, *, by, on: date, at=None):
    """Take a submitted month back to change it, until it is locked."""
    with DECLARATION.take("correct", declaration, by=by, on=on, at=at):
        pass


@transaction.atomic
def lock(declaration, *, on: date, at=None):
    """The month can no longer be corrected; the statement of a childminder is made from it."""
    with DECLARATION.take("lock", declaration, by=None, on=on, at=at):
        pass
    if declaration.provider.is_childminder:
        outbox.add("families.month_statement", declaration, key=declaration.pk, at=at)


def ask_for_statements(at=None) -> int:
    """The statement of each locked month of a childminder that has none yet; each asked once."""
    missing = MonthlyDeclaration.objects.filter(
        status=Status.LOCKED, provider__kind=Provider.Kind.CHILDMINDER, statement=None
    )
    keys = [(pk, str(pk), "") for pk in missing.order_by("pk").values_list("pk", flat=True)]
    with transaction.atomic():
        outbox.add_all("families.month_statement", keys, at=at)
    return len(keys)


def _day_after(day):
    return fr_date(day + timedelta(days=1))
