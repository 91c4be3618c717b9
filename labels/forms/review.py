"""What the Caf writes: a correction to ask for, a proposal, the committee's decision."""

from datetime import timedelta

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Fieldset, Layout
from django import forms
from django.utils.text import capfirst

from avip.jobs import SCHEDULES
from labels.models import LabelApplication


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


class CorrectionForm(StepForm):
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


class DecisionForm(StepForm):
    """The committee's decision; `alone` asks who confirms it."""

    decided_on = forms.DateField(label="Date du comité", widget=date_input())
    decision = forms.ChoiceField(
        label="Décision du comité",
        choices=PROPOSALS,
        widget=forms.RadioSelect,
    )
    reasons = forms.CharField(
        label="Motifs, réserves ou date de réexamen",
        help_text="La crèche les reçoit. Obligatoires, sauf pour un label accordé sans réserve.",
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=4000,
        required=False,
    )
    name = forms.CharField(label="Nom du membre du comité", max_length=160)
    quality = forms.CharField(
        label="Sa qualité",
        max_length=160,
        help_text="Par exemple\xa0: représentante de France Travail au comité.",
    )
    email = forms.EmailField(label="Son adresse électronique")

    CONFIRMER = ("name", "quality", "email")

    def __init__(self, *args, alone, on, own_email="", **kwargs):
        super().__init__(*args, **kwargs)
        self.on = on
        self.own_email = own_email
        if not alone:
            for name in self.CONFIRMER:
                del self.fields[name]
        blocks = [Fieldset("La décision", "decided_on", "decision", "reasons")]
        if alone:
            blocks.append(Fieldset("La seconde personne", *self.CONFIRMER))
        self.helper.layout = Layout(*blocks)

    def clean_decided_on(self):
        decided_on = self.cleaned_data["decided_on"]
        if decided_on > self.on:
            raise forms.ValidationError("La date du comité ne peut pas être dans le futur.")
        return decided_on

    def clean_email(self):
        email = self.cleaned_data["email"]
        if email.lower() == self.own_email.lower():
            raise forms.ValidationError(
                "Deux personnes\xa0: indiquez une autre adresse que la vôtre."
            )
        return email

    def clean(self):
        cleaned = super().clean()
        granted = cleaned.get("decision") == LabelApplication.Proposal.GRANT
        if cleaned.get("decision") and not granted and not cleaned.get("reasons", "").strip():
            self.add_error("reasons", "Écrivez les motifs\xa0: la crèche les recevra.")
        return cleaned

    @property
    def confirmer(self):
        """Who is asked to confirm, or None."""
        if "email" not in self.fields:
            return None
        return {name: self.cleaned_data[name] for name in self.CONFIRMER}
