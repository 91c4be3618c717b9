"""The place of a childminder: from when, for whom, at what hours of her week, on which dates not.

An empty day is a day without care: « jamais ».
"""

from django import forms

from avip.templatetags.words import fr_date, fr_time
from families.forms.fields import DayInput, HourInput
from families.models import PlaceOffer
from families.place_planning import keep_planning
from labels.rules import rules_for
from partners.models.calendars import Weekday

INTERVALS = 2  # on one day
SPARE_DATES = 3  # empty lines for dates that differ
ENDS = ("starts", "ends")
TEXT = {"class": "form-control"}
NUMBER = {"inputmode": "numeric", "class": "short form-control"}
CHECK = {"class": "form-check-input"}


class PlanningForm(forms.ModelForm):
    """One place with its week and its dates; `seen` is the revision the page showed."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = PlaceOffer
        fields = [
            "places",
            "from_on",
            "until",
            "min_age_months",
            "max_age_months",
            "atypical_hours",
            "emergency_care",
            "note",
        ]
        widgets = {
            "places": forms.NumberInput(attrs=NUMBER),
            "from_on": DayInput(**TEXT),
            "until": DayInput(**TEXT),
            "min_age_months": forms.NumberInput(attrs=NUMBER),
            "max_age_months": forms.NumberInput(attrs=NUMBER),
            "atypical_hours": forms.CheckboxInput(attrs=CHECK),
            "emergency_care": forms.CheckboxInput(attrs=CHECK),
            "note": forms.TextInput(attrs=TEXT),
        }
        help_texts = {"note": "Lue par les conseillers."}

    def __init__(self, *args, provider, on, **kwargs):
        super().__init__(*args, **kwargs)
        self.provider, self.on = provider, on
        self.fields["seen"].initial = self.instance.revision
        if rules_for(provider.caf, on).childminder_max_places == 1:
            del self.fields["places"]
        if self.instance._state.adding:
            self.initial.setdefault("from_on", on)
            rows, dates = list(provider.opening_hours.all()), []
            slots = [(row.weekday, row.opens, row.closes) for row in rows]
        else:
            slots = [(s.weekday, s.starts, s.ends) for s in self.instance.slots.all()]
            dates = [d for d in self.instance.days.all() if d.day >= on]
        self._add_week(slots)
        self._add_dates(dates)

    def _add_week(self, slots):
        by_day = {}
        for weekday, starts, ends in slots:
            by_day.setdefault(weekday, []).append((starts, ends))
        for weekday, name in Weekday.choices:
            for number in range(max(INTERVALS, len(by_day.get(weekday, [])))):
                hours = by_day.get(weekday, [])[number : number + 1]
                self._add_hours(f"{weekday}_{number}", name.capitalize(), hours)
        self.intervals_of = {
            weekday: max(INTERVALS, len(by_day.get(weekday, []))) for weekday in Weekday.values
        }

    def _add_hours(self, suffix, name, hours):
        for index, (end, words) in enumerate(zip(ENDS, ("de", "à"), strict=True)):
            field = forms.TimeField(
                label=f"{name}, {words}",
                required=False,
                widget=HourInput(**{"class": "form-control"}),
            )
            self.fields[f"{end}_{suffix}"] = field
            if hours:
                self.initial[f"{end}_{suffix}"] = hours[0][index]

    def _add_dates(self, dates):
        sent = sum(1 for name in self.data if name.startswith("date_")) if self.is_bound else 0
        self.lines = range(max(sent, len(dates) + SPARE_DATES))
        for line in self.lines:
            row = dates[line] if line < len(dates) else None
            name = f"Date {line + 1}"
            self.fields[f"date_{line}"] = forms.DateField(
                label=name, required=False, widget=DayInput(**{"class": "form-control"})
            )
            if row:
                self.initial[f"date_{line}"] = row.day
            hours = [(row.starts, row.ends)] if row and row.starts else []
            self._add_hours(f"on_{line}", name, hours)

    @property
    def period(self):
        """For the page: its first and last days."""
        return [self["from_on"], self["until"]]

    @property
    def week(self):
        """For the page: each day, its fields two by two; the second pair is folded when empty."""
        return [
            {
                "name": name,
                "pairs": [
                    self._pair(weekday, number) for number in range(self.intervals_of[weekday])
                ],
                "unfolds": any(
                    field.value() or field.errors
                    for number in range(1, self.intervals_of[weekday])
                    for field in self._pair(weekday, number)
                ),
            }
            for weekday, name in Weekday.choices
        ]

    def _pair(self, weekday, number):
        return [self[f"{end}_{weekday}_{number}"] for end in ENDS]

    @property
    def dated(self):
        """For the page: the three fields of each line."""
        return [
            [self[f"date_{line}"], *(self[f"{end}_on_{line}"] for end in ENDS)]
            for line in self.lines
        ]

    @property
    def whom(self):
        """For the page: the fields that follow the week."""
        names = ["min_age_months", "max_age_months", "note"]
        return [self[name] for name in (["places"] if "places" in self.fields else []) + names]

    @property
    def boxes(self):
        """For the page: what may be ticked."""
        return [self["atypical_hours"], self["emergency_care"]]

    def clean(self):
        cleaned = super().clean()
        youngest, oldest = cleaned.get("min_age_months"), cleaned.get("max_age_months")
        if oldest is not None and youngest is not None and oldest < youngest:
            self.add_error("max_age_months", "L’âge maximum vient après l’âge minimum.")
        cleaned["slots"] = self._clean_week(cleaned)
        cleaned["days"] = self._clean_dates(cleaned)
        if not cleaned["slots"] and not self.errors:
            self.add_error("starts_0_0", "Donnez au moins un jour et ses heures.")
        return cleaned

    def _clean_week(self, cleaned):
        slots = []
        for weekday, name in Weekday.choices:
            taken = []
            for number in range(self.intervals_of[weekday]):
                hours = self._hours(cleaned, f"{weekday}_{number}", f"le {name}", taken)
                if hours:
                    taken.append(hours)
                    slots.append((weekday, *hours))
        return slots

    def _clean_dates(self, cleaned):
        """Each date once or with several intervals; a date alone is a day without care."""
        days, by_date = [], {}
        for line in self.lines:
            day, name = cleaned.get(f"date_{line}"), f"date_{line}"
            if day is None:
                if cleaned.get(f"starts_on_{line}") or cleaned.get(f"ends_on_{line}"):
                    self.add_error(name, "Dites de quel jour il s’agit, ou videz la ligne.")
                continue
            if day < self.on:
                self.add_error(name, "Ce jour est passé\xa0: videz la ligne.")
                continue
            taken = by_date.setdefault(day, [])
            hours = self._hours(cleaned, f"on_{line}", f"le {fr_date(day)}", taken)
            if taken and (hours is None or None in taken):
                self.add_error(name, f"Le {fr_date(day)} est déjà sur une autre ligne.")
                continue
            taken.append(hours)
            days.append((day, *(hours or (None, None))))
        return days

    def _hours(self, cleaned, suffix, when, taken):
        """(starts, ends) of two fields, None when both are empty or make no sense, said beside."""
        first, last = f"starts_{suffix}", f"ends_{suffix}"
        if first in self.errors or last in self.errors:
            return None
        starts, ends = cleaned.get(first), cleaned.get(last)
        if starts is None and ends is None:
            return None
        if starts is None or ends is None:
            self.add_error(last if starts else first, f"Complétez les heures\xa0: {when}.")
        elif ends <= starts:
            self.add_error(last, f"L’heure de fin vient après {fr_time(starts)}\xa0: {when}.")
        elif clash := next((t for t in taken if t and starts < t[1] and t[0] < ends), None):
            self.add_error(
                first,
                f"Deux horaires se chevauchent {when}\xa0: l’autre va de {fr_time(clash[0])} "
                f"à {fr_time(clash[1])}.",
            )
        else:
            return starts, ends
        return None

    def record(self, *, by):
        """Write the place; raises StepRefused when it changed since, or beyond the rule."""
        cleaned = self.cleaned_data
        names = [name for name in self._meta.fields if name in self.fields]
        # The form has filled the instance in: an existing row is read again under its lock.
        keep_planning(
            self.instance,
            self.provider,
            fields={name: cleaned[name] for name in names},
            slots=cleaned["slots"],
            days=cleaned["days"],
            by=by,
            on=self.on,
            seen=cleaned["seen"] or 0,
        )

    def show_again(self):
        """After a refusal: what was typed, over the place as it is now."""
        self.data = self.data.copy()
        self.data["seen"] = self.instance.revision
