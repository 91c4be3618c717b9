"""What a parent types on her telephone: a code, or where she is reached."""

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.phone_forms import CodeField


class CodeForm(forms.Form):
    code = CodeField()


class LostForm(forms.Form):
    contact = forms.CharField(
        label=_("Votre téléphone ou votre courriel"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "email", "autocapitalize": "none"}),
        error_messages={"required": _("Écrivez votre téléphone ou votre courriel.")},
    )

    def clean_contact(self):
        return "".join(self.cleaned_data["contact"].split())
