"""What is typed on a telephone: six digits, or one's number."""

from crispy_forms.helper import FormHelper
from django import forms
from django.core.exceptions import ValidationError

from partners.codes import CODE_DIGITS
from partners.validators import phone_number


class CodeField(forms.CharField):
    def __init__(self, **kwargs):
        super().__init__(
            label="Code reçu",
            max_length=CODE_DIGITS + 4,
            widget=forms.TextInput(
                attrs={
                    "class": "code",
                    "inputmode": "numeric",
                    "autocomplete": "one-time-code",
                    "pattern": "[0-9 ]*",
                }
            ),
            error_messages={"required": "Écrivez les six chiffres reçus."},
            **kwargs,
        )

    def clean(self, value):
        digits = "".join(super().clean(value).split())
        if len(digits) != CODE_DIGITS or not digits.isdigit():
            raise ValidationError("Le code a six chiffres.")
        return digits


class PhoneCodeForm(forms.Form):
    code = CodeField()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False


class LostLinkForm(PhoneCodeForm):
    """The number to which a lost link may leave again."""

    code = None
    phone = forms.CharField(
        label="Votre téléphone mobile",
        max_length=20,
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel"}),
    )

    def clean_phone(self):
        return phone_number(self.cleaned_data["phone"])
