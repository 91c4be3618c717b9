"""Declared months of every crèche, with the verdict on each and the alerts that are open."""

from collections import defaultdict
from datetime import timedelta

from django.utils import timezone

from families.models import (
    Alert,
    DeclarationLine,
    MonthlyDeclaration,
    Placement,
    QuotaCheck,
)
from partners.calendars import month_bounds
from tests.bench.places import Country, insert

REQUIRED_BP = 2_000
VALUES = {
    key: {"value": value, "reference": "CASF, art. L. 214-7, III", "since": "2017-01-01"}
    for key, value in [
        ("quota_rate", "0.20"),
        ("quota_basis", "children"),
        ("quota_mode", "required"),
    ]
}


def declare(country: Country) -> None:
    """A year of declared months; the viewed crèche has yet to declare the last one."""
    months = [country.today.replace(day=1)]
    for _ in range(country.size.declared_months):
        months.insert(0, (months[0] - timedelta(days=1)).replace(day=1))
    for first, after in zip(months, months[1:], strict=False):
        _declare(country, first, is_last=after == months[-1])


def _declare(country, month, is_last):
    now, rows, checks = timezone.now(), [], []
    for place in country.places:
        for provider in place.facilities:
            is_open = is_last and provider.pk == country.provider.pk
            children = country.random.randint(12, 60)
            rows.append(
                MonthlyDeclaration(
                    status="open" if is_open else "submitted" if is_last else "locked",
                    provider=provider,
                    caf=place.caf,
                    month=month,
                    children_present=None if is_open else children,
                    hours_total=None if is_open else children * 90,
                    submitted_at=None if is_open else now,
                )
            )
    insert(rows)
    of_provider = {row.provider_id: row for row in rows}
    lines = defaultdict(list)
    for placement in Placement.objects.during(*month_bounds(month)).filter(
        provider__kind="facility"
    ):
        lines[placement.provider_id].append(
            DeclarationLine(
                declaration=of_provider[placement.provider_id],
                placement=placement,
                planned_minutes=4_000,
                declared_minutes=3_900,
            )
        )
    insert(line for of_one in lines.values() for line in of_one)
    for row in rows:
        if row.status != "open":
            checks.append(_check(country, row, len(lines[row.provider_id]), now))
    insert(checks)
    if is_last:
        _alert(country, checks, now)


def _check(country, declaration, children, now):
    avip = max(children, country.random.randint(1, 15))
    whole = max(avip, declaration.children_present)
    missing = max(0, -(-(REQUIRED_BP * whole - avip * 10_000) // 10_000))
    return QuotaCheck(
        provider=declaration.provider,
        caf=declaration.caf,
        declaration=declaration,
        month=declaration.month,
        checked_at=now,
        known_at=now,
        avip_children=avip,
        all_children=whole,
        rate_bp=avip * 10_000 // whole,
        required_bp=REQUIRED_BP,
        missing=missing,
        verdict="short" if missing else "compliant",
        other_bases={
            basis: {"part": avip, "whole": whole, "rate_bp": 2_100, "missing_if_added": missing}
            for basis in ("children", "places", "hours")
        },
        rule_values=VALUES,
        inputs_sha256="0" * 64,
    )


def _alert(country, checks, now):
    insert(
        Alert(
            kind=Alert.Kind.QUOTA,
            provider=check.provider,
            caf=check.caf,
            month=check.month,
            text=f"Il manque {check.missing} enfants.",
            opened_at=now - timedelta(days=country.random.randint(1, 40)),
        )
        for check in checks
        if check.verdict == "short"
    )
