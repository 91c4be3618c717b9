"""A childminder recorded by her coordinator."""

import django_filters
from crispy_forms.helper import FormHelper
from crispy_forms.layout import Fieldset, Layout
from django import forms
from django.db import transaction

from families.forms.fields import DayInput, phone_number
from labels.filters import ListFilter
from labels.models import NetworkMember
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
