"""Dates and opening time: pure functions of a calendar and a day, told what day it is."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays
from dateutil.relativedelta import relativedelta

# Overseas départements and Alsace-Moselle have holidays of their own (the library's codes).
HOLIDAY_AREAS = {
    "57": "57",
    "67": "6AE",
    "68": "6AE",
    "971": "971",
    "972": "972",
    "973": "973",
    "974": "974",
    "976": "976",
}


def end_after_months(start: date, months: int) -> date:
    """The last day of a period of `months` from `start`: start + months, clamped, minus one day.

    30 November 2025 + 3 months ends on 27 February 2026 (domain 9.2).
    """
    return start + relativedelta(months=months) - timedelta(days=1)


def age_in_months(birth_date: date, on: date) -> int:
    """Whole months of age on that day; negative before birth."""
    delta = relativedelta(on, birth_date)
    return delta.years * 12 + delta.months


def month_bounds(month: date) -> tuple[date, date]:
    """First and last day of the month of that day."""
    first = month.replace(day=1)
    return first, first + relativedelta(months=1) - timedelta(days=1)


def days(first: date, last: date):
    """Every day from the first to the last, both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


@cache
def public_holidays(department_code: str, year: int) -> frozenset:
    """The public holidays of a département in a year."""
    area = HOLIDAY_AREAS.get(department_code)
    subdiv = area if area in holidays.France.subdivisions else None
    return frozenset(holidays.France(years=year, subdiv=subdiv))


@dataclass(frozen=True)
class Calendar:
    """When a provider is open: intervals per weekday, closures, holidays of its département."""

    hours: dict[int, list[tuple[time, time]]] = field(default_factory=dict)  # 0 = Monday
    closures: list[tuple[date, date]] = field(default_factory=list)
    department_code: str = ""
    time_zone: str = "Europe/Paris"

    def is_closed(self, day: date) -> bool:
        """A public holiday or a day of closure; the weekday does not matter here."""
        return day in public_holidays(self.department_code, day.year) or any(
            first <= day <= last for first, last in self.closures
        )

    def intervals(self, day: date) -> list[tuple[time, time]]:
        """The opening intervals of that day, none when closed."""
        return [] if self.is_closed(day) else self.hours.get(day.weekday(), [])

    def next_opening(self, day: date, within: int = 120) -> date | None:
        """The first open day from that day on; None when there is none within so many days."""
        return next((d for d in days(day, day + timedelta(days=within)) if self.intervals(d)), None)

    def add_opening_hours(self, start: datetime, hours: int) -> datetime:
        """The moment when `hours` of opening time have passed since `start` (aware datetimes).

        A provider without known hours answers in plain hours.
        """
        if not any(self.hours.values()):
            return start + timedelta(hours=hours)
        zone = ZoneInfo(self.time_zone)
        left = timedelta(hours=hours)
        day = start.astimezone(zone).date()
        for offset in range(366):
            for opens, closes in self.intervals(day + timedelta(days=offset)):
                begins = datetime.combine(day + timedelta(days=offset), opens, zone)
                ends = datetime.combine(day + timedelta(days=offset), closes, zone)
                begins = max(begins, start)
                if begins >= ends:
                    continue
                if ends - begins >= left:
                    return begins + left
                left -= ends - begins
        return start + timedelta(hours=hours)


GATES = []


def gate_of_openings(function):
    """Register `function(provider, calendar, on) -> French reasons` against fewer closed days."""
    GATES.append(function)
    return function


def reasons_to_stay_closed(provider, closures, on: date) -> list[str]:
    """Why this provider may not keep these closures alone; its row is locked by the caller."""
    then = replace(calendar_of(provider), closures=closures)
    return [reason for gate in GATES for reason in gate(provider, then, on)]


def calendar_of(provider) -> Calendar:
    """The calendar of a provider: two queries, none when hours and closures are prefetched."""
    hours = {}
    for row in provider.opening_hours.all():
        hours.setdefault(row.weekday, []).append((row.opens, row.closes))
    return replace(closures_of(provider), hours=hours)


def closures_of(provider) -> Calendar:
    """When a provider is closed, whatever its hours: half of `calendar_of`."""
    return Calendar(
        closures=[(row.first_day, row.last_day) for row in provider.closures.all()],
        department_code=provider.caf.department_code,
        time_zone=provider.caf.time_zone,
    )
