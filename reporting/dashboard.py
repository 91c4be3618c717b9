"""Figures for the Caf's page and under « À traiter »: each is computed live from a scope."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, OuterRef, Q, Subquery

from families.models import Alert, AvipContract, QuotaCheck
from labels.models import Label, NetworkMember
from labels.rules import rules_for
from partners.calendars import month_bounds

GAUGES_SHOWN = 4
EXITS_OVER_DAYS = 365


@dataclass(frozen=True)
class Exits:
    """What became of the families whose contract ended in the period, always with the
    denominator.
    """

    ended: int
    recorded: int
    positive: int
    by_outcome: list  # [(label, count)], most frequent first

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
    shown = QuotaCheck.objects.visible_to(user).defer("other_bases", "rule_values")
    checks = shown.in_bulk([label.latest_check for label in labels if label.latest_check])
    for label in labels:
        label.check = checks.get(label.latest_check)
    return labels


def exits(contracts, rules, on: date) -> Exits:
    """The exits among `contracts` (a scope) that ended in the year before `on` without
    being renewed.
    """
    ended = contracts.filter(
        status__in=[AvipContract.Status.ENDED, AvipContract.Status.TERMINATED],
        ended_on__gt=on - timedelta(days=EXITS_OVER_DAYS),
        ended_on__lte=on,
    ).not_renewed()
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
    """Everything the Caf's page shows: facilities and their quota, contracts, exits, alerts."""
    contracts = AvipContract.objects.visible_to(user).filter(caf=caf)
    rules = rules_for(caf, on)
    labels = labelled_facilities(user, caf, on)
    verdicts = [label.check.verdict for label in labels if label.check]
    by_status = dict(contracts.order_by().values_list("status").annotate(n=Count("pk")))
    return {
        "caf": caf,
        "labels": labels,
        "compliant": verdicts.count(QuotaCheck.Verdict.COMPLIANT),
        "assessed": sum(
            verdict in {QuotaCheck.Verdict.COMPLIANT, QuotaCheck.Verdict.SHORT}
            for verdict in verdicts
        ),
        "childminders": NetworkMember.objects.visible_to(user)
        .filter(caf=caf, status=NetworkMember.Status.MEMBER)
        .count(),
        "running": by_status.get(AvipContract.Status.ACTIVE, 0),
        "to_sign": by_status.get(AvipContract.Status.TO_SIGN, 0),
        "exits": exits(contracts, rules, on),
        "alerts": Alert.objects.visible_to(user).filter(caf=caf).open().select_related("provider"),
        "quota": rules.entry("quota_rate"),
        "required_bp": int(rules.quota_rate * 10_000),
    }


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
