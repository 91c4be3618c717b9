"""Asking for a place, and answering."""

import django_filters
from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Layout
from django import forms
from django.db.models import Q
from django.utils import timezone

from avip.templatetags.words import age_months, fr_time
from families.forms.fields import DayInput, HourInput
from families.models import Child, Referral
from families.models.places import NOON, HalfDay
from labels.filters import ListFilter
from partners.models import Provider
from partners.models.calendars import Weekday

CONFIRMED_BY = ["par téléphone", "en rendez-vous", "par SMS", "par courriel"]


class ReferralFilter(ListFilter):
    OPEN = "open"

    status = django_filters.ChoiceFilter(
        label="État",
        method="filter_status",
        empty_label="Tous",
        choices=[(OPEN, "À suivre"), *Referral.Status.choices],
    )
    kind = django_filters.ChoiceFilter(
        label="Mode d’accueil",
        field_name="provider__kind",
        empty_label="Tous",
        choices=Provider.Kind.choices,
    )

    class Meta:
        model = Referral
        fields = []

    def filter_status(self, queryset, name, value):
        if value == self.OPEN:
            return queryset.waiting_for_answer() | queryset.filter(
                Q(status__in=[Referral.Status.ACCEPTED, Referral.Status.WAITING_LIST])
            )
        return queryset.filter(status=value)


class ChildrenField(forms.ModelMultipleChoiceField):
    """The children of one family, with their age on the day the page is shown."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, *, on, **kwargs):
        super().__init__(Child.objects.none(), **kwargs)
        self.on = on

    def label_from_instance(self, child):
        return f"{child.first_name}, {age_months(child.birth_date, self.on)}"


class ReferralForm(forms.Form):
    """The need of a family: which children, from when, which hours of each weekday."""

    from_on = forms.DateField(label="À partir du", widget=DayInput())
    message = forms.CharField(
        label="Message au mode d’accueil",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=Referral._meta.get_field("message").help_text,
    )

    def __init__(self, *args, household, calendar, keys=(), on, **kwargs):
        super().__init__(*args, **kwargs)
        self.calendar, self.on = calendar, on
        children = household.children.all()
        self.fields["children"] = ChildrenField(
            label="Pour", on=on, error_messages={"required": "Choisissez au moins un enfant."}
        )
        self.fields["children"].queryset = children
        if len(children) == 1:
            self.fields["children"].initial = children
        self.fields["from_on"].widget.attrs["min"] = on.isoformat()
        for day, name in self._days():
            for end, words in (("starts", "de"), ("ends", "à")):
                self.fields[f"{end}_{day}"] = forms.TimeField(
                    label=f"{name.capitalize()}, {words}",
                    required=False,
                    widget=HourInput(**{"class": "form-control"}),
                )
            self._prefill(day, keys)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = Layout(
            "children", "from_on", HTML("{% include 'families/_referral_week.html' %}"), "message"
        )

    def _days(self):
        """The working week, and the days of the weekend on which the provider opens."""
        return [(d, name) for d, name in Weekday.choices if d < 5 or self.calendar.hours.get(d)]

    def _prefill(self, day, keys):
        """Half-days chosen in the search become hours within the provider's own."""
        halves = [half for half in HalfDay.values if f"{day}-{half}" in keys]
        hours = self.calendar.hours.get(day)
        if not halves or not hours:
            return
        opens, closes = hours[0][0], hours[-1][1]
        self.initial[f"starts_{day}"] = opens if HalfDay.MORNING in halves else max(opens, NOON)
        self.initial[f"ends_{day}"] = closes if HalfDay.AFTERNOON in halves else min(closes, NOON)

    @property
    def week(self):
        """For the page: each day with its two fields and the provider's hours."""
        return [
            {
                "name": name,
                "fields": [self[f"starts_{day}"], self[f"ends_{day}"]],
                "hours": ", ".join(
                    f"{fr_time(opens)} – {fr_time(closes)}"
                    for opens, closes in self.calendar.hours.get(day, [])
                ),
            }
            for day, name in self._days()
        ]

    def clean(self):
        cleaned = super().clean()
        slots = []
        for day, name in self._days():
            starts, ends = cleaned.get(f"starts_{day}"), cleaned.get(f"ends_{day}")
            if starts and ends:
                slots.append((day, starts, ends))
            elif starts or ends:
                missing = "ends" if starts else "starts"
                if f"{missing}_{day}" not in self.errors:
                    self.add_error(f"{missing}_{day}", f"Complétez les heures du {name}.")
        cleaned["slots"] = slots
        return cleaned


class AcceptForm(forms.Form):
    """What the family must know to come: when, whom to ask for, what to bring."""

    first_appointment_at = forms.SplitDateTimeField(
        label="Premier rendez-vous",
        required=False,
        widget=forms.SplitDateTimeWidget(
            date_attrs={
                "type": "date",
                "class": "mb-2",
                "aria-label": "Premier rendez-vous, le jour",
            },
            time_attrs={"type": "time", "aria-label": "Premier rendez-vous, l’heure"},
            date_format="%Y-%m-%d",
            time_format="%H:%M",
        ),
        help_text="Si vous le connaissez déjà\xa0; la famille vient visiter et s’inscrire.",
    )
    contact_name = forms.CharField(label="Personne à demander", max_length=120)
    papers = forms.CharField(
        label="Papiers à apporter",
        max_length=300,
        required=False,
        help_text="À montrer sur place\xa0; rien n’est déposé ici.",
    )

    def clean_first_appointment_at(self):
        moment = self.cleaned_data["first_appointment_at"]
        if moment and moment < timezone.now():
            raise forms.ValidationError("Ce rendez-vous est passé\xa0: choisissez un autre moment.")
        return moment


class RefuseForm(forms.Form):
    reason = forms.ChoiceField(
        label="Pourquoi", choices=Referral.RefusalReason.choices, widget=forms.RadioSelect
    )
    text = forms.CharField(
        label="Précision pour le conseiller",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Lue par le conseiller seul. Une date ou d’autres horaires possibles l’aident.",
    )


class ConfirmForm(forms.Form):
    how = forms.ChoiceField(
        label="Comment la famille a-t-elle dit oui\xa0?",
        choices=[(words, words[0].upper() + words[1:]) for words in CONFIRMED_BY],
        widget=forms.RadioSelect,
    )
