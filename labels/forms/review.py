"""What the Caf writes: a correction to ask for, a proposal, the committee's decision."""

from datetime import timedelta

from crispy_forms.helper import FormHelper
from django import forms
from django.utils.text import capfirst

from avip.jobs import SCHEDULES
from labels.models import Correction, LabelApplication


def date_input():
    """A date the browser shows the French way; typed as jj/mm/aaaa where it has no calendar."""
    return forms.DateInput(attrs={"type": "date", "class": "w-auto"}, format="%Y-%m-%d")


PROPOSALS = [(value, capfirst(label)) for value, label in LabelApplication.Proposal.choices]


class StepForm(forms.Form):
    """The words that go with a step."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False


class ReasonsForm(StepForm):
    reasons = forms.CharField(
        label="Pourquoi\xa0?", widget=forms.Textarea(attrs={"rows": 4}), max_length=4000
    )


class OptionalReasonsForm(ReasonsForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["reasons"].required = False


class ReassignForm(StepForm):
    reviewer = forms.ModelChoiceField(
        label="À qui\xa0?", queryset=None, widget=forms.RadioSelect, empty_label=None
    )

    def __init__(self, *args, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["reviewer"].queryset = people


class CorrectionForm(StepForm):
    reason = forms.ChoiceField(
        label="Motif",
        choices=[(value, capfirst(label)) for value, label in Correction.Reason.choices],
        initial=Correction.Reason.OTHER,
    )
    message = forms.CharField(
        label="Que doit corriger la crèche\xa0?",
        help_text="Elle lit ce message tel quel. Nommez la rubrique et ce que vous attendez.",
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=4000,
    )
    due_on = forms.DateField(label="À corriger avant le", widget=date_input())

    def __init__(self, *args, on, **kwargs):
        super().__init__(*args, **kwargs)
        self.on = on
        self.fields["due_on"].initial = on + timedelta(days=SCHEDULES["correction_days"])

    def clean_due_on(self):
        due_on = self.cleaned_data["due_on"]
        if due_on <= self.on:
            raise forms.ValidationError("Laissez à la crèche au moins jusqu’à demain.")
        return due_on


class ReadyForm(StepForm):
    proposal = forms.ChoiceField(
        label="Que proposez-vous au comité\xa0?",
        choices=PROPOSALS,
        widget=forms.RadioSelect,
    )
    reasons = forms.CharField(
        label="Vos motifs",
        help_text="Le comité les lit\xa0; ils restent dans l’historique du dossier.",
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=4000,
    )
