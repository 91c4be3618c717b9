"""« Point du mois »: two numbers, and the hours of each AVIP child as people write hours."""

import re

import django_filters
from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Fieldset, Layout
from django import forms

from avip.templatetags.words import age_months, fr_month, hours, number
from families.models import MonthlyDeclaration
from families.wording import say_age_limit
from families.workflow.declarations import faults_of
from labels.filters import ListFilter
from partners.models import Provider

MOST_CHILDREN = 999
MOST_MINUTES = 999_999 * 60
HOURS_AND_MINUTES = re.compile(r"(\d+)(?:h|:)(?:([0-5]?\d)(?:min|mn)?)?")
DECIMAL_HOURS = re.compile(r"(\d+)[.,](\d{1,2})h?")
MINUTES = re.compile(r"(\d+)(?:min|mn)")
HOURS = re.compile(r"\d+")
THOUSANDS_APART = re.compile(r"\d{1,3}(?: \d{3})+(?!\d)")


def read_hours(text: str) -> int | None:
    """The minutes of « 21 h 30 », « 21:30 », « 21,5 », « 1 250 h » or « 45 min »; else None."""
    text = " ".join(text.lower().replace("heures", "h").replace("heure", "h").split())
    text = THOUSANDS_APART.sub(lambda found: found[0].replace(" ", ""), text)
    if re.search(r"\d \d", text):
        return None
    text = text.replace(" ", "")
    if found := HOURS_AND_MINUTES.fullmatch(text):
        return int(found[1]) * 60 + int(found[2] or 0)
    if found := DECIMAL_HOURS.fullmatch(text):
        return int(found[1]) * 60 + round(int(found[2].ljust(2, "0")) * 60 / 100)
    if found := MINUTES.fullmatch(text):
        return int(found[1])
    return int(text) * 60 if HOURS.fullmatch(text) else None


class HoursField(forms.Field):
    """A length of time, in minutes; typed with hours, minutes or decimals."""

    widget = forms.TextInput(attrs={"class": "short", "autocomplete": "off"})
    default_error_messages = {
        "invalid": "Écrivez des heures, par exemple 21\xa0h, 21\xa0h\xa030, 21:30 ou 21,5.",
        "required": "Indiquez des heures, 0 s’il n’y en a pas eu.",
    }

    def to_python(self, value):
        if value in self.empty_values:
            return None
        minutes = read_hours(str(value))
        if minutes is None or minutes > MOST_MINUTES:
            raise forms.ValidationError(self.error_messages["invalid"], "invalid")
        return minutes

    def prepare_value(self, value):
        return (hours(value) if value else "0\xa0h") if isinstance(value, int) else value


class DeclarationForm(forms.Form):
    """The month of one provider; a childminder declares the hours of each child alone."""

    children_present = forms.IntegerField(
        label="Enfants présents au moins un jour",
        min_value=0,
        max_value=MOST_CHILDREN,
        widget=forms.TextInput(
            attrs={"class": "short", "inputmode": "numeric", "autocomplete": "off"}
        ),
        error_messages={
            "required": "Indiquez un nombre, 0 si personne n’est venu.",
            "invalid": "Écrivez un nombre entier, par exemple 31.",
        },
    )
    hours_total = HoursField(label="Heures d’accueil de tous ces enfants")
    as_planned = forms.BooleanField(
        label="Comme prévu pour tous",
        required=False,
        help_text="Les heures prévues remplacent celles écrites ci-dessous.",
    )
    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args, declaration, lines, previous, rules, reads_names=True, **kwargs):
        super().__init__(*args, **kwargs)
        self.declaration, self.lines = declaration, lines
        if all(line.declared_minutes == line.planned_minutes for line in lines):
            del self.fields["as_planned"]  # they are written so already
        self.fields["seen"].initial = declaration.revision
        self._beside_last_month(previous)
        for line in lines:
            self.fields[f"line_{line.pk}"] = HoursField(
                label=say_child(line, reads_names),
                initial=line.declared_minutes,
                help_text=_planned(line),
            )
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.age_limit = say_age_limit(rules.quota_max_child_age_months)
        self.helper.layout = self._layout(self.age_limit)

    def _beside_last_month(self, previous):
        if self.declaration.provider.is_childminder:
            del self.fields["children_present"], self.fields["hours_total"]
            return
        self.initial.setdefault("children_present", self.declaration.children_present)
        if self.declaration.hours_total is not None:
            self.initial.setdefault("hours_total", self.declaration.hours_total * 60)
        if previous is None:
            self.fields["children_present"].help_text = "Comptez chaque enfant une fois."
            return
        month = fr_month(previous.month).capitalize()
        self.fields[
            "children_present"
        ].help_text = (
            f"{month}\xa0: {number(previous.children_present)}. Comptez chaque enfant une fois."
        )
        self.fields["hours_total"].help_text = f"{month}\xa0: {hours(previous.hours_total * 60)}."

    def _layout(self, age_limit):
        names = [f"line_{line.pk}" for line in self.lines]
        if "as_planned" in self.fields:
            names.insert(0, "as_planned")
        nobody = HTML('<p class="muted">Aucun enfant ce mois-ci.</p>')
        parts = [Fieldset("Enfants accueillis au titre du label", *(names or [nobody]))]
        if "children_present" in self.fields:
            numbers = ["children_present", "hours_total"]
            parts.insert(0, Fieldset(f"Tous les enfants de moins de {age_limit}", *numbers))
        return Layout("seen", *parts)

    def clean(self):
        cleaned = super().clean()
        if self.errors:
            return cleaned
        if cleaned.get("hours_total") is not None:
            cleaned["hours_total"] = (cleaned["hours_total"] + 30) // 60  # declared whole
        if "children_present" in self.fields:
            numbers = cleaned["children_present"], cleaned["hours_total"]
            faults = faults_of(self.declaration, self.lines, self.minutes_by_line(), *numbers)
            for field, sentence in faults.items():
                self.add_error(field, sentence)
        return cleaned

    def minutes_by_line(self):
        """The declared minutes of each line."""
        if self.cleaned_data.get("as_planned"):
            return {line.pk: line.planned_minutes for line in self.lines}
        return {line.pk: self.cleaned_data[f"line_{line.pk}"] for line in self.lines}


class AmendmentForm(DeclarationForm):
    """The numbers of a locked month, and why they change."""

    reason = forms.CharField(
        label="Pourquoi ces nombres changent",
        max_length=300,
        help_text="Sans nom d’enfant ni de famille\xa0: la Caf lit cette phrase.",
        error_messages={"required": "Dites en quelques mots pourquoi ces nombres changent."},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields.pop("as_planned", None)
        self.helper.layout = self._layout(self.age_limit)
        self.helper.layout.append("reason")


def say_child(line, reads_names):
    """« Awa, 18 mois », or the age alone for who reads no name."""
    child = line.placement.child
    age = age_months(child.birth_date, line.declaration.month)
    return f"{child}, {age}" if reads_names else f"Enfant de {age}"


def _planned(line):
    planned = f"Prévu\xa0: {hours(line.planned_minutes)}."
    if line.before_signature_minutes:
        before = hours(line.before_signature_minutes)
        planned += f" Dont {before} avant signature, qui ne comptent pas."
    return planned


class DeclarationFilter(ListFilter):
    status = django_filters.ChoiceFilter(
        label="État", empty_label="Tous", choices=MonthlyDeclaration.Status.choices
    )
    provider = django_filters.ModelChoiceFilter(
        label="Mode d’accueil", empty_label="Tous", queryset=Provider.objects.none()
    )

    class Meta:
        model = MonthlyDeclaration
        fields = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        providers = Provider.objects.filter(pk__in=self.seen.order_by().values("provider"))
        self.form.fields["provider"].queryset = providers
