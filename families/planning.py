"""Planned care: a weekly schedule laid on real dates, closures and public holidays taken out."""

from dataclasses import dataclass, field
from datetime import date, time

from avip.templatetags.words import weekday_name
from partners.calendars import Calendar, days


@dataclass(frozen=True)
class Schedule:
    """The week of a contract with what changes it: its signed exceptions, its dated adjustments.

    Goes wherever weekly slots go. A particular day that all signed comes before an adjustment of
    the week; of two adjustments the later one holds.
    """

    slots: list
    exceptions: dict[date, list] = field(default_factory=dict)  # no interval: no care that day
    adjustments: list = field(default_factory=list)  # (first, last or None, slots), as they came

    def __iter__(self):
        return iter(self.slots)

    def __len__(self):
        return len(self.slots)

    def week_of(self, day: date) -> list:
        """The weekly slots that hold on that day."""
        for first, last, slots in reversed(self.adjustments):
            if first <= day and (last is None or day <= last):
                return slots
        return self.slots

    def intervals(self, day: date) -> list[tuple[time, time]]:
        """The hours of care of that day, whether or not the doors are open."""
        if day in self.exceptions:
            return self.exceptions[day]
        return [(s.starts, s.ends) for s in self.week_of(day) if s.weekday == day.weekday()]


def minutes_between(starts: time, ends: time) -> int:
    """Length of an interval of one day, by the clock on the wall: summer time changes nothing."""
    return (ends.hour - starts.hour) * 60 + ends.minute - starts.minute


def minutes_per_week(slots) -> int:
    """The minutes of an ordinary week; `slots` have `weekday`, `starts`, `ends`."""
    return sum(slot.minutes for slot in slots)


def reasons_of_week(slots) -> list[str]:
    """Why these (weekday, starts, ends) make no week: none, upside down, overlapping."""
    if not slots:
        return ["Indiquez au moins un jour et ses heures."]
    reasons, last = [], {}
    for weekday, starts, ends in sorted(slots):
        if ends <= starts:
            reasons.append(
                f"Le {weekday_name(weekday)}, l’heure de fin vient après l’heure de début."
            )
        elif starts < last.get(weekday, time.min):
            reasons.append(f"Le {weekday_name(weekday)}, deux horaires se chevauchent.")
        last[weekday] = max(ends, last.get(weekday, time.min))
    return reasons


def planned_days(slots, calendar: Calendar, first: date, last: date) -> dict[date, int]:
    """Minutes of care planned on each day of the period on which some are, in order of date."""
    schedule = slots if isinstance(slots, Schedule) else Schedule(list(slots))
    found = {}
    for day in days(first, last):
        minutes = sum(minutes_between(*interval) for interval in schedule.intervals(day))
        if minutes and not calendar.is_closed(day):
            found[day] = minutes
    return found


def planned_minutes(slots, calendar: Calendar, first: date, last: date) -> int:
    """Minutes of care planned in the period, both ends included."""
    return sum(planned_days(slots, calendar, first, last).values())


def planned_by_month(slots, calendar: Calendar, first: date, last: date) -> dict[date, int]:
    """Minutes planned in each calendar month the period touches, keyed by its first day."""
    months = {}
    for day, minutes in planned_days(slots, calendar, first, last).items():
        month = day.replace(day=1)
        months[month] = months.get(month, 0) + minutes
    return months


def days_to_drop(
    slots, calendar: Calendar, first: date, last: date, cap_minutes: int
) -> list[date]:
    """The last planned days to give up so that the period fits under the cap."""
    planned = planned_days(slots, calendar, first, last)
    excess = sum(planned.values()) - cap_minutes
    dropped = []
    for day in reversed(planned):
        if excess <= 0:
            break
        dropped.append(day)
        excess -= planned[day]
    return sorted(dropped)


def opening_minutes(calendar: Calendar, first: date, last: date) -> int:
    """Minutes the provider is open in the period; without known hours, it may be open all day."""
    if not any(calendar.hours.values()):
        return 24 * 60 * sum(not calendar.is_closed(day) for day in days(first, last))
    return sum(
        (closes.hour - opens.hour) * 60 + closes.minute - opens.minute
        for day in days(first, last)
        for opens, closes in calendar.intervals(day)
    )
