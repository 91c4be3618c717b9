"""What is asked on the public pages and before a rule is set."""

from django import forms
from django.db.models import Exists, OuterRef

from families.forms.fields import PlaceForm
from labels.forms.rules import value_field
from labels.models import Label
from partners.models import Caf, Facility

AROUND = [("", "dans la commune"), *((km, f"à {km} km au plus") for km in (2, 5, 10, 20, 50))]


class CafChoice(forms.ModelChoiceField):
    def label_from_instance(self, caf):
        return f"{caf} ({caf.department_code})"


class DirectoryForm(PlaceForm):
    """The filters of the directory, kept in the address; nothing is asked for."""

    caf = CafChoice(
        label="Caf", empty_label="Toutes", required=False, queryset=Caf.objects.none(), blank=True
    )
    around = forms.TypedChoiceField(
        label="Distance", choices=AROUND, coerce=int, empty_value=None, required=False
    )
    type = forms.ChoiceField(
        label="Type", choices=[("", "Tous"), *Facility.Type.choices], required=False
    )

    field_order = ["caf", "place", "commune", "around", "type"]

    def __init__(self, *args, on, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["place"].required = False
        running = Label.objects.public().running_on(on).filter(caf=OuterRef("pk"))
        self.fields["caf"].queryset = Caf.objects.public().filter(Exists(running))

    def clean(self):
        cleaned = super().clean()
        commune = cleaned.get("commune") or None
        if cleaned.get("around") and not cleaned.get("place"):
            self.add_error("place", "Dites autour de quelle commune chercher.")
        elif cleaned.get("around") and getattr(commune, "lat", True) is None:
            self.add_error(
                "place", "La position de cette commune n’est pas connue\xa0: essayez sa voisine."
            )
        return cleaned

    def chosen(self):
        """[{label, url}] of the filters in place, each with the address without it."""
        found = []
        for name in ("caf", "place", "around", "type"):
            value = self.data.get(name)
            if not value:
                continue
            field, rest = self.fields[name], self.data.copy()
            shown = dict(getattr(field, "choices", ())).get(value, value)
            if name == "around":
                shown = dict(AROUND).get(int(value) if value.isdigit() else "", value)
            elif name == "caf":
                shown = next((text for key, text in field.choices if str(key) == value), value)
            for gone in (name, "page", *(("commune", "around") if name == "place" else ())):
                rest.pop(gone, None)
            found.append({"label": f"{field.label}\xa0: {shown}", "url": f"?{rest.urlencode()}"})
        return found


class TrialForm(forms.Form):
    """The value to try on the last declared month."""

    def __init__(self, *args, key, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["value"] = value_field(key)
        self.fields["value"].label = "Valeur à essayer"
        if self.fields["value"].localize:
            self.fields["value"].label += ", en\xa0%"
