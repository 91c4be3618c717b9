"""What the receiver answers, what the family says, what came of a place: one form each."""

from datetime import date

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Layout
from django import forms
from django.utils import timezone

from avip.templatetags.words import hours
from families.forms.fields import DayInput
from families.forms.weeks import WeekForm
from families.models import Referral
from families.occasional import minutes_of, say_days

CONFIRMED_BY = ["par téléphone", "en rendez-vous", "par SMS", "par courriel"]


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


class ValidateForm(forms.Form):
    """The one thing that no check can tell: the tariff was talked over, and when."""

    is_tariff_talked = forms.BooleanField(
        label="Le tarif a été évoqué avec la famille et avec elle",
        error_messages={
            "required": "Parlez du tarif avec la famille et avec elle avant de valider."
        },
    )
    tariff_talked_on = forms.DateField(label="Évoqué le", widget=DayInput())
    # The days given up, as the page showed them.
    without = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, on, **kwargs):
        super().__init__(*args, **kwargs)
        self.on = on

    def clean_tariff_talked_on(self):
        if self.cleaned_data["tariff_talked_on"] > self.on:
            raise forms.ValidationError("Cette date n’est pas encore venue.")
        return self.cleaned_data["tariff_talked_on"]

    def clean_without(self):
        try:
            days = [date.fromisoformat(day) for day in self.cleaned_data["without"].split()]
        except ValueError as fault:
            raise forms.ValidationError("Rechargez la page, puis validez de nouveau.") from fault
        return sorted(set(days))


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


class ProposeHoursForm(WeekForm):
    """Other hours, and whom the family will ask for if it takes them."""

    from_on = forms.DateField(label="À partir du", widget=DayInput())
    contact_name = forms.CharField(label="Personne à demander", max_length=120)
    papers = forms.CharField(label="Papiers à apporter", max_length=300, required=False)
    text = forms.CharField(
        label="Précision",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Lue par le conseiller seul.",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = Layout(
            "from_on",
            HTML("{% include 'families/_referral_week.html' %}"),
            "contact_name",
            "papers",
            "text",
        )

    def clean(self):
        cleaned = super().clean()
        return {name: value for name, value in cleaned.items() if name in KEPT}


KEPT = {"from_on", "contact_name", "papers", "text", "slots"}


class ShortlistForm(forms.Form):
    commission_on = forms.DateField(
        label="Date de la commission",
        widget=DayInput(),
        help_text="Le délai de réponse s’arrête jusqu’à ce jour\xa0; "
        "un rappel vous parvient le lendemain.",
    )


class NoShowForm(forms.Form):
    """Nothing to say: the page asks for the second click."""


class ProviderField(forms.ModelChoiceField):
    """Providers by what anybody may read of them, with their commune."""

    def label_from_instance(self, provider):
        return f"{provider.public_name}, {provider.commune}"


class TransferForm(forms.Form):
    """To whom the request is passed on, among those the view allows."""

    def __init__(self, *args, providers, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["to_provider"] = ProviderField(
            providers, label="Transmettre à", widget=forms.RadioSelect, empty_label=None
        )


class StayHoursForm(forms.Form):
    """The hours really given on each day of an accueil ponctuel, the agreed ones prefilled."""

    def __init__(self, *args, referral, **kwargs):
        super().__init__(*args, **kwargs)
        for row in referral.days.all():
            planned = minutes_of(row)
            self.fields[f"hours_{row.pk}"] = forms.DecimalField(
                label=say_days([row]).capitalize(),
                min_value=0,
                max_value=24,
                decimal_places=2,
                localize=True,
                initial=(row.declared_minutes or planned) / 60,
                help_text=f"{hours(planned)} demandées. "
                "Écrivez des heures, par exemple 2,5\xa0; 0 si l’enfant n’est pas venu.",
            )

    @property
    def minutes(self) -> list[int]:
        """For each day in order."""
        return [round(value * 60) for value in self.cleaned_data.values()]
