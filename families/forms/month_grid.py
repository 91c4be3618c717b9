"""One line of the grid of an operator: the month of one of its crèches."""

from django import forms

from families.forms.declarations import MOST_CHILDREN, HoursField
from families.models import MonthlyDeclaration

BY_CHILD = (
    "Les heures d’un enfant diffèrent du contrat\xa0: déclarez cette crèche sur sa propre page."
)


class MonthRowForm(forms.Form):
    """Two numbers, AVIP children as planned or not, closed or not; left empty, the line waits."""

    children_present = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=MOST_CHILDREN,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"invalid": "Écrivez un nombre entier d’enfants, par exemple 31."},
    )
    hours_total = HoursField(required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    as_planned = forms.BooleanField(required=False, initial=True)
    is_closed = forms.BooleanField(required=False)
    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args, declaration, **kwargs):
        super().__init__(*args, prefix=str(declaration.pk), **kwargs)
        self.declaration = declaration
        self.initial.setdefault("seen", declaration.revision)
        self.initial.setdefault("as_planned", not declaration.changed_lines)
        if declaration.children_present is not None and not declaration.is_closed:
            self.initial.setdefault("children_present", declaration.children_present)
            self.initial.setdefault("hours_total", declaration.hours_total * 60)
        words = {
            "children_present": "Enfants présents",
            "hours_total": "Heures d’accueil",
            "as_planned": "Avip comme prévu",
            "is_closed": "Fermée tout le mois",
        }
        name = declaration.provider.public_name
        for field, label in words.items():
            self.fields[field].label = f"{label}, {name}"
            attrs = self.fields[field].widget.attrs
            is_box = isinstance(self.fields[field], forms.BooleanField)
            attrs["class"] = "form-check-input" if is_box else "form-control short"

    @property
    def is_open(self):
        """Somebody may still declare this month."""
        return self.declaration.status == MonthlyDeclaration.Status.OPEN

    def is_filled(self):
        """Something was typed on this line, or its crèche was closed."""
        names = ("children_present", "hours_total", "is_closed")
        return any(self.data.get(self.add_prefix(name), "").strip() for name in names)

    def clean(self):
        cleaned = super().clean()
        if self.errors or cleaned["is_closed"]:
            return cleaned
        for name, words in [
            ("children_present", "Indiquez aussi le nombre d’enfants, 0 si personne n’est venu."),
            ("hours_total", "Indiquez aussi les heures d’accueil, 0 s’il n’y en a pas eu."),
        ]:
            if cleaned.get(name) is None:
                self.add_error(name, words)
        if not cleaned["as_planned"]:
            self.add_error("as_planned", BY_CHILD)
        return cleaned

    def numbers(self):
        """What to declare: the arguments of `submit`."""
        cleaned = self.cleaned_data
        if cleaned["is_closed"]:
            return {"is_closed": True, "seen": cleaned["seen"]}
        return {
            "children_present": cleaned["children_present"],
            "hours_total": (cleaned["hours_total"] + 30) // 60,  # declared whole
            "seen": cleaned["seen"],
        }

    def all_errors(self):
        """Every reason why this line is refused, in the order of its fields."""
        return [error for errors in self.errors.values() for error in errors]
