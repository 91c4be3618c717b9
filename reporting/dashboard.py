"""Figures for the Caf's page and under « À traiter »: each is computed live from a scope."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.db.models import Count, OuterRef, Q, Subquery

from families.figures import outcome_figures
from families.models import Alert, AvipContract, QuotaCheck
from families.workflow import outcomes
from labels.models import Label, NetworkMember
from labels.rules import rules_for
from partners.calendars import month_bounds

GAUGES_SHOWN = 4
EXITS_OVER_DAYS = 365
ASSESSED = {QuotaCheck.Verdict.COMPLIANT, QuotaCheck.Verdict.SHORT}


@dataclass(frozen=True)
class Exits:
    """What became of the families whose contract ended in the period, always with the
    denominator.
    """

    ended: int
    recorded: int
    positive: int
    by_outcome: list  # [(label, count)], most frequent first

    def masked(self, least):
        """The same without the small counts, which would point at somebody."""
        small = any(masked(n, least) is None for n in (self.ended, self.recorded, self.positive))
        if small:
            return Exits(masked(self.ended, least), None, None, [])
        shown = [(label, n) for label, n in self.by_outcome if masked(n, least) is not None]
        return replace(self, by_outcome=shown)

    @property
    def positive_bp(self):
        """Share of positive outcomes among the recorded ones, in basis points; None without any."""
        return self.positive * 10_000 // self.recorded if self.recorded else None


def labelled_facilities(user, caf, on: date):
    """The running labels of a Caf, each with the check of its latest declared month in `check`."""
    latest = (
        QuotaCheck.objects.filter(provider=OuterRef("provider")).order_by("-month").values("pk")[:1]
    )
    labels = list(
        Label.objects.visible_to(user)
        .filter(caf=caf)
        .running_on(on)
        .select_related("provider__commune")
        .annotate(latest_check=Subquery(latest))
        .order_by("provider__name")
    )
    shown = QuotaCheck.objects.visible_to(user)
    checks = shown.in_bulk([label.latest_check for label in labels if label.latest_check])
    for label in labels:
        label.check = checks.get(label.latest_check)
    return labels


def exits(contracts, rules, on: date) -> Exits:
    """The exits among `contracts` (a scope) that ended in the year before `on` without
    being renewed.
    """
    # One stopped before its first day is nobody's exit.
    ended = outcomes.lived(contracts).filter(
        ended_on__gt=on - timedelta(days=EXITS_OVER_DAYS), ended_on__lte=on
    )
    rows = ended.order_by().values_list("outcome").annotate(n=Count("pk"))
    counts = dict(rows)
    total = sum(counts.values())
    recorded = total - counts.pop("", 0)
    categories = AvipContract.OUTCOME_CATEGORY
    positive = sum(
        n for outcome, n in counts.items() if categories.get(outcome) in rules.positive_outcomes
    )
    by_outcome = sorted(
        ((AvipContract.Outcome(outcome).label, n) for outcome, n in counts.items()),
        key=lambda row: -row[1],
    )
    return Exits(total, recorded, positive, by_outcome)


def caf_figures(user, caf, on: date):
    """Everything the Caf's page shows: facilities and their quota, contracts, exits, alerts.

    A national reader gets the same aggregates, small counts masked, and no facility's own figures.
    """
    national = user.reach.national
    rules = rules_for(caf, on)
    contracts = _in_scope(AvipContract, user, caf)
    labels = labelled_facilities(user, caf, on)
    verdicts = _latest_verdicts(labels) if national else _verdicts_of(labels)
    by_status = dict(contracts.order_by().values_list("status").annotate(n=Count("pk")))
    members = _in_scope(NetworkMember, user, caf).filter(status=NetworkMember.Status.MEMBER)
    figures = {
        "compliant": verdicts.count(QuotaCheck.Verdict.COMPLIANT),
        "assessed": sum(verdict in ASSESSED for verdict in verdicts),
        "childminders": members.count(),
        "running": by_status.get(AvipContract.Status.ACTIVE, 0),
        "to_sign": by_status.get(AvipContract.Status.TO_SIGN, 0),
    }
    least = rules.small_count_min if national else 0
    work = outcome_figures(contracts, on)
    return {
        "caf": caf,
        "labels": labels,
        "national": national,
        "least": least,
        **{name: masked(count, least) for name, count in figures.items()},
        "still": masked(work.still_in_work, least),
        "still_of": masked(work.asked, least),
        "exits": exits(contracts, rules, on).masked(least),
        "alerts": Alert.objects.visible_to(user).filter(caf=caf).open().select_related("provider"),
        "quota": rules.entry("quota_rate"),
        "required_bp": int(rules.quota_rate * 10_000),
    }


def masked(count, least):
    """A count as it may be published: None when it is small enough to point at somebody."""
    return None if 0 < count < least else count


def _in_scope(model, user, caf):
    """The rows of this Caf to count: for a national reader all of them, and never one of them."""
    rows = model.objects if user.reach.national else model.objects.visible_to(user)
    return rows.filter(caf=caf)


def _verdicts_of(labels):
    return [label.check.verdict for label in labels if label.check]


def _latest_verdicts(labels):
    latest = (
        QuotaCheck.objects.filter(provider__in=[label.provider_id for label in labels])
        .order_by("provider_id", "-month")
        .distinct("provider_id")
    )
    return [check.verdict for check in latest]


def own_gauges(user):
    """The latest quota check of each facility `user` works for or runs, the lowest rate first."""
    reach = user.reach
    if not (reach.providers or reach.operators):
        return []
    latest = (
        QuotaCheck.objects.visible_to(user)
        .filter(
            Q(provider__in=reach.providers) | Q(provider__facility__operator__in=reach.operators)
        )
        .select_related("provider")
        .order_by("provider_id", "-month")
        .distinct("provider_id")
    )
    return sorted(latest, key=lambda check: check.rate_bp or 0)[:GAUGES_SHOWN]


def whats_next(user, on: date):
    """[(date, sentence)]: what comes without anyone having to act now."""
    reach = user.reach
    coming = []
    if reach.cafs or reach.providers or reach.operators:
        labels = Label.objects.visible_to(user).running_on(on).order_by("ends_on")
        for ends_on, name in labels.values_list("ends_on", "provider__name")[:1]:
            coming.append((ends_on, f"le label de {name} arrive à échéance"))
    if reach.agencies or reach.providers or reach.operators or reach.services:
        starting = (
            AvipContract.objects.visible_to(user)
            .filter(status=AvipContract.Status.ACTIVE, start_on__gt=on)
            .order_by("start_on")
            .values_list("start_on", "provider__name")
        )
        for start_on, name in starting[:1]:
            coming.append((start_on, f"un accueil commence chez {name}"))
    if reach.providers or reach.operators:
        _, last_day = month_bounds(on)
        coming.append((last_day + timedelta(days=1), "le point du mois s’ouvre"))
    return sorted(coming)
