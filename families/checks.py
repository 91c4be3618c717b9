"""What the figures and the dates say: pure verdicts on the quota and the hours, and what falls due.

Nothing here writes, mails or asks what day it is. Shares are exact integers, in basis points.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from avip.jobs import SCHEDULES
from avip.templatetags.words import count_of, hours
from families.models import AvipContract
from partners.calendars import age_in_months, end_after_months

WHOLE = 10_000  # basis points


@dataclass(frozen=True)
class Quota:
    """A verdict (`QuotaCheck.Verdict`) with the numbers that explain it."""

    verdict: str
    rate_bp: int | None  # for the eye, rounded; a missed rule never rounds to a met one
    required_bp: int
    missing: int  # how many more, taking the place of others
    missing_if_added: int | None  # how many more, on top of the others; None: no number would do


def basis_points(rate: Decimal) -> int:
    """A share as whole basis points; raises ValueError when it is finer than that."""
    points = rate * WHOLE
    if points != int(points):
        raise ValueError(f"{rate} is finer than a basis point")
    return int(points)


def quota(
    part: int | None, whole: int | None, rate: Decimal, *, is_ramping_up=False, is_declared=True
) -> Quota:
    """Whether `part` of `whole` reaches `rate` (children, places or minutes; domain 9.1).

    Nothing declared, nobody present or no part known: not assessable, which is never a shortfall.
    While a fresh label ramps up the numbers are given without a verdict on them.
    """
    required = basis_points(rate)
    if not is_declared or not whole or part is None:
        return Quota("not_assessable", None, required, 0, None)
    gap = required * whole - part * WHOLE
    is_met = gap <= 0
    shown = (2 * part * WHOLE + whole) // (2 * whole)
    return Quota(
        verdict="ramp_up" if is_ramping_up else "compliant" if is_met else "short",
        rate_bp=shown if is_met else min(shown, required - 1),
        required_bp=required,
        missing=max(0, _ceil(gap, WHOLE)),
        missing_if_added=_missing_if_added(gap, required),
    )


def _missing_if_added(gap, required):
    if gap <= 0:
        return 0
    return _ceil(gap, WHOLE - required) if required < WHOLE else None


def _ceil(number, divisor):
    return -(-number // divisor)


def ramp_up_ends_on(label_dates, on: date, months: int) -> date | None:
    """The last day of the ramp-up of the label that runs on that day; None when none runs.

    `label_dates` are (first, last) in order. A renewed label goes on without a break: its history
    begins with the first of the chain.
    """
    since = previous_end = None
    for first, last in label_dates:
        if first > on:
            break
        if previous_end is None or first > previous_end + timedelta(days=1):
            since = first
        previous_end = last
    return end_after_months(since, months) if since else None


def counts_in_quota(
    *, minutes: int, birth_date: date, first_day: date, contract_until: date, rules
) -> bool:
    """Whether a child's care in a month counts: real hours after the last signature, under the age
    of the rule on some day of the month, and, once the contract is over, kept children by rule.
    """
    if minutes <= 0:
        return False
    if age_in_months(birth_date, first_day) >= rules.quota_max_child_age_months:
        return False
    return contract_until >= first_day or rules.quota_counts_retained


@dataclass(frozen=True)
class ChildCare:
    """The declared minutes of one AVIP child in a month; `key` is the field they were typed in."""

    key: str
    child_id: object
    minutes: int
    is_in_total: bool  # under the age of the rule: one of the children the two numbers count


def month_faults(
    care: list[ChildCare], children_present: int, hours_total: int, open_minutes: int
) -> dict[str, str]:
    """What a month cannot hold, in words, by field; empty when the numbers agree.

    `open_minutes` is the opening time of the month: no child can have more of it.
    """
    faults = {
        child.key: f"Ce mois compte {hours(open_minutes)} d’ouverture\xa0: "
        f"un enfant ne peut pas y avoir {hours(child.minutes)}."
        for child in care
        if child.minutes > open_minutes
    }
    counted = [child for child in care if child.minutes and child.is_in_total]
    present = len({child.child_id for child in counted})
    minutes = sum(child.minutes for child in counted)
    if children_present < present:
        faults["children_present"] = (
            f"{count_of(present, 'enfant Avip a,enfants Avip ont')} des heures ce mois-ci\xa0: "
            "le nombre de tous les enfants présents ne peut pas être plus petit."
        )
    most = children_present * open_minutes
    if hours_total * 60 > most:
        faults["hours_total"] = (
            f"{count_of(children_present, 'enfant')} et {hours(open_minutes)} d’ouverture "
            f"font au plus {hours(most)} d’accueil ce mois-ci."
        )
    elif minutes >= (hours_total + 1) * 60:
        faults["hours_total"] = (
            f"Les enfants Avip ont à eux seuls {hours(minutes)}\xa0: "
            "le total de tous les enfants ne peut pas être plus petit."
        )
    elif children_present and not hours_total:
        faults["hours_total"] = "Des enfants étaient présents\xa0: indiquez leurs heures d’accueil."
    return faults


def minutes_over_cap(minutes: int, cap_hours: int) -> int:
    """By how much declared care passes the monthly cap of a childminder; 0 within it."""
    return max(0, minutes - cap_hours * 60)


@dataclass(frozen=True)
class Reminder:
    """A contract that ends in `days` or fewer and the reminder due for it."""

    contract: AvipContract
    days: int

    @property
    def key(self):
        """The business key of this reminder, once per contract."""
        return f"{self.contract.pk}:{self.days}"


def contracts_ending(on: date) -> list[Reminder]:
    """For each running contract that ends soon and is not renewed, the latest reminder whose date
    has come.

    The one that is due now replaces the earlier ones that never left: after three days without a
    tick people get one mail that tells the truth of the day, not two that repeat each other. The
    same reminder found again is the same `key`. Past the last day there is none: the contract ends.
    """
    delays = SCHEDULES["contract_end_reminder_days"]
    contracts = (
        AvipContract.objects.filter(
            status=AvipContract.Status.ACTIVE,
            end_on__gte=on,
            end_on__lte=on + timedelta(days=max(delays)),
        )
        .exclude(renewal__status=AvipContract.Status.ACTIVE)
        .select_related("provider")
        .order_by("end_on", "pk")
    )
    return [
        Reminder(contract, min(days for days in delays if days >= (contract.end_on - on).days))
        for contract in contracts
    ]


def contracts_over(on: date):
    """The running contracts whose last day is past: they end today."""
    return AvipContract.objects.filter(status=AvipContract.Status.ACTIVE, end_on__lt=on).order_by(
        "end_on", "pk"
    )
