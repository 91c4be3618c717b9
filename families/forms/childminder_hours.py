"""A childminder’s month counted day by day: the days planned, and what was added."""

from crispy_forms.layout import Fieldset, Layout
from django.core.exceptions import ValidationError

from avip.templatetags.words import fr_day
from families.forms.declarations import DeclarationForm, HoursField, say_child
from families.workflow.declarations import days_of

MINUTES_A_DAY = 24 * 60


class DayHoursField(HoursField):
    """The hours of one day."""

    def to_python(self, value):
        minutes = super().to_python(value)
        if minutes is not None and minutes > MINUTES_A_DAY:
            raise ValidationError("Une journée compte 24\xa0heures.", "invalid")
        return minutes


class DayByDayForm(DeclarationForm):
    """The same month, one field a planned day; only the total of each child is kept."""

    def __init__(self, *args, lines, **kwargs):
        super().__init__(*args, lines=lines, **kwargs)
        self.fields.pop("as_planned", None)
        days = days_of(self.declaration)
        self.names, parts = {}, []
        for line in lines:
            del self.fields[f"line_{line.pk}"]
            names = self._add_days(line, days.get(line.placement_id, {}))
            self.names[line.pk] = names
            parts.append(Fieldset(say_child(line, kwargs.get("reads_names", True)), *names))
        self.helper.layout = Layout("seen", *parts)

    def _add_days(self, line, days):
        names = []
        for day, minutes in days.items():
            name = f"line_{line.pk}_{day:%d}"
            self.fields[name] = DayHoursField(label=fr_day(day).capitalize(), initial=minutes)
            names.append(name)
        more = f"line_{line.pk}_more"
        self.fields[more] = HoursField(
            label="D’autres jours, en tout",
            required=False,
            help_text="Laissez vide s’il n’y en a pas eu.",
        )
        return [*names, more]

    def minutes_by_line(self):
        """The sum of the days of each line."""
        return {
            pk: sum(self.cleaned_data[name] or 0 for name in names)
            for pk, names in self.names.items()
        }
