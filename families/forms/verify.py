from django import forms
from django.core.exceptions import ValidationError

from avip.jobs import SCHEDULES
from families.verification import clean_code

LIMIT = SCHEDULES["upload_max_megabytes"]


class VerifyForm(forms.Form):
    code = forms.CharField(
        label="Code du document",
        max_length=40,
        help_text="Seize lettres et chiffres, imprimés à côté du code QR.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Donnez le code du document, ou choisissez son fichier."},
    )
    file = forms.FileField(
        label="Ou le fichier PDF",
        required=False,
        allow_empty_file=True,
        help_text=f"Choisissez-le ou déposez-le ici ({LIMIT}\xa0Mo au plus). Il n’est pas gardé.",
        widget=forms.FileInput(attrs={"accept": "application/pdf"}),
    )

    def clean_code(self):
        return clean_code(self.cleaned_data["code"])

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file and file.size > LIMIT * 1024 * 1024:
            raise ValidationError(
                f"Ce fichier pèse plus de {LIMIT}\xa0Mo\xa0: aucun de nos documents n’est si gros."
            )
        return file

    def clean(self):
        if self.files.get("file"):  # a file is enough
            self.errors.pop("code", None)
        return self.cleaned_data
