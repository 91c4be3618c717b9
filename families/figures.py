"""What declared months add up to: figures given to the quota, to labels, to reports."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.db.models import Count
from django.utils import timezone

from families.checks import Quota, counts_in_quota, quota
from families.models import (
    DeclarationLine,
    MonthlyDeclaration,
    Placement,
)
from families.workflow import outcomes, work_checks
from labels.models import Label
from labels.rules import rules_for
from partners.calendars import month_bounds
from partners.models import Caf

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
    """By provider, the (first day, last day) of each label it has held, in order.

    A label taken over from before the software counts from the day it was.
    """
    given_up = {Label.Status.WITHDRAWN, Label.Status.RELINQUISHED}
    labels = Label.objects.filter(provider__in=provider_ids).order_by("starts_on", "pk")
    periods = defaultdict(list)
    for provider_id, status, starts_on, ends_on, edited_at, taken_over, since in labels.values_list(
        "provider", "status", "starts_on", "ends_on", "edited_at", "taken_over", "created_at"
    ):
        if taken_over:
            starts_on = max(starts_on, timezone.localtime(since).date())
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
class Outcomes:
    """What became of families, every share with what it is counted on."""

    of: int  # contracts that ended after a day of care at least, not renewed
    recorded: int  # … of which something is said
    positive: int  # … a job, a training, a business, by the rules of the Caf
    asked: int  # whom « toujours en emploi ? » got an answer about, known or not
    still_in_work: int  # … yes

    def __add__(self, other):
        return Outcomes(
            self.of + other.of,
            self.recorded + other.recorded,
            self.positive + other.positive,
            self.asked + other.asked,
            self.still_in_work + other.still_in_work,
        )


def outcome_figures(contracts, on: date) -> Outcomes:
    """What became of the families of these contracts (a scope) that were over by that day.

    One stopped before its first day is nobody's exit.
    """
    over = outcomes.lived(contracts).filter(ended_on__lte=on).order_by()
    total = Outcomes(0, 0, 0, 0, 0)
    rows = over.values_list("caf", "outcome", "still_in_work").annotate(
        n=Count("pk"), answered=Count("still_in_work_on")
    )
    rules = {}
    for caf, outcome, still, n, answered in rows:
        if caf not in rules:
            rules[caf] = rules_for(Caf.objects.get(pk=caf), on)
        good = outcomes.is_positive(outcome, rules[caf])
        asked = answered if outcome in work_checks.ASKED else 0
        total += Outcomes(n, n if outcome else 0, n if good else 0, asked, answered if still else 0)
    return total
