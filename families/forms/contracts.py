"""Proposing a contract and renewing it: the first day, the hours of the week, the envelope."""

import django_filters
from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Layout
from django import forms

from avip.templatetags.words import fr_time
from families.forms.fields import DayInput, HourInput
from families.models import AvipContract, Parent
from families.particular_days import as_lines, parse_days
from families.parties import parents_who_sign
from families.planning import minutes_per_week
from families.schedules import exceptions_of
from labels.filters import ListFilter
from partners.calendars import Calendar, calendar_of
from partners.models import Provider
from partners.models.calendars import Weekday

MINUTES = 60
WEEKEND = 5
HOURS_IN_A_WEEK = 7 * 24


class ContractFilter(ListFilter):
    status = django_filters.ChoiceFilter(
        label="État",
        empty_label="Tous",
        choices=[c for c in AvipContract.Status.choices if c[0] != AvipContract.Status.DRAFT],
    )
    kind = django_filters.ChoiceFilter(
        label="Mode d’accueil",
        field_name="provider__kind",
        empty_label="Tous",
        choices=Provider.Kind.choices,
    )

    class Meta:
        model = AvipContract
        fields = []


class WeekForm(forms.Form):
    """The hours of each weekday, prefilled; a day with two intervals keeps its two lines."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    envelope_hours = forms.IntegerField(
        label="Jusqu’à combien d’heures par semaine sans nouvelle signature",
        min_value=1,
        max_value=HOURS_IN_A_WEEK,
        widget=forms.NumberInput(attrs={"class": "short", "inputmode": "numeric"}),
        help_text=(
            "En deçà, un changement d’horaires se note et s’annonce\xa0; "
            "au-delà, tous signent de nouveau."
        ),
    )
    settling_in_days = forms.IntegerField(
        label="Jours de familiarisation, au début",
        min_value=0,
        max_value=30,
        initial=0,
        widget=forms.NumberInput(attrs={"class": "short", "inputmode": "numeric"}),
    )

    exceptions = forms.CharField(
        label="Jours particuliers, ou calendrier de formation",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=(
            "Un jour par ligne, tapé ou collé : « 12/03/2026 09:00-16:30 », ou "
            "« 13/03/2026 sans accueil ». Ces jours-là remplacent la semaine."
        ),
    )

    def __init__(self, *args, provider, slots, revision, envelope_minutes=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.calendar = calendar_of(provider) if provider else Calendar()
        self.knows_where = provider is not None
        self.initial["seen"] = revision
        envelope = envelope_minutes or minutes_per_week(slots)
        self.initial["envelope_hours"] = -(-envelope // MINUTES)
        self.lines = []
        for day, name in Weekday.choices:
            mine = [slot for slot in slots if slot.weekday == day]
            if day < WEEKEND or mine or self.calendar.hours.get(day):
                for number, slot in enumerate(mine or [None]):
                    self._add_line(day, name, number, slot)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = Layout(
            "seen",
            *self.before_the_week(),
            HTML("{% include 'families/_contract_week.html' %}"),
            "exceptions",
            "envelope_hours",
            "settling_in_days",
        )

    def before_the_week(self):
        return []

    def _add_line(self, day, name, number, slot):
        for end, words in (("starts", "de"), ("ends", "à")):
            again = ", ensuite" if number else ""
            self.fields[f"{end}_{day}_{number}"] = forms.TimeField(
                label=f"{name.capitalize()}{again}, {words}",
                required=False,
                widget=HourInput(**{"class": "form-control"}),
                initial=getattr(slot, end, None),
            )
        self.lines.append((day, name, number))

    @property
    def week(self):
        """For the page: each line with its two fields and the hours of the provider."""
        return [
            {
                "name": name if not number else f"{name}, ensuite",
                "starts": self[f"starts_{day}_{number}"],
                "ends": self[f"ends_{day}_{number}"],
                "hours": ", ".join(
                    f"{fr_time(opens)} – {fr_time(closes)}"
                    for opens, closes in self.calendar.hours.get(day, [])
                ),
            }
            for day, name, number in self.lines
        ]

    def clean(self):
        cleaned = super().clean()
        cleaned["slots"] = []
        for day, name, number in self.lines:
            starts, ends = (
                cleaned.get(f"starts_{day}_{number}"),
                cleaned.get(f"ends_{day}_{number}"),
            )
            if starts and ends:
                cleaned["slots"].append((day, starts, ends))
            elif starts or ends:
                missing = f"{'ends' if starts else 'starts'}_{day}_{number}"
                if missing not in self.errors:
                    self.add_error(missing, f"Complétez les heures du {name}.")
        return cleaned

    def clean_exceptions(self):
        days, faults = parse_days(self.cleaned_data["exceptions"])
        if faults:
            raise forms.ValidationError(faults)
        return days

    def terms(self):
        """What the workflow asks for, from what was typed."""
        return {
            "slots": self.cleaned_data["slots"],
            "envelope_minutes": self.cleaned_data["envelope_hours"] * MINUTES,
            "settling_in_days": self.cleaned_data["settling_in_days"],
            "exceptions": self.cleaned_data["exceptions"],
            "seen": self.cleaned_data["seen"],
        }

    def show_again(self):
        """The page has just said who changed the file: the next press is made knowing it."""
        self.data = self.data.copy()
        self.data["seen"] = self.initial["seen"]


class ProposeForm(WeekForm):
    start_on = forms.DateField(label="Premier jour d’accueil", widget=DayInput())

    def __init__(self, *args, referral, given_up=None, **kwargs):
        self.referral = referral
        parents = list(referral.household.parents.order_by("pk"))
        signing = parents_who_sign(referral.household)
        # A minor who does not sign is represented; a second parent signs when she asks to.
        self.referring = [p for p in parents if p.is_referring and p in signing]
        self.others = [p for p in parents if p not in self.referring]
        super().__init__(
            *args,
            provider=referral.provider,
            slots=list(referral.slots.all()),
            revision=referral.revision,
            **kwargs,
        )
        self.initial["start_on"] = referral.from_on
        self.initial["exceptions"] = as_lines(given_up or {})
        if self.others:
            self.fields["parents"] = forms.ModelMultipleChoiceField(
                Parent.objects.filter(pk__in=[parent.pk for parent in self.others]),
                label="Signent aussi",
                required=False,
                widget=forms.CheckboxSelectMultiple,
                initial=[parent.pk for parent in self.others if parent in signing],
                help_text="Un second parent, seulement s’il le demande.",
            )
            self.helper.layout.append("parents")

    def before_the_week(self):
        return ["start_on"]

    def terms(self):
        parents = [*self.referring, *self.cleaned_data.get("parents", [])]
        return super().terms() | {"start_on": self.cleaned_data["start_on"], "parents": parents}


class RenewForm(WeekForm):
    def __init__(self, *args, contract, given_up=None, **kwargs):
        version = contract.version
        super().__init__(
            *args,
            provider=contract.provider,
            slots=list(version.slots.all()),
            revision=contract.revision,
            envelope_minutes=version.envelope_minutes,
            **kwargs,
        )
        self.initial["exceptions"] = as_lines(given_up or {})


class ReviseForm(WeekForm):
    """Another text for the same contract: prefilled with the one to look at."""

    from_on = forms.DateField(
        label="Premier jour de ces horaires",
        widget=DayInput(),
        help_text="Avant que tous aient signé, c’est le premier jour du contrat.",
    )

    def __init__(self, *args, contract, on, **kwargs):
        version = contract.version
        super().__init__(
            *args,
            provider=contract.provider,
            slots=list(version.slots.all()),
            revision=contract.revision,
            envelope_minutes=version.envelope_minutes,
            **kwargs,
        )
        running = contract.status == AvipContract.Status.ACTIVE
        self.initial["from_on"] = max(contract.start_on, on) if running else contract.start_on
        self.initial["settling_in_days"] = version.settling_in_days
        self.initial["exceptions"] = as_lines(exceptions_of(version))

    def before_the_week(self):
        return ["from_on"]

    def terms(self):
        return super().terms() | {"from_on": self.cleaned_data["from_on"]}


class AdjustForm(WeekForm):
    """Other hours inside the envelope, from a day on or between two days."""

    from_on = forms.DateField(label="À partir du", widget=DayInput())
    until = forms.DateField(
        label="Jusqu’au", required=False, widget=DayInput(), help_text="Vide : jusqu’à la fin."
    )

    def __init__(self, *args, contract, version, on, **kwargs):
        super().__init__(
            *args,
            provider=contract.provider,
            slots=list(version.slots.all()),
            revision=contract.revision,
            **kwargs,
        )
        for name in ("envelope_hours", "settling_in_days", "exceptions"):
            del self.fields[name]
            self.helper.layout.fields.remove(name)
        self.initial["from_on"] = max(contract.start_on, on)

    def before_the_week(self):
        return ["from_on", "until"]

    def terms(self):
        names = ("slots", "from_on", "until", "seen")
        return {name: self.cleaned_data[name] for name in names}
