"""A Caf's own value for a rule: a field of the type of the rule, from when, and why."""

from decimal import Decimal

from crispy_forms.helper import FormHelper
from django import forms
from django.utils.text import capfirst

from labels.forms.review import date_input
from labels.rules import CHOICES_IN_WORDS, RULES

NUMERIC = forms.TextInput(attrs={"inputmode": "numeric", "class": "short"})
DECIMAL = forms.TextInput(attrs={"inputmode": "decimal", "class": "short"})


class PercentField(forms.DecimalField):
    """« 25 » or « 16,67 », kept as a share."""

    def __init__(self, **kwargs):
        super().__init__(
            min_value=0,
            max_value=100,
            max_digits=5,
            decimal_places=2,
            localize=True,
            widget=DECIMAL,
            **kwargs,
        )

    def clean(self, value):
        percent = super().clean(str(value).replace("%", "").strip() if value else value)
        return None if percent is None else (percent / 100).normalize()

    def prepare_value(self, value):
        if isinstance(value, Decimal):
            return f"{(value * 100).normalize():f}".replace(".", ",")
        return value


def value_field(key):
    """The field that asks for a value of this rule."""
    rule = RULES[key]
    sample = next(iter(rule.values.values()))[0]
    unit = f", en {rule.unit}" if rule.unit else ""
    if isinstance(sample, bool):
        return forms.TypedChoiceField(
            label="Valeur",
            choices=[("oui", "Oui"), ("non", "Non")],
            coerce=lambda text: text == "oui",
            widget=forms.RadioSelect,
        )
    if isinstance(sample, Decimal):
        return PercentField(label="Valeur, en\xa0%")
    if isinstance(sample, int):
        return forms.IntegerField(
            label=f"Valeur{unit}", min_value=0, max_value=1000, widget=NUMERIC
        )
    if isinstance(sample, tuple):
        known = dict.fromkeys(part for value, _ in rule.values.values() for part in value)
        return forms.TypedMultipleChoiceField(
            label="Valeurs",
            choices=[(part, capfirst(CHOICES_IN_WORDS[part])) for part in known],
            coerce=str,
            widget=forms.CheckboxSelectMultiple,
        )
    return forms.ChoiceField(
        label="Valeur",
        choices=[(choice, capfirst(CHOICES_IN_WORDS[choice])) for choice in rule.choices],
        widget=forms.RadioSelect,
    )


def typed(value):
    """A value of the rules as its field shows it."""
    if isinstance(value, bool):
        return "oui" if value else "non"
    return list(value) if isinstance(value, tuple) else value


class LocalRuleForm(forms.Form):
    """`corrects`: the value to correct, for its own date; `tried`: the value was just simulated."""

    valid_from = forms.DateField(label="À partir du", widget=date_input())
    reference = forms.CharField(
        label="Référence",
        max_length=200,
        help_text="La décision ou le texte local\xa0: «\xa0comité du 10 décembre 2026\xa0».",
    )
    motive = forms.CharField(
        label="Motif",
        max_length=2000,
        help_text="Il reste dans l’historique de la règle.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    derogation_reference = forms.CharField(
        label="Référence de la dérogation",
        max_length=200,
        required=False,
        help_text="Obligatoire pour une valeur moins exigeante que la règle nationale.",
    )

    def __init__(self, *args, key, corrects=None, tried=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.key = key
        self.fields = {"value": value_field(key), **self.fields}
        if tried:
            self.fields["value"].widget = forms.HiddenInput()
        if RULES[key].stricter is None:
            del self.fields["derogation_reference"]
        if corrects:
            self.fields["valid_from"].disabled = True
            self.fields["valid_from"].initial = corrects.valid_from
        self.helper = FormHelper()
        self.helper.form_tag = False

    def clean(self):
        cleaned = super().clean()
        if isinstance(cleaned.get("value"), list):
            cleaned["value"] = tuple(cleaned["value"])
        return cleaned

    def refuse(self, error):
        """Say what the law or the history refuses, beside its field where it has one."""
        for name, messages in error.message_dict.items():
            for message in messages:
                self.add_error(name if name in self.fields else None, message)
