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


class EndForm(forms.Form):
    reason = forms.CharField(
        label="Pourquoi le contrat s’arrête-t-il\xa0?",
        help_text="Une phrase que les trois parties liront. "
        "Ni santé, ni revenus, ni situation familiale.",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Dites pourquoi en une phrase."},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False
