"""The end of a contract: what came of it, or why it stops early."""

from crispy_forms.helper import FormHelper
from django import forms

from families.models import AvipContract

Outcome = AvipContract.Outcome
GROUPS = [
    (
        "Un emploi",
        [
            Outcome.CDI,
            Outcome.CDD_LONG,
            Outcome.CDD_SHORT,
            Outcome.INTERIM,
            Outcome.IAE,
            Outcome.APPRENTICESHIP,
            Outcome.BUSINESS,
        ],
    ),
    ("Une formation", [Outcome.TRAINING, Outcome.OTHER_TRAINING]),
    ("Autre chose", [Outcome.NONE, Outcome.OTHER_CARE, Outcome.MOVED, Outcome.UNKNOWN]),
]


class OutcomeForm(forms.Form):
    outcome = forms.ChoiceField(
        label="Qu’est devenue la famille\xa0?",
        help_text="Une catégorie suffit\xa0: aucun détail n’est demandé.",
        choices=[
            (
                group,
                [(choice.value, choice.label[0].upper() + choice.label[1:]) for choice in choices],
            )
            for group, choices in GROUPS
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez ce qui correspond le mieux."},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False


ASKED_BY_FAMILY = "À la demande de la famille."


class EndForm(forms.Form):
    """The family stops without giving a reason; anyone else says why."""

    asked_by_family = forms.BooleanField(
        label="La famille l’a demandé\xa0: elle n’a pas à dire pourquoi.", required=False
    )
    reason = forms.CharField(
        label="Sinon, pourquoi le contrat s’arrête-t-il\xa0?",
        help_text="Une phrase que les trois parties liront. "
        "Ni santé, ni revenus, ni situation familiale.",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean(self):
        data = super().clean()
        if data.get("asked_by_family"):
            data["reason"] = ASKED_BY_FAMILY
        elif not data.get("reason") and "reason" not in self.errors:
            self.add_error("reason", "Dites pourquoi en une phrase.")
        return data

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False
