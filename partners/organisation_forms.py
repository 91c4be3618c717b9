import re

from django import forms

from partners.models import Commune, Facility, MunicipalService, Provider
from partners.validators import validate_siren


class FacilitiesField(forms.ModelMultipleChoiceField):
    def label_from_instance(self, provider):
        """The crèche, where it is, and who runs it today."""
        operator = provider.facility.operator
        return f"{provider}, {provider.commune}" + (
            f" (aujourd’hui\xa0: {operator})" * bool(operator)
        )


class OperatorForm(forms.Form):
    """A gestionnaire, new or known by its SIREN, and the crèches it runs."""

    name = forms.CharField(label="Nom du gestionnaire", max_length=160)
    siren = forms.CharField(
        label="SIREN",
        help_text="9 chiffres. Un gestionnaire déjà connu par ce numéro garde son nom.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    facilities = FacilitiesField(
        label="Ses crèches",
        queryset=Provider.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text="Les membres du gestionnaire en verront les dossiers et répondront pour elles.",
    )

    def __init__(self, *args, facilities, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["facilities"].queryset = facilities

    def clean_siren(self):
        """Nine digits; spaces are taken out."""
        siren = "".join(self.cleaned_data["siren"].split())
        validate_siren(siren)
        return siren


class ServiceForm(forms.Form):
    """A relais petite enfance, a CCAS or a service of the commune, and its communes."""

    caf = forms.ModelChoiceField(label="Caf", queryset=None)
    kind = forms.ChoiceField(
        label="Nature", choices=MunicipalService.Kind.choices, widget=forms.RadioSelect
    )
    name = forms.CharField(label="Nom", max_length=160)
    communes = forms.CharField(
        label="Ses communes",
        help_text="Codes postaux ou codes Insee, séparés par des espaces\xa0: 75020 75012",
    )

    def __init__(self, *args, cafs, **kwargs):
        super().__init__(*args, **kwargs)
        field = self.fields["caf"]
        field.queryset = type(cafs[0]).objects.filter(pk__in=[caf.pk for caf in cafs])
        if len(cafs) == 1:
            field.widget, field.initial = forms.HiddenInput(), cafs[0]

    def clean(self):
        data = super().clean()
        if "caf" in data and "communes" in data:
            codes = [code for code in re.split(r"[\s,;]+", data["communes"].upper()) if code]
            found = {code: _communes_of(data["caf"], code) for code in codes}
            data["communes"] = {commune for communes in found.values() for commune in communes}
            unknown = [code for code, communes in found.items() if not communes]
            if unknown:
                caf, codes = data["caf"], ", ".join(unknown)
                self.add_error("communes", f"Aucune commune de la {caf} n’a ce code\xa0: {codes}.")
        return data


def _communes_of(caf, code):
    """Those of a postal code, else that of an Insee code; arrondissements rather than their city.

    Read among the communes of this Caf.
    """
    communes = Commune.objects.filter(department_code=caf.department_code)
    if not re.fullmatch(r"\d[\dAB]\d{3}", code):
        return []
    found = list(communes.filter(postal_codes__contains=code)) or list(communes.filter(code=code))
    cities = {commune.parent_code for commune in found if commune.parent_code}
    return [commune for commune in found if commune.code not in cities]


class CounterForm(forms.Form):
    """Whether a municipal service is the guichet unique of its communes, and who stands in."""

    wanted = forms.TypedChoiceField(
        label="Qui reçoit d’abord les demandes de place en crèche\xa0?",
        choices=[
            ("yes", "Ce service, qui les adresse ensuite à une crèche"),
            ("no", "Chaque crèche, directement"),
        ],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    deputy = forms.ModelChoiceField(
        label="Service suppléant",
        required=False,
        empty_label="Aucun",
        queryset=MunicipalService.objects.none(),
        help_text="Il valide les situations quand ce service ne répond pas\xa0; "
        "sans lui, c’est la Caf.",
    )

    def __init__(self, *args, service, **kwargs):
        super().__init__(*args, **kwargs)
        others = MunicipalService.objects.filter(caf=service.caf_id).exclude(pk=service.pk)
        self.fields["deputy"].queryset = others


class DecidersForm(forms.ModelForm):
    """Who admits the children of a crèche, who signs for it and by which delegation."""

    class Meta:
        model = Facility
        fields = ["admits", "signs", "delegation"]
        widgets = {"admits": forms.RadioSelect, "signs": forms.RadioSelect}

    def clean(self):
        data = super().clean()
        for name in ("admits", "signs"):
            if data.get(name) == Facility.Decider.OPERATOR and not self.instance.operator_id:
                self.add_error(
                    name,
                    "Cette crèche n’a pas de gestionnaire\xa0: demandez à votre Caf de l’ajouter.",
                )
        return data
