"""The hours of a childminder month by month, against the cap, by the method of the rules."""

import math
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from avip.templatetags.words import and_list, fr_day, fr_month, hours
from families.care import Care
from families.planning import Schedule, days_to_drop, minutes_per_week, planned_days
from labels.rules import RuleSet
from partners.calendars import Calendar, days, month_bounds

WEEKS_PER_YEAR = 52
MONTHS_PER_YEAR = 12
MINUTES = 60
QUARTER = 15  # hours a week are proposed by quarters of an hour


@dataclass(frozen=True)
class Month:
    """Minutes planned in one calendar month, against the cap; exact, by the average as well."""

    first: date
    asked: int | Fraction
    others: int | Fraction
    cap: int
    drop: list[date]  # the days to give up so that the month fits
    weekly: int | None = None  # by the average, the minutes a week that fit

    @property
    def total(self) -> int | Fraction:
        return self.asked + self.others

    @property
    def left(self) -> int:
        """What may still be planned; nothing when the cap is passed."""
        return max(math.floor(self.cap - self.total), 0)

    @property
    def is_over(self) -> bool:
        return self.total > self.cap

    @property
    def gauge(self) -> int:
        """The total in whole minutes, for the gauge."""
        return math.ceil(self.total)

    @property
    def gauge_max(self) -> int:
        """The end of the gauge: the cap, or what passes it."""
        return max(self.gauge, self.cap)

    @property
    def sentence(self) -> str:
        """Why this month is refused, and what would make it fit."""
        text = (
            f"{fr_month(self.first)} : {hours(self.gauge)} prévues, "
            f"le plafond est de {hours(self.cap)}"
        )
        if self.drop:
            days_ = and_list(fr_day(day) for day in self.drop)
            return f"{text}. Sans accueil {days_}, le mois tient."
        if self.weekly:
            return f"{text}. Proposez au plus {hours(self.weekly)} par semaine."
        return f"{text}. Proposez moins d’heures par semaine."


def months_against_cap(
    asked: Care,
    others: list[Care],
    calendar: Calendar,
    rules: RuleSet,
    *,
    first: date | None = None,
    last: date | None = None,
) -> list[Month]:
    """The planned minutes of each month that `asked` touches, by the method of the rules.

    Months are whole, whatever the days of `asked`: `first` and `last` show others beside them.
    """
    cap = rules.childminder_hours_month_cap * MINUTES
    average = rules.childminder_cap_method == "monthly_average"
    planned = by_average if average else by_calendar
    first = month_bounds(min(first or asked.first, asked.first))[0]
    last = month_bounds(max(last or asked.last, asked.last))[1]
    mine = planned(asked, calendar, first, last)
    theirs = [planned(care, calendar, first, last) for care in others]
    months = []
    while first <= last:
        start, end = month_bounds(first)
        minutes, taken = mine.get(first, 0), sum(care.get(first, 0) for care in theirs)
        drop, weekly, room = [], None, max(cap - taken, 0)
        if asked.children and minutes and minutes + taken > cap and average:
            fits = math.floor(room * MONTHS_PER_YEAR / (WEEKS_PER_YEAR * asked.children))
            weekly = fits - fits % QUARTER
        elif asked.children and minutes and minutes + taken > cap:
            bounds = max(start, asked.first), min(end, asked.last)
            drop = days_to_drop(asked.schedules[-1], calendar, *bounds, room // asked.children)
        months.append(Month(first, minutes, taken, cap, drop, weekly))
        first = end + timedelta(days=1)
    return months


def by_calendar(care, calendar, first, last):
    """The real days of each month; beside a text to sign, on the day of signature that adds most.

    Until all have signed the hours in force go on: the most is the first days of one, then the
    last days of the other.
    """
    first, last = max(first, care.first), min(last, care.last)
    now = _by_month(care.slots, calendar, first, last)
    months = {month: sum(minutes.values()) for month, minutes in now.items()}
    for text in care.pending:
        then = _by_month(text, calendar, first, last)
        for month in {*now, *then}:
            most = _most_by_signature(now.get(month, {}), then.get(month, {}))
            months[month] = max(months.get(month, 0), most)
    return {month: minutes * care.children for month, minutes in months.items() if minutes}


def _by_month(schedule, calendar, first, last):
    months = {}
    for day, minutes in planned_days(schedule, calendar, first, last).items():
        months.setdefault(day.replace(day=1), {})[day] = minutes
    return months


def _most_by_signature(now, then):
    """The largest month of hours in force until a day, then of the text signed that day."""
    total = most = sum(then.values())
    for day in sorted({*now, *then}):
        total += now.get(day, 0) - then.get(day, 0)
        most = max(most, total)
    return most


def by_average(care, calendar, first, last):
    """The week in force times 52/12, exactly; in a month of two weeks, the larger."""
    first, last = max(first, care.first), min(last, care.last)
    months = {}
    for day in days(first, last):
        months.setdefault(day.replace(day=1), []).append(day)
    return {
        month: max(_week_of(care, day) for day in month_days)
        * Fraction(care.children * WEEKS_PER_YEAR, MONTHS_PER_YEAR)
        for month, month_days in months.items()
    }


def _week_of(care, day):
    weeks = (s.week_of(day) if isinstance(s, Schedule) else s for s in care.schedules)
    return max(minutes_per_week(week) for week in weeks)
