"""A meeting of the network: when, where, what about; then who came, and its minutes."""

from datetime import datetime
from zoneinfo import ZoneInfo

from crispy_forms.layout import Fieldset, Layout
from django import forms
from django.utils import timezone

from avip.pdf import check_uploaded_pdf
from labels.forms.review import StepForm, date_input


def hour_input():
    return forms.TimeInput(attrs={"type": "time", "class": "w-auto"}, format="%H:%M")


class MeetingForm(StepForm):
    """Its hours are those of the Caf, wherever one types them."""

    title = forms.CharField(label="Titre", max_length=160)
    day = forms.DateField(label="Jour", widget=date_input())
    starts = forms.TimeField(label="De", widget=hour_input())
    ends = forms.TimeField(label="À", widget=hour_input())
    place = forms.CharField(label="Lieu", max_length=200, required=False)
    link = forms.URLField(
        label="Lien de visioconférence",
        required=False,
        assume_scheme="https",
        help_text="Un lieu, un lien, ou les deux.",
    )
    agenda = forms.CharField(
        label="Ordre du jour",
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    revision = forms.IntegerField(required=False, widget=forms.HiddenInput())

    def __init__(self, *args, caf, on, **kwargs):
        super().__init__(*args, **kwargs)
        self.zone, self.on = ZoneInfo(caf.time_zone), on
        self.helper.layout = Layout(
            "revision",
            "title",
            Fieldset("Quand", "day", "starts", "ends"),
            Fieldset("Où", "place", "link"),
            "agenda",
        )

    def clean_day(self):
        day = self.cleaned_data["day"]
        if day < self.on:
            raise forms.ValidationError("Ce jour est passé\xa0: choisissez-en un autre.")
        return day

    def clean(self):
        cleaned = super().clean()
        starts, ends = cleaned.get("starts"), cleaned.get("ends")
        if starts and ends and ends <= starts:
            self.add_error("ends", "La fin vient après le début.")
        if not cleaned.get("place") and "link" not in self.errors and not cleaned.get("link"):
            self.add_error("place", "Donnez un lieu ou un lien de visioconférence.")
        return cleaned

    def meeting_fields(self) -> dict:
        """What the meeting is; the form is valid."""
        cleaned = self.cleaned_data

        def at(hour):
            return timezone.make_aware(datetime.combine(cleaned["day"], hour), self.zone)

        return {
            "starts_at": at(cleaned["starts"]),
            "ends_at": at(cleaned["ends"]),
            **{name: cleaned[name] for name in ("title", "place", "link", "agenda")},
        }


class AttendanceForm(StepForm):
    """One box for each crèche invited; who said she would come is ticked until recorded."""

    present = forms.MultipleChoiceField(
        label="Crèches présentes", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args, invitations, **kwargs):
        super().__init__(*args, **kwargs)
        words = {True: " (vient)", False: " (ne vient pas)", None: ""}
        self.fields["present"].choices = [
            (str(one.pk), f"{one.provider}{words[one.comes]}") for one in invitations
        ]
        self.fields["present"].initial = [
            str(one.pk) for one in invitations if (one.comes if one.came is None else one.came)
        ]


class MinutesForm(StepForm):
    file = forms.FileField(
        label="Compte rendu",
        help_text="Un PDF. Les crèches invitées le lisent.",
        widget=forms.FileInput(attrs={"accept": "application/pdf"}),
    )

    def clean_file(self):
        return check_uploaded_pdf(self.cleaned_data["file"])
