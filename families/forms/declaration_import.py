"""The spreadsheet of the months of several crèches."""

from crispy_forms.helper import FormHelper
from django import forms

from families.declaration_import import COLUMNS, NEEDED
from labels.spreadsheets import read_rows


class DeclarationFileForm(forms.Form):
    """Nothing is declared before the preview is confirmed."""

    file = forms.FileField(
        label="Votre tableau",
        help_text="XLSX ou CSV, avec les titres du modèle en première ligne.",
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,text/csv"}),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False

    def clean_file(self):
        self.rows = read_rows(self.cleaned_data["file"], COLUMNS, NEEDED)
        return self.cleaned_data["file"]
