"""What people write about a dossier: a remark, its answer, a message, a contact."""

from django import forms

from avip.jobs import SCHEDULES
from avip.pdf import check_uploaded_pdf
from labels.forms.review import StepForm, date_input
from labels.models import ContactNote


class CommentForm(StepForm):
    text = forms.CharField(
        label="Votre remarque",
        help_text="La crèche la lit quand vous lui demandez une correction.",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
    )


class ReplyForm(StepForm):
    """What the crèche says of its correction; nothing is fine too."""

    reply = forms.CharField(label="Votre réponse", max_length=2000, required=False)


class MessageForm(StepForm):
    text = forms.CharField(
        label="Votre message", widget=forms.Textarea(attrs={"rows": 4}), max_length=4000
    )
    document = forms.FileField(
        label="Pièce jointe",
        required=False,
        help_text=f"PDF, {SCHEDULES['upload_max_megabytes']}\xa0Mo au plus.",
        widget=forms.FileInput(attrs={"accept": "application/pdf"}),
    )

    def clean_document(self):
        """(filename, bytes), or None; the name is ours."""
        upload = self.cleaned_data["document"]
        return ("piece-jointe.pdf", check_uploaded_pdf(upload)) if upload else None


class ContactForm(StepForm):
    kind = forms.ChoiceField(
        label="Nature",
        choices=[(value, label.capitalize()) for value, label in ContactNote.Kind.choices],
        widget=forms.RadioSelect,
    )
    held_on = forms.DateField(label="Date", widget=date_input())
    text = forms.CharField(
        label="Ce qui s’est dit", widget=forms.Textarea(attrs={"rows": 4}), max_length=4000
    )

    def __init__(self, *args, on, **kwargs):
        super().__init__(*args, **kwargs)
        self.on = on
        self.fields["held_on"].initial = on

    def clean_held_on(self):
        held_on = self.cleaned_data["held_on"]
        if held_on > self.on:
            raise forms.ValidationError("Notez ce qui a eu lieu\xa0: cette date est dans le futur.")
        return held_on
