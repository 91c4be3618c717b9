"""What declared months add up to: figures given to the quota, to labels, to reports."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from families.checks import Quota, counts_in_quota, quota
from families.models import (
    AvipContract,
    DeclarationLine,
    MonthlyDeclaration,
    Placement,
    QuotaCheck,
)
from labels.models import Label
from labels.rules import rules_for
from partners.calendars import month_bounds

DECLARED = (MonthlyDeclaration.Status.SUBMITTED, MonthlyDeclaration.Status.LOCKED)


@dataclass(frozen=True)
class Counts:
    """One or several declared months: children (one for each month they were there), minutes."""

    avip_children: int = 0
    all_children: int = 0
    avip_minutes: int = 0
    all_minutes: int = 0

    def __add__(self, other):
        return Counts(
            self.avip_children + other.avip_children,
            self.all_children + other.all_children,
            self.avip_minutes + other.avip_minutes,
            self.all_minutes + other.all_minutes,
        )


def counts_of(declarations, rules_of) -> dict:
    """The counts of each declared month by its primary key, in one query.

    `rules_of(declaration)` gives the rules of the month's last day.
    """
    lines = defaultdict(list)
    for pk, *line in DeclarationLine.objects.filter(declaration__in=declarations).values_list(
        "declaration",
        "placement__child",
        "placement__child__birth_date",
        "declared_minutes",
        "before_signature_minutes",
        "placement__contract__end_on",
        "placement__contract__ended_on",
    ):
        lines[pk].append(line)
    return {
        declaration.pk: _count(declaration, lines[declaration.pk], rules_of(declaration))
        for declaration in declarations
    }


def _count(declaration, lines, rules):
    children, minutes = set(), 0
    for child, birth_date, declared, before_signature, end_on, ended_on in lines:
        counted = declared - before_signature
        if counts_in_quota(
            minutes=counted,
            birth_date=birth_date,
            first_day=declaration.month,
            contract_until=min(end_on, ended_on or end_on),
            rules=rules,
        ):
            children.add(child)
            minutes += counted
    return Counts(
        len(children), declaration.children_present, minutes, declaration.hours_total * 60
    )


def label_periods(provider_ids) -> dict:
    """By provider, the (first day, last day) of each label it has held, in order."""
    given_up = {Label.Status.WITHDRAWN, Label.Status.RELINQUISHED}
    labels = Label.objects.filter(provider__in=provider_ids).order_by("starts_on", "pk")
    periods = defaultdict(list)
    for provider_id, status, starts_on, ends_on, edited_at in labels.values_list(
        "provider", "status", "starts_on", "ends_on", "edited_at"
    ):
        if status in given_up:
            ends_on = min(ends_on, timezone.localtime(edited_at).date())
        periods[provider_id].append((starts_on, ends_on))
    return periods


def forecast(provider, month: date, rules) -> Quota:
    """What the month would give: signed contracts, the number of children last declared."""
    first, last = month_bounds(month)
    placements = Placement.objects.during(first, last).filter(
        provider=provider, counts_from__lte=last
    )
    expected = {
        placement.child_id
        for placement in placements.select_related("child", "contract")
        if counts_in_quota(
            minutes=1,  # planned care: some
            birth_date=placement.child.birth_date,
            first_day=first,
            contract_until=placement.contract.end_on,
            rules=rules,
        )
    }
    latest = (
        MonthlyDeclaration.objects.filter(provider=provider, status__in=DECLARED, month__lt=first)
        .order_by("-month")
        .first()
    )
    return quota(
        len(expected),
        latest.children_present if latest else None,
        rules.quota_rate,
        is_declared=latest is not None,
    )


@dataclass(frozen=True)
class FacilityFigures:
    """A provider over a period, as plain values; every share comes with its denominator."""

    first: date
    last: date
    counts: Counts
    months_declared: int
    months_assessed: int
    months_compliant: int
    families: int
    contracts_ended: int
    outcomes_recorded: int
    outcomes_positive: int

    @property
    def rate_bp(self) -> int | None:
        """AVIP children over all children, summed by month, in basis points; None without any."""
        if not self.counts.all_children:
            return None
        return self.counts.avip_children * 10_000 // self.counts.all_children


def facility_figures(provider, period: tuple[date, date]) -> FacilityFigures:
    """The figures of a provider over a period (first and last day), for labels and reports."""
    first, last = period
    declarations = list(
        MonthlyDeclaration.objects.filter(
            provider=provider,
            status__in=DECLARED,
            month__gte=first.replace(day=1),
            month__lte=last,
        ).select_related("caf")
    )
    rules = {d.pk: rules_for(d.caf, month_bounds(d.month)[1]) for d in declarations}
    counts = counts_of(declarations, lambda declaration: rules[declaration.pk])
    verdicts = list(
        QuotaCheck.objects.filter(declaration__in=declarations).values_list("verdict", flat=True)
    )
    contracts = AvipContract.objects.live().filter(
        provider=provider, start_on__lte=last, end_on__gte=first
    )
    ended = contracts.filter(
        status__in=[AvipContract.Status.ENDED, AvipContract.Status.TERMINATED],
        ended_on__range=period,
    ).not_renewed()
    outcomes = [outcome for outcome in ended.values_list("outcome", flat=True) if outcome]
    positive = rules_for(provider.caf, last).positive_outcomes
    return FacilityFigures(
        first=first,
        last=last,
        counts=sum(counts.values(), Counts()),
        months_declared=len(declarations),
        months_assessed=sum(
            verdict in {QuotaCheck.Verdict.COMPLIANT, QuotaCheck.Verdict.SHORT}
            for verdict in verdicts
        ),
        months_compliant=verdicts.count(QuotaCheck.Verdict.COMPLIANT),
        families=contracts.values("household").distinct().count(),
        contracts_ended=ended.count(),
        outcomes_recorded=len(outcomes),
        outcomes_positive=sum(
            AvipContract.OUTCOME_CATEGORY.get(outcome) in positive for outcome in outcomes
        ),
    )
