"""What is written at a step of a label's life."""

from datetime import timedelta

from django import forms

from avip.jobs import SCHEDULES
from labels.forms.review import StepForm, date_input


class LetterForm(StepForm):
    """The reasons, which go into a letter to the crèche."""

    reasons = forms.CharField(
        label="Les motifs",
        help_text="La crèche les lit tels quels dans le courrier de la Caf.",
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=4000,
    )


class OptionalLetterForm(LetterForm):
    """A letter that may go without more words."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["reasons"].required = False
        self.fields["reasons"].label = "Un mot à la crèche"
        self.fields["reasons"].help_text = "La crèche le lit tel quel dans le courrier de la Caf."


class NoticeForm(LetterForm):
    reply_by = forms.DateField(label="Réponse attendue avant le", widget=date_input())

    def __init__(self, *args, on, **kwargs):
        super().__init__(*args, **kwargs)
        self.on = on
        self.fields["reasons"].label = "Ce que vous constatez, et ce que vous attendez"
        self.fields["reply_by"].initial = on + timedelta(days=SCHEDULES["notice_reply_days"])

    def clean_reply_by(self):
        reply_by = self.cleaned_data["reply_by"]
        if reply_by <= self.on:
            raise forms.ValidationError("Laissez à la crèche au moins jusqu’à demain.")
        return reply_by


class ReplyForm(StepForm):
    text = forms.CharField(
        label="Votre réponse",
        help_text="Dites ce que vous avez fait, ce que vous allez faire et quand.",
        widget=forms.Textarea(attrs={"rows": 8}),
        max_length=8000,
    )


class WithdrawalForm(LetterForm):
    """`alone`: nobody else of the Caf can decide, so the committee is named."""

    committee = forms.CharField(
        label="Comité qui a décidé le retrait",
        help_text="Sa date et sa référence. La crèche les lit dans le courrier.",
        max_length=200,
    )

    def __init__(self, *args, alone, **kwargs):
        super().__init__(*args, **kwargs)
        if not alone:
            del self.fields["committee"]


class LeavingForm(StepForm):
    leaves_on = forms.DateField(label="À partir du", widget=date_input())
    reasons = forms.CharField(
        label="Pourquoi\xa0?",
        help_text="La Caf le lit.",
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=4000,
        required=False,
    )

    def __init__(self, *args, on, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["leaves_on"].initial = on


class LiftReservationsForm(StepForm):
    lifted_on = forms.DateField(label="Levées le", widget=date_input())
    reasons = forms.CharField(
        label="Ce que vous avez constaté",
        help_text="Reste dans l’historique du label.",
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=4000,
        required=False,
    )

    def __init__(self, *args, on, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["lifted_on"].initial = on
