"""A childminder recorded by her coordinator: her card, her wish, her departure, her move."""

import django_filters
from crispy_forms.helper import FormHelper
from crispy_forms.layout import Fieldset, Layout
from django import forms
from django.db import transaction

from avip.workflow import StepRefused
from families.forms.fields import DayInput, PlaceForm
from families.signing import care_number_corrected
from labels.childminders import already_known, caf_of, lock_network, say_known, seen_among
from labels.filters import ListFilter
from labels.forms.review import StepForm
from labels.models import NetworkMember
from labels.workflow.network import express_wish
from partners.models import Caf, Childminder, Commune, MunicipalService, Provider
from partners.phone_access import number_changed
from partners.validators import phone_number

How = NetworkMember.WishHow


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
            pk__in=self.seen.still_here().order_by().values("provider__commune")
        )


class CardForm(forms.ModelForm):
    """What is known of a childminder: who she is, her licence, where."""

    first_name = forms.CharField(label="Prénom", max_length=78)
    last_name = forms.CharField(label="Nom", max_length=78)
    phone = forms.CharField(
        label="Téléphone",
        max_length=20,
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel"}),
    )
    email = forms.EmailField(label="Courriel", required=False)

    class Meta:
        model = Childminder
        fields = [
            "licence_number",
            "licence_department",
            "licence_from",
            "licence_until",
            "licensed_places",
            "house",
            "address",
        ]
        widgets = {
            "licence_department": forms.TextInput(attrs={"class": "short"}),
            "licence_from": DayInput(),
            "licence_until": DayInput(),
            "licensed_places": forms.NumberInput(attrs={"inputmode": "numeric", "class": "short"}),
        }
        help_texts = {
            "licence_department": "Celui de sa commune, si vous laissez vide.",
            "licensed_places": "Nombre d’enfants inscrit sur l’agrément.",
            "house": "Si elle travaille dans une maison d’assistants maternels.",
        }

    WHO = ("Elle", "first_name", "last_name", "phone", "email")
    LICENCE = (
        "Son agrément",
        "licence_number",
        "licence_department",
        "licence_from",
        "licence_until",
        "licensed_places",
    )

    def __init__(self, *args, user, on, **kwargs):
        super().__init__(*args, **kwargs)
        self.user, self.on = user, on
        self.helper = FormHelper()
        self.helper.form_tag = False

    def clean_phone(self):
        return phone_number(self.cleaned_data["phone"])

    def clean_licence_number(self):
        return " ".join(self.cleaned_data["licence_number"].split())

    def clean_licence_department(self):
        return self.cleaned_data["licence_department"].strip().upper()

    def clean(self):
        cleaned = super().clean()
        until = cleaned.get("licence_until")
        if until and until < self.on:
            self.add_error("licence_until", "Cet agrément est échu\xa0: notez le nouveau.")
        commune, number = self.where(), cleaned.get("licence_number")
        if commune:
            cleaned["licence_department"] = (
                cleaned.get("licence_department") or commune.department_code
            )
        if commune and number:
            known = already_known(number, cleaned["licence_department"])
            if known and known.pk != self.instance.pk:
                self.add_error(
                    "licence_number", say_known(known, bool(seen_among([known], self.user)))
                )
        return cleaned

    def where(self):
        """Where she gives care, as far as the form knows."""
        raise NotImplementedError

    def contacts(self) -> dict:
        """The fields of `Provider` that were typed."""
        data = self.cleaned_data
        return {
            "name": f"{data['first_name']} {data['last_name']}",
            "phone": data["phone"],
            "email": data["email"],
        }


class ChildminderForm(CardForm):
    """A childminder nobody knew; her wish is noted with it."""

    commune = forms.ModelChoiceField(label="Commune", queryset=Commune.objects.none())
    in_family_creche = forms.BooleanField(
        label="Elle est salariée d’une crèche familiale", required=False
    )

    class Meta(CardForm.Meta):
        fields = ["service", *CardForm.Meta.fields]

    def __init__(self, *args, user, on, **kwargs):
        super().__init__(*args, user=user, on=on, **kwargs)
        services = MunicipalService.objects.filter(pk__in=user.reach.services).select_related("caf")
        communes = Commune.objects.filter(municipal_services__in=user.reach.services).distinct()
        self.fields["service"].queryset = services
        if len(services) == 1:
            self.fields["service"].widget = forms.HiddenInput()
            self.fields["service"].initial = services[0]
        self.fields["service"].required = bool(services)
        if not services:  # the Caf stands in where there is no service
            del self.fields["service"]
            covered = MunicipalService.objects.filter(caf__in=user.reach.cafs)
            communes = Commune.objects.filter(
                department_code__in=Caf.objects.visible_to(user).values("department_code")
            ).exclude(municipal_services__in=covered)
        self.fields["commune"].queryset = communes
        self.fields["commune"].initial = communes[0] if len(communes) == 1 else None
        self.helper.layout = Layout(
            *(["service"] if services else []),
            Fieldset(*self.WHO, "in_family_creche"),
            Fieldset(*self.LICENCE),
            Fieldset("Où elle accueille", "commune", "house", "address"),
        )

    def where(self):
        return self.cleaned_data.get("commune")

    def clean_in_family_creche(self):
        if self.cleaned_data["in_family_creche"]:
            raise forms.ValidationError(
                "Son label passe par la crèche familiale qui l’emploie\xa0: c’est la crèche qui "
                "le demande à la Caf. Elle n’entre pas dans ce réseau."
            )
        return False

    def clean(self):
        cleaned = super().clean()
        commune, service = cleaned.get("commune"), cleaned.get("service")
        if commune and service and not service.communes.filter(pk=commune.pk).exists():
            self.add_error("commune", "Cette commune n’est pas de celles de ce service.")
        return cleaned

    @transaction.atomic
    def record(self, *, by, on):
        """The childminder and her wish; on maps she is at the centre of her commune."""
        data = self.cleaned_data
        service, commune = data.get("service"), data["commune"]
        caf = service.caf if service else caf_of(commune)
        lock_network(caf)
        if known := already_known(data["licence_number"], data["licence_department"]):
            raise StepRefused(say_known(known, bool(seen_among([known], by))))
        provider = Provider.objects.create(
            kind=Provider.Kind.CHILDMINDER,
            caf=caf,
            commune=commune,
            lat=commune.lat,
            lon=commune.lon,
            **self.contacts(),
        )
        self.instance.provider = provider
        self.instance.save()
        express_wish(provider, by=by, on=on)
        return provider


class ChildminderCardForm(CardForm):
    """Her card, kept up to date: contacts, a licence renewed, the house she works in."""

    def __init__(self, *args, provider, initial=None, **kwargs):
        first_name, _, last_name = provider.name.partition(" ")
        known = {
            "first_name": first_name,
            "last_name": last_name,
            "phone": provider.phone,
            "email": provider.email,
        }
        super().__init__(*args, instance=provider.childminder, initial=known, **kwargs)
        self.provider = provider
        self.helper.layout = Layout(
            Fieldset(*self.WHO),
            Fieldset(*self.LICENCE),
            Fieldset("Où elle accueille", "house", "address"),
        )

    def where(self):
        return self.provider.commune

    @transaction.atomic
    def record(self, *, at):
        """Write her card; a new phone number ends the link and the codes of the former one."""
        former = self.provider.phone
        for name, value in self.contacts().items():
            setattr(self.provider, name, value)
        self.provider.save(update_fields=["name", "phone", "email"])
        number_changed(self.provider, at=at)
        if self.provider.phone != former:
            care_number_corrected(self.provider, at=at)
        self.instance.save()


class WishForm(StepForm):
    """How and when she said that she wishes to join."""

    how = forms.ChoiceField(
        label="Comment l’a-t-elle dit\xa0?",
        choices=[(how.value, how.label) for how in (How.TOLD, How.PAPER)],
        widget=forms.RadioSelect,
        initial=How.TOLD,
    )
    wish_on = forms.DateField(
        label="Le", widget=DayInput(), help_text="Sur papier\xa0: la date du papier signé."
    )


class LeaveForm(StepForm):
    """Why she leaves the network."""

    reason = forms.ChoiceField(
        label="Pourquoi", choices=NetworkMember.LeaveReason.choices, widget=forms.RadioSelect
    )
    words = forms.CharField(
        label="Précision",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Ni santé, ni vie privée.",
    )


class MoveForm(StepForm, PlaceForm):
    """Her new commune; the address is what a contract will give."""

    address = forms.CharField(
        label="Nouvelle adresse",
        max_length=200,
        required=False,
        help_text="Donnée à la famille avec le contrat, jamais avant.",
    )
    field_order = ["place", "commune", "address"]
