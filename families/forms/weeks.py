"""The hours of a week of care, day by day, and dated days: fields that several forms share."""

from datetime import timedelta

from django import forms

from avip.templatetags.words import fr_time
from families.forms.fields import DayInput, HourInput
from families.models.places import NOON, HalfDay
from partners.models.calendars import Weekday


class WeekForm(forms.Form):
    """Hours on each weekday, drawn by `families/_referral_week.html`; `slots` once valid."""

    def __init__(self, *args, calendar, keys=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.calendar = calendar
        for day, name in self._days():
            for end, words in (("starts", "de"), ("ends", "à")):
                self.fields[f"{end}_{day}"] = forms.TimeField(
                    label=f"{name.capitalize()}, {words}",
                    required=False,
                    widget=HourInput(**{"class": "form-control"}),
                )
            self._prefill(day, keys)

    def _days(self):
        """The working week, and the days of the weekend on which the provider opens."""
        return [(d, name) for d, name in Weekday.choices if d < 5 or self.calendar.hours.get(d)]

    def _prefill(self, day, keys):
        """Half-days chosen in the search become hours within the provider's own."""
        halves = [half for half in HalfDay.values if f"{day}-{half}" in keys]
        hours = self.calendar.hours.get(day)
        if not halves or not hours:
            return
        opens, closes = hours[0][0], hours[-1][1]
        self.initial[f"starts_{day}"] = opens if HalfDay.MORNING in halves else max(opens, NOON)
        self.initial[f"ends_{day}"] = closes if HalfDay.AFTERNOON in halves else min(closes, NOON)

    @property
    def week(self):
        """For the page: each day with its two fields and the provider's hours."""
        return [
            {
                "name": name,
                "fields": [self[f"starts_{day}"], self[f"ends_{day}"]],
                "hours": ", ".join(
                    f"{fr_time(opens)} – {fr_time(closes)}"
                    for opens, closes in self.calendar.hours.get(day, [])
                ),
            }
            for day, name in self._days()
        ]

    def clean(self):
        cleaned = super().clean()
        slots = []
        for day, name in self._days():
            starts, ends = cleaned.get(f"starts_{day}"), cleaned.get(f"ends_{day}")
            if starts and ends:
                slots.append((day, starts, ends))
            elif starts or ends:
                missing = "ends" if starts else "starts"
                if f"{missing}_{day}" not in self.errors:
                    self.add_error(f"{missing}_{day}", f"Complétez les heures du {name}.")
        cleaned["slots"] = slots
        return cleaned


class DaysForm(forms.Form):
    """Dated hours, one line per day, drawn by `families/_referral_days.html`; `days` once valid."""

    def __init__(self, *args, lines, on, **kwargs):
        super().__init__(*args, **kwargs)
        self.lines = range(lines)
        for line in self.lines:
            number = line + 1
            first = line == 0
            self.fields[f"day_{line}"] = forms.DateField(
                label=f"Jour {number}",
                required=first,
                widget=DayInput(**{"class": "form-control", "min": on.isoformat()}),
            )
            for end, words in (("starts", "de"), ("ends", "à")):
                self.fields[f"{end}_{line}"] = forms.TimeField(
                    label=f"Jour {number}, {words}",
                    required=first,
                    widget=HourInput(**{"class": "form-control"}),
                )

    @property
    def dated(self):
        """For the page: the three fields of each line."""
        return [
            [self[f"{name}_{line}"] for name in ("day", "starts", "ends")] for line in self.lines
        ]

    def clean(self):
        cleaned = super().clean()
        days = []
        for line in self.lines:
            values = [cleaned.get(f"{name}_{line}") for name in ("day", "starts", "ends")]
            if all(values):
                days.append(tuple(values))
            elif any(values) and line:
                self.add_error(f"day_{line}", "Complétez le jour et ses heures, ou videz la ligne.")
        cleaned["days"] = days
        return cleaned


def next_working_day(calendar, on):
    """Tomorrow, or the first day after it on which the provider opens."""
    tomorrow = on + timedelta(days=1)
    return calendar.next_opening(tomorrow) or tomorrow
