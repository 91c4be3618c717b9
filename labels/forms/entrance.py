"""« Demander le label » without an account, then the password that opens it."""

from crispy_forms.helper import FormHelper
from django import forms
from django.contrib.auth.password_validation import validate_password

from labels.requests import communes_of
from partners.models import User
from partners.validators import validate_siret


class LabelRequestForm(forms.Form):
    facility_name = forms.CharField(label="Nom de la crèche", max_length=160)
    siret = forms.CharField(
        label="SIRET de la crèche",
        max_length=20,
        help_text="14 chiffres, ceux de la crèche et non du siège.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    postal_code = forms.RegexField(
        r"^\d{5}$",
        label="Code postal de la crèche",
        error_messages={"invalid": "Un code postal compte cinq chiffres."},
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "postal-code", "class": "short"}
        ),
    )
    first_name = forms.CharField(
        label="Votre prénom",
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    last_name = forms.CharField(
        label="Votre nom",
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )
    email = forms.EmailField(
        label="Votre courriel professionnel",
        help_text="Nous y envoyons le lien qui ouvre votre dossier.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def __init__(self, *args, caf, **kwargs):
        super().__init__(*args, **kwargs)
        self.caf = caf
        self.helper = FormHelper()
        self.helper.form_tag = False

    def clean_siret(self):
        siret = "".join(self.cleaned_data["siret"].split())
        validate_siret(siret)
        return siret

    def clean_postal_code(self):
        postal_code = self.cleaned_data["postal_code"]
        if not communes_of(self.caf, postal_code).exists():
            raise forms.ValidationError(
                f"Aucune commune suivie par la {self.caf} n’a ce code postal. "
                "Vérifiez-le, ou choisissez une autre Caf."
            )
        return postal_code

    def clean_email(self):
        return self.cleaned_data["email"].lower()


class ConfirmRequestForm(forms.Form):
    """What is left to say once the mailbox is proved; a password only for a new account."""

    commune = forms.ModelChoiceField(
        label="Commune de la crèche", queryset=None, widget=forms.RadioSelect, empty_label=None
    )
    quality = forms.CharField(
        label="Votre fonction",
        max_length=80,
        initial="directrice",
        help_text="Imprimée sous vos signatures\xa0: «\xa0directrice\xa0», «\xa0directeur\xa0»…",
    )
    password = forms.CharField(
        label="Choisissez un mot de passe",
        help_text="14 caractères au moins. Une phrase que vous retenez convient très bien.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
    )

    def __init__(self, *args, request, has_account, **kwargs):
        super().__init__(*args, **kwargs)
        self.person = User(
            email=request.email, first_name=request.first_name, last_name=request.last_name
        )
        communes = communes_of(request.caf, request.postal_code)
        self.fields["commune"].queryset = communes
        if len(communes) == 1:
            self.fields["commune"].initial = communes[0]
            self.fields["commune"].widget = forms.HiddenInput()
        if has_account:
            del self.fields["password"]
        self.helper = FormHelper()
        self.helper.form_tag = False

    def clean_password(self):
        password = self.cleaned_data["password"]
        validate_password(password, self.person)
        return password
