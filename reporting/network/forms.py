"""The period and the commune of the figures, kept in the address."""

from datetime import date

from dateutil.relativedelta import relativedelta
from django import forms

from families.forms.fields import DayInput
from partners.calendars import month_bounds
from partners.models import Commune
from reporting.network.scope import communes_of

MOST_MONTHS = 36
USUAL_MONTHS = 12


class PeriodForm(forms.Form):
    """From when until when, in which commune; a year up to this month unless said otherwise."""

    du = forms.DateField(label="Du", required=False, widget=DayInput())
    au = forms.DateField(label="Au", required=False, widget=DayInput())
    commune = forms.ModelChoiceField(
        label="Commune", required=False, empty_label="Toutes", queryset=Commune.objects.none()
    )

    def __init__(self, data, *, user, on: date):
        first, last = usual_period(on)
        typed = data.copy()
        typed["du"] = typed.get("du") or first.isoformat()
        typed["au"] = typed.get("au") or last.isoformat()
        super().__init__(typed)
        self.given, self.last = data, last
        self.fields["commune"].queryset = communes_of(user)

    def clean(self):
        cleaned = super().clean()
        since, until = cleaned.get("du"), cleaned.get("au")
        if not (since and until):
            return cleaned
        if until < since:
            self.add_error("au", "La période finit après avoir commencé.")
        elif until > self.last:
            self.add_error("au", "Les chiffres s’arrêtent à la fin de ce mois.")
        elif since + relativedelta(months=MOST_MONTHS) < until:
            self.add_error("du", f"Choisissez au plus {MOST_MONTHS}\xa0mois.")
        return cleaned

    def chosen(self):
        """[{label, url}] of the filters in place, each with the address without it."""
        found = []
        for name, field in self.fields.items():
            if not self.given.get(name) or name not in self.cleaned_data:
                continue
            value, rest = self.cleaned_data[name], self.given.copy()
            rest.pop(name)
            said = f"{value:%d/%m/%Y}" if isinstance(value, date) else value
            found.append({"label": f"{field.label}\xa0: {said}", "url": f"?{rest.urlencode()}"})
        return found


def usual_period(on: date) -> tuple[date, date]:
    """The last twelve months, this one included."""
    first = on.replace(day=1) - relativedelta(months=USUAL_MONTHS - 1)
    return first, month_bounds(on)[1]
