"""The schedule of a contract on real dates: its versions one after the other, its adjustments."""

from datetime import date, timedelta

from django.db.models import Prefetch
from django.utils import timezone

from avip.templatetags.words import NBSP, and_list, fr_day, fr_time
from families.models import ContractVersion
from families.planning import Schedule
from partners.calendars import Calendar, days


def parts(to="") -> list:
    """What to prefetch, from contracts reached by `to` ("contract__"), before `schedule_of`."""
    versions = (
        ContractVersion.objects.filter(in_force_at__isnull=False)
        .defer("html")
        .prefetch_related("slots", "exceptions")
        .order_by("number")
    )
    return [
        Prefetch(f"{to}versions", queryset=versions, to_attr="signed_versions"),
        f"{to}adjustments__slots",
    ]


def schedule_of(contracts) -> Schedule:
    """The schedule of a contract and of those that follow it (prefetch `parts`).

    A version holds from its first day, or from its last signature when that came later, until the
    next one does. What was adjusted before a version was proposed ends where it begins.
    """
    versions = [
        version
        for contract in sorted(contracts, key=lambda contract: contract.number)
        for version in _signed(contract)
    ]
    if not versions:
        return Schedule([])
    begins = [_begins(version) for version in versions]
    begins[0] = min(begins[0], versions[0].start_on)
    following = [*begins[1:], None]
    periods, exceptions = [], {}
    for version, first, then in zip(versions, begins, following, strict=True):
        last = then - timedelta(days=1) if then else None
        if then:
            periods.append((first, last, list(version.slots.all())))
        for row in version.exceptions.all():
            if first <= row.day and (last is None or row.day <= last):
                intervals = exceptions.setdefault(row.day, [])
                if row.starts:
                    intervals.append((row.starts, row.ends))
    adjustments = [
        _until_the_next_version(row, versions, begins)
        for contract in contracts
        for row in sorted(contract.adjustments.all(), key=lambda row: row.made_at)
        if row.cancelled_at is None
    ]
    periods += [period for period in adjustments if period]
    return Schedule(list(versions[-1].slots.all()), exceptions, periods)


def followed_by(current: Schedule, new: Schedule, first, last=None) -> Schedule:
    """`current` until the eve of `first`, then `new`, until `last` when it is given."""
    eve = first - timedelta(days=1)
    if last is not None:
        kept = current.exceptions | new.exceptions
        return Schedule(current.slots, kept, [*current.adjustments, (first, last, new.slots)])
    before = {day: hours for day, hours in current.exceptions.items() if day < first}
    cut = [
        (begins, eve if ends is None else min(ends, eve), slots)
        for begins, ends, slots in current.adjustments
        if begins < first
    ]
    return Schedule(new.slots, before | new.exceptions, [(date.min, eve, current.slots), *cut])


def _signed(contract):
    if hasattr(contract, "signed_versions"):
        return contract.signed_versions
    return list(contract.versions.filter(in_force_at__isnull=False).order_by("number"))


def _begins(version):
    if version.number == 1:
        return version.start_on
    return max(version.start_on, timezone.localtime(version.in_force_at).date())


def _until_the_next_version(row, versions, begins):
    last = row.until
    for version, first in zip(versions, begins, strict=True):
        if version.proposed_at and version.proposed_at > row.made_at and first > row.from_on:
            eve = first - timedelta(days=1)
            last = eve if last is None else min(last, eve)
        elif version.proposed_at and version.proposed_at > row.made_at:
            return None
    return (row.from_on, last, list(row.slots.all()))


def exceptions_of(version) -> dict:
    """The particular days of one version: {day: [(starts, ends)]}, none when there is no care."""
    return hours_of_days(version.exceptions.all())


def hours_of_days(rows) -> dict:
    """Rows of particular days as {day: [(starts, ends)]}."""
    found = {}
    for row in rows:
        intervals = found.setdefault(row.day, [])
        if row.starts:
            intervals.append((row.starts, row.ends))
    return found


def say_exceptions(exceptions) -> list[str]:
    """« du lundi 2 mars au vendredi 6 mars : 9 h – 17 h », « jeudi 12 mars : pas d’accueil »."""
    runs = []
    for day in sorted(exceptions):
        intervals = sorted(exceptions[day])
        if runs and runs[-1][2] == intervals and day - runs[-1][1] == timedelta(days=1):
            runs[-1][1] = day
        else:
            runs.append([day, day, intervals])
    return [f"{_say_days(first, last)}{NBSP}: {_say_hours(hours)}" for first, last, hours in runs]


def _say_days(first, last):
    if first == last:
        return f"{fr_day(first)}{NBSP}{first.year}"
    return f"du {fr_day(first)} au {fr_day(last)}{NBSP}{last.year}"


def _say_hours(intervals):
    if not intervals:
        return "pas d’accueil"
    return and_list(f"{fr_time(starts)}{NBSP}–{NBSP}{fr_time(ends)}" for starts, ends in intervals)


def say_closed_days(schedule, calendar: Calendar, first, last) -> list[str]:
    """The days on which care is planned and the doors are closed: holidays, closures, leave."""
    closed = {
        day: [] for day in days(first, last) if calendar.is_closed(day) and schedule.intervals(day)
    }
    return [_say_days(run[0], run[-1]) for run in _runs(closed, calendar)]


def _runs(closed, calendar):
    """Closed days in a row, across the days without care between them that are closed as well."""
    runs = []
    for day in closed:
        if runs and all(calendar.is_closed(d) or d.weekday() > 4 for d in days(runs[-1][-1], day)):
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs
