"""A childminder recorded by her coordinator, and the places a provider keeps for families."""

import django_filters
from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Fieldset, Layout
from django import forms
from django.db import transaction

from avip.templatetags.words import count_of
from avip.workflow import edit
from families.forms.fields import DayInput, HalfDaysField, phone_number
from families.models import PlaceOffer
from labels.filters import ListFilter
from labels.models import NetworkMember
from labels.rules import rules_for
from labels.workflow.network import express_wish
from partners.models import Childminder, Commune, MunicipalService, Provider


class NetworkFilter(ListFilter):
    status = django_filters.ChoiceFilter(
        label="État", empty_label="Toutes", choices=NetworkMember.Status.choices
    )
    commune = django_filters.ModelChoiceFilter(
        label="Commune",
        field_name="provider__commune",
        empty_label="Toutes",
        queryset=Commune.objects.none(),
    )

    class Meta:
        model = NetworkMember
        fields = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["commune"].queryset = Commune.objects.filter(
            pk__in=self.seen.order_by().values("provider__commune")
        )


class ChildminderForm(forms.ModelForm):
    """Who she is, her licence, where; her wish is noted with it."""

    first_name = forms.CharField(label="Prénom", max_length=78)
    last_name = forms.CharField(label="Nom", max_length=78)
    phone = forms.CharField(
        label="Téléphone",
        max_length=20,
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel"}),
    )
    email = forms.EmailField(label="Courriel", required=False)
    commune = forms.ModelChoiceField(label="Commune", queryset=Commune.objects.none())

    class Meta:
        model = Childminder
        fields = [
            "service",
            "licence_number",
            "licence_from",
            "licence_until",
            "licensed_places",
            "house",
            "address",
        ]
        widgets = {
            "licence_from": DayInput(),
            "licence_until": DayInput(),
            "licensed_places": forms.NumberInput(attrs={"inputmode": "numeric", "class": "short"}),
        }
        help_texts = {
            "licensed_places": "Nombre d’enfants inscrit sur l’agrément.",
            "house": "Si elle travaille dans une maison d’assistants maternels.",
        }

    def __init__(self, *args, user, on, **kwargs):
        super().__init__(*args, **kwargs)
        self.on = on
        services = MunicipalService.objects.filter(pk__in=user.reach.services).select_related("caf")
        self.fields["service"].queryset = services
        if len(services) == 1:
            self.fields["service"].widget = forms.HiddenInput()
            self.fields["service"].initial = services[0]
        communes = Commune.objects.filter(municipal_services__in=user.reach.services).distinct()
        self.fields["commune"].queryset = communes
        self.fields["commune"].initial = communes[0] if len(communes) == 1 else None
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = Layout(
            "service",
            Fieldset("Elle", "first_name", "last_name", "phone", "email"),
            Fieldset(
                "Son agrément", "licence_number", "licence_from", "licence_until", "licensed_places"
            ),
            Fieldset("Où elle accueille", "commune", "house", "address"),
        )

    def clean_phone(self):
        return phone_number(self.cleaned_data["phone"])

    def clean(self):
        cleaned = super().clean()
        until = cleaned.get("licence_until")
        if until and until < self.on:
            self.add_error("licence_until", "Cet agrément est échu\xa0: notez le nouveau.")
        commune, service = cleaned.get("commune"), cleaned.get("service")
        if commune and service and not service.communes.filter(pk=commune.pk).exists():
            self.add_error("commune", "Cette commune n’est pas de celles de ce service.")
        return cleaned

    @transaction.atomic
    def record(self, *, by, on):
        """The childminder and her wish; on maps she is at the centre of her commune."""
        data = self.cleaned_data
        provider = Provider.objects.create(
            kind=Provider.Kind.CHILDMINDER,
            name=f"{data['first_name']} {data['last_name']}",
            caf=data["service"].caf,
            commune=data["commune"],
            lat=data["commune"].lat,
            lon=data["commune"].lon,
            phone=data["phone"],
            email=data["email"],
        )
        self.instance.provider = provider
        self.instance.save()
        express_wish(provider, by=by, on=on)
        return provider


class OfferForm(forms.ModelForm):
    """Places kept for families: how many, from when, which half-days, which ages."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    half_days = HalfDaysField(
        label="Demi-journées", error_messages={"required": "Cochez au moins une demi-journée."}
    )

    class Meta:
        model = PlaceOffer
        fields = [
            "places",
            "from_on",
            "until",
            "half_days",
            "min_age_months",
            "max_age_months",
            "note",
        ]
        widgets = {
            "from_on": DayInput(),
            "until": DayInput(),
            **{
                name: forms.NumberInput(attrs={"inputmode": "numeric", "class": "short"})
                for name in ("places", "min_age_months", "max_age_months")
            },
        }
        labels = {"places": "Nombre de places"}
        help_texts = {"note": "Lue par les conseillers\xa0: horaires atypiques, accueil d’urgence…"}

    def __init__(self, *args, provider, on, **kwargs):
        super().__init__(*args, **kwargs)
        self.provider, self.on = provider, on
        self.fields["seen"].initial = self.instance.revision
        if self.instance._state.adding:
            self.initial.setdefault("from_on", on)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = Layout(
            "seen",
            "places",
            "from_on",
            "until",
            HTML("{% include 'families/_half_days.html' with field=form.half_days %}"),
            "min_age_months",
            "max_age_months",
            "note",
        )

    def clean_places(self):
        places = self.cleaned_data["places"]
        if self.provider.is_childminder:
            allowed = rules_for(self.provider.caf, self.on).childminder_max_places
            if places > allowed:
                raise forms.ValidationError(
                    "Une assistante maternelle offre au titre du label "
                    f"{count_of(allowed, 'place')} au plus."
                )
        elif (capacity := self.provider.facility.licensed_capacity) and places > capacity:
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
            offer.save(force_insert=True)
            return
        fields = list(self._meta.fields)
        with edit(offer, by=by, seen=self.cleaned_data["seen"] or 0, fields=fields):
            for name in fields:
                setattr(offer, name, self.cleaned_data[name])

    def show_again(self):
        """After a refusal: what was typed, over the offer as it is now."""
        self.data = self.data.copy()
        self.data["seen"] = self.instance.revision
