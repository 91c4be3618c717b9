"""The places a crèche keeps for families: how many, when, for whom; or « ask us »."""

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Fieldset, Layout
from django import forms

from avip.templatetags.words import count_of
from avip.workflow import edit
from families.forms.fields import DayInput, HalfDaysField, HourInput
from families.models import PlaceOffer

SHORT = ("places", "min_age_months", "max_age_months")


class OfferForm(forms.ModelForm):
    """One offer; `seen` is the revision the page showed."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    is_blocked = forms.TypedChoiceField(
        label="Ces places",
        choices=[
            (True, "Gardées libres pour les familles"),
            (False, "Pas de place bloquée\xa0: demandez-nous"),
        ],
        coerce=lambda value: value == "True",
        widget=forms.RadioSelect,
        help_text="Sans place bloquée, c’est la capacité autorisée qui décide à chaque demande.",
    )
    half_days = HalfDaysField(
        label="Demi-journées", error_messages={"required": "Cochez au moins une demi-journée."}
    )

    class Meta:
        model = PlaceOffer
        fields = [
            "is_blocked",
            "places",
            "from_on",
            "until",
            "half_days",
            "opens",
            "closes",
            "min_age_months",
            "max_age_months",
            "reserved_by",
            "atypical_hours",
            "emergency_care",
            "note",
        ]
        widgets = {
            "from_on": DayInput(),
            "until": DayInput(),
            "opens": HourInput(),
            "closes": HourInput(),
            **{
                name: forms.NumberInput(attrs={"inputmode": "numeric", "class": "short"})
                for name in SHORT
            },
        }
        labels = {
            "places": "Nombre de places",
            "reserved_by": "Réservées par",
            "opens": "Dès",
            "closes": "Jusqu’à",
        }
        help_texts = {
            "opens": "Vide\xa0: vos heures d’ouverture.",
            "note": "Lue par les conseillers.",
        }

    def __init__(self, *args, provider, on, **kwargs):
        super().__init__(*args, **kwargs)
        self.provider, self.on = provider, on
        self.fields["seen"].initial = self.instance.revision
        self.fields["places"].required = False
        self.fields["reserved_by"].choices = [
            ("", "Personne en particulier"),
            *[(key, words[0].upper() + words[1:]) for key, words in PlaceOffer.ReservedBy.choices],
        ]
        if self.instance._state.adding:
            self.initial.setdefault("from_on", on)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = Layout(
            "seen",
            Fieldset("Combien, et quand", "is_blocked", "places", "from_on", "until"),
            HTML("{% include 'families/_half_days.html' with field=form.half_days %}"),
            "opens",
            "closes",
            Fieldset(
                "Pour qui",
                "min_age_months",
                "max_age_months",
                "reserved_by",
                "atypical_hours",
                "emergency_care",
                "note",
            ),
        )

    def clean_places(self):
        places = self.cleaned_data["places"]
        if not self.cleaned_data.get("is_blocked", True):
            return places or 1  # not read: nothing is numbered there
        if places is None:
            raise forms.ValidationError("Dites combien de places vous gardez.")
        if (capacity := self.provider.facility.licensed_capacity) and places > capacity:
            raise forms.ValidationError(
                f"La capacité autorisée est de {count_of(capacity, 'place')}."
            )
        return places

    def clean(self):
        cleaned = super().clean()
        youngest, oldest = cleaned.get("min_age_months"), cleaned.get("max_age_months")
        if oldest is not None and youngest is not None and oldest < youngest:
            self.add_error("max_age_months", "L’âge maximum vient après l’âge minimum.")
        return cleaned

    def record(self, *, by):
        """Write the offer; raises StepRefused when it changed since the page was shown."""
        offer = self.instance
        if offer._state.adding:
            offer.provider = self.provider
            offer.confirmed_on = self.on
            offer.save(force_insert=True)
            return
        fields = [*self._meta.fields, "confirmed_on"]
        with edit(offer, by=by, seen=self.cleaned_data["seen"] or 0, fields=fields):
            for name in self._meta.fields:
                setattr(offer, name, self.cleaned_data[name])
            offer.confirmed_on = self.on  # whoever describes it today knows that it is free

    def show_again(self):
        """After a refusal: what was typed, over the offer as it is now."""
        self.data = self.data.copy()
        self.data["seen"] = self.instance.revision
