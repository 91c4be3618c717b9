"""Quota checks in the database: one for each declared month, judged in sets; alerts kept true."""

import json
import logging
from collections import defaultdict
from datetime import datetime
from functools import partial
from hashlib import sha256

from django.db import transaction
from django.db.models import F, Q

from avip.templatetags.words import count_of, fr_month, percent
from families.checks import quota, ramp_up_ends_on
from families.figures import DECLARED, Counts, counts_of, label_periods
from families.models import Alert, MonthlyDeclaration, PlaceOffer, QuotaCheck
from labels.rules import rules_for, to_json
from partners.calendars import month_bounds
from partners.models import Facility, Provider

logger = logging.getLogger(__name__)

BATCH = 1000
RULES_USED = (
    "quota_rate",
    "quota_basis",
    "quota_period",
    "quota_mode",
    "quota_counts_retained",
    "quota_max_child_age_months",
    "quota_ramp_up_months",
)
Verdict = QuotaCheck.Verdict


def check_quota(declaration, at: datetime) -> QuotaCheck | None:
    """Judge one declared month now and keep its alert true; None when there is nothing to judge."""
    check_quotas(MonthlyDeclaration.objects.filter(pk=declaration.pk), at)
    return QuotaCheck.objects.filter(declaration=declaration.pk).first()


def unchecked():
    """Declared months of facilities without a check, or declared again since their check."""
    return _declared().filter(
        Q(quota_check=None) | Q(quota_check__checked_at__lt=F("submitted_at"))
    )


def check_quotas(declarations, at: datetime) -> int:
    """Judge these declared months, in sets; how many checks were written or changed.

    A check is rewritten only when what it was computed from changed: a rule corrected afterwards
    for its own date leaves it, and its `known_at`, as they are until somebody asks again. A month
    that cannot be judged raises its error once all the others are.
    """
    rules, written, failure = Rulebook(at), 0, None
    ids = list(declarations.order_by("month", "pk").values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        try:
            written += _check_batch(batch, rules, at)
        except Exception:
            # A rule that cannot be applied in one Caf leaves the others their verdicts.
            for pk in batch:
                try:
                    written += _check_batch([pk], rules, at)
                except Exception as error:
                    logger.warning("quota of %s: %s", pk, type(error).__name__)
                    failure = error
    if failure:
        raise failure
    return written


def preview(declaration, at: datetime) -> QuotaCheck | None:
    """The check as it would be written now; None when there is nothing to judge."""
    return next(iter(_judge([declaration], Rulebook(at), at)), None)


def verdicts(declarations, rulebook, at: datetime) -> list[QuotaCheck]:
    """The checks of these months as this rulebook judges them, unsaved; in sets."""
    return list(_judge(list(declarations), rulebook, at))


class Rulebook:
    """The rules of each Caf on each day asked, as known at one moment: one query for each pair."""

    def __init__(self, known_at):
        self.known_at = known_at
        self.read, self.written = {}, {}

    def of(self, declaration):
        """The rules that judge a declaration: those of its month's last day."""
        key = declaration.caf_id, declaration.month
        if key not in self.read:
            last = month_bounds(declaration.month)[1]
            self.read[key] = rules_for(declaration.caf_id, last, self.known_at)
        return self.read[key]

    def evidence(self, declaration):
        """The values of those rules with their references, as the check keeps them."""
        key = declaration.caf_id, declaration.month
        if key not in self.written:
            entry = self.of(declaration).entry
            self.written[key] = {name: _evidence(entry(name)) for name in RULES_USED}
        return self.written[key]


def _declared():
    return MonthlyDeclaration.objects.filter(
        status__in=DECLARED, provider__kind=Provider.Kind.FACILITY
    )


@transaction.atomic
def _check_batch(ids, rules, at):
    declarations = _locked(ids, rules)
    known = dict(
        QuotaCheck.objects.filter(declaration__in=declarations).values_list(
            "declaration", "inputs_sha256"
        )
    )
    checks = [
        check
        for check in _judge(declarations, rules, at)
        if known.get(check.declaration_id) != check.inputs_sha256
    ]
    kept = {"id", "provider", "caf", "declaration", "month"}
    QuotaCheck.objects.bulk_create(
        checks,
        update_conflicts=True,
        unique_fields=["provider", "month"],
        update_fields=[f.name for f in QuotaCheck._meta.fields if f.name not in kept],
    )
    _keep_alerts_true(checks, at)
    return len(checks)


def _locked(ids, rules):
    """These months, and where the year is judged those after them, whose verdict they change.

    In one query, by id: two batches of one year must not wait for each other.
    """
    first_month = {}
    for declaration in _declared().filter(pk__in=ids):
        if rules.of(declaration).quota_period == "year":
            key = declaration.provider_id, declaration.month.year
            first_month[key] = min(declaration.month, first_month.get(key, declaration.month))
    rows = _declared().filter(Q(pk__in=ids) | _of_the_years(first_month)).order_by("pk")
    return [
        declaration
        for declaration in rows.select_for_update(of=("self",), no_key=True)
        if declaration.pk in ids
        or declaration.month > first_month[declaration.provider_id, declaration.month.year]
    ]


def _of_the_years(keys):
    """The months of these (provider, year) pairs; none for no pair."""
    wanted = Q(pk__in=[])
    for year in {year for _, year in keys}:
        providers = [provider for provider, other in keys if other == year]
        wanted |= Q(provider__in=providers, month__year=year)
    return wanted


def _judge(declarations, rules, at):
    """One unsaved check for each declared month of a provider that had the label in it."""
    provider_ids = {declaration.provider_id for declaration in declarations}
    periods = label_periods(provider_ids)
    capacities = dict(
        Facility.objects.filter(provider__in=provider_ids).values_list("pk", "licensed_capacity")
    )
    offers = defaultdict(list)
    for offer in PlaceOffer.objects.filter(provider__in=provider_ids):
        offers[offer.provider_id].append(offer)
    counts = _counts_of_the_period(declarations, rules)
    for declaration in declarations:
        first, last = month_bounds(declaration.month)
        labels = periods[declaration.provider_id]
        if not any(starts <= last and ends >= first for starts, ends in labels):
            continue
        yield _check(
            declaration,
            rules,
            counts[declaration.pk],
            places=(
                _reserved_places(offers[declaration.provider_id], last),
                capacities.get(declaration.provider_id),
            ),
            labels=labels,
            at=at,
        )


def _counts_of_the_period(declarations, rules):
    """The counts that each month is judged on: its own, or those of its year so far."""
    yearly = [d for d in declarations if rules.of(d).quota_period == "year"]
    if not yearly:
        return counts_of(declarations, rules.of)
    years = _of_the_years({(d.provider_id, d.month.year) for d in yearly})
    siblings = list(_declared().filter(years).order_by("pk"))
    counts = counts_of([*declarations, *siblings], rules.of)
    months = {(d.provider_id, d.month): d.pk for d in [*siblings, *yearly]}
    so_far, sums = defaultdict(Counts), {}
    for (provider_id, month), pk in sorted(months.items(), key=lambda item: item[0][1]):
        so_far[provider_id, month.year] += counts[pk]
        sums[pk] = so_far[provider_id, month.year]
    return counts | {d.pk: sums[d.pk] for d in yearly}


def _reserved_places(offers, on):
    """Places kept for AVIP families on that day; None where the provider blocks no place."""
    running = [
        offer.places
        for offer in offers
        if offer.from_on <= on and (offer.until is None or offer.until >= on)
    ]
    return sum(running) if running else None


def _check(declaration, rulebook, counts, *, places, labels, at):
    rules, last = rulebook.of(declaration), month_bounds(declaration.month)[1]
    until = ramp_up_ends_on(labels, last, rules.quota_ramp_up_months)
    judge = partial(
        quota,
        rate=rules.quota_rate,
        is_ramping_up=until is not None and last <= until,
        is_declared=not declaration.is_closed,  # nobody could come: never a shortfall
    )
    bases = {
        "children": (counts.avip_children, counts.all_children),
        "places": places,
        "hours": (counts.avip_minutes, counts.all_minutes),
    }
    verdicts = {basis: judge(*numbers) for basis, numbers in bases.items()}
    ruling = verdicts[rules.quota_basis]
    rule_values = rulebook.evidence(declaration)
    inputs = {
        "submitted_at": declaration.submitted_at.isoformat(),
        "bases": bases,
        "ramp_up_until": until and until.isoformat(),
        "rules": rule_values,
    }
    return QuotaCheck(
        provider_id=declaration.provider_id,
        caf_id=declaration.caf_id,
        declaration=declaration,
        month=declaration.month,
        checked_at=at,
        known_at=rules.known_at,
        avip_children=counts.avip_children,
        all_children=counts.all_children,
        rate_bp=ruling.rate_bp,
        required_bp=ruling.required_bp,
        missing=ruling.missing,
        verdict=ruling.verdict,
        other_bases={
            basis: vars(verdict) | dict(zip(("part", "whole"), bases[basis], strict=True))
            for basis, verdict in verdicts.items()
        },
        rule_values=rule_values | {"ramp_up_until": inputs["ramp_up_until"]},
        inputs_sha256=sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest(),
    )


def _evidence(entry):
    return {
        "value": to_json(entry.value),
        "reference": entry.reference,
        "since": entry.since.isoformat(),
        "is_local": entry.is_local,
    }


def _keep_alerts_true(checks, at):
    """Open, reword or close the alert of each provider judged, by its latest assessed month."""
    latest = (
        QuotaCheck.objects.filter(provider__in={check.provider_id for check in checks})
        .exclude(verdict=Verdict.NOT_ASSESSABLE)
        .order_by("provider_id", "-month")
        .distinct("provider_id")
        .values_list("provider_id", "month", "pk", "verdict", "rule_values__quota_mode__value")
    )
    at_hand = {(check.provider_id, check.month): check for check in checks}
    judged, short, elsewhere = set(), [], []
    for provider_id, month, pk, verdict, mode in latest:
        judged.add(provider_id)
        if verdict == Verdict.SHORT and mode == "required":
            check = at_hand.get((provider_id, month))
            short.append(check) if check else elsewhere.append(pk)
    alerts = Alert.objects.open().filter(kind=Alert.Kind.QUOTA, provider__in=judged)
    standing = {alert.provider_id: alert for alert in alerts.select_for_update(of=("self",))}
    over, opened = dict(standing), []
    for check in [*short, *QuotaCheck.objects.filter(pk__in=elsewhere)]:
        if alert := over.pop(check.provider_id, None):
            alert.text = finding(check)
        else:
            opened.append(_alert(check, at))
    for alert in over.values():
        alert.closed_at = at
    # Another month of the same crèche, judged at the same moment, may just have opened it.
    Alert.objects.bulk_create(opened, ignore_conflicts=True)
    Alert.objects.bulk_update(standing.values(), ["text", "closed_at"])


def _alert(check, at):
    return Alert(
        kind=Alert.Kind.QUOTA,
        provider_id=check.provider_id,
        caf_id=check.caf_id,
        month=check.month,
        text=finding(check),
        opened_at=at,
    )


def finding(check) -> str:
    """The month's shortfall in one sentence."""
    month = fr_month(check.month)
    if check.rule_values["quota_basis"]["value"] != "children":
        return f"{percent(check.rate_bp)} en {month}, pour {percent(check.required_bp)} demandés."
    return (
        f"{count_of(check.avip_children, 'enfant')} Avip sur {check.all_children} en {month}\xa0: "
        f"il en manque {check.missing} pour {percent(check.required_bp)}."
    )
