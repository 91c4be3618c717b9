"""Labels granted before the software: one, typed; or many, from a spreadsheet."""

from django import forms

from avip.pdf import check_uploaded_pdf
from labels.forms.review import StepForm, date_input
from labels.spreadsheets import read_rows
from labels.takeover import COLUMNS, NEEDED, examine


class TakeOverForm(StepForm):
    """One label; what is typed is examined like a line of a file."""

    creche = forms.CharField(
        label="Crèche",
        max_length=160,
        help_text="Son SIRET, ou son nom tel que votre Caf le connaît.",
    )
    granted_on = forms.DateField(label="Date de la décision", widget=date_input())
    starts_on = forms.DateField(
        label="Début du label",
        widget=date_input(),
        required=False,
        help_text="S’il diffère de la date de la décision.",
    )
    ends_on = forms.DateField(label="Fin du label", widget=date_input())
    scan = forms.FileField(
        label="Décision d’origine",
        required=False,
        widget=forms.FileInput(attrs={"accept": "application/pdf"}),
        help_text="Un PDF. Si la page vous demande une correction, joignez-le de nouveau.",
    )

    SIRET_DIGITS = 9  # a name has no run of digits that long

    def __init__(self, *args, caf, on, **kwargs):
        super().__init__(*args, **kwargs)
        self.caf, self.on = caf, on

    def clean_scan(self):
        scan = self.cleaned_data["scan"]
        return check_uploaded_pdf(scan) if scan else None

    def clean(self):
        cleaned = super().clean()
        if not self.errors:
            (line,) = examine(self.caf, [{"line": 1} | self.row()], on=self.on)
            for column, reason in line.refused:
                field = column if column in self.fields else "creche"
                self.add_error(field, f"{reason[0].upper()}{reason[1:]}.")
        return cleaned

    def row(self) -> dict:
        """What was typed, as a line of a file."""
        typed = self.cleaned_data["creche"].strip()
        digits = "".join(typed.split())
        is_number = digits.isdigit() and len(digits) >= self.SIRET_DIGITS
        days = {
            name: f"{day:%d/%m/%Y}" if (day := self.cleaned_data[name]) else ""
            for name in ("granted_on", "starts_on", "ends_on")
        }
        return {"siret" if is_number else "name": typed} | days


class TakeOverFileForm(StepForm):
    """A spreadsheet of labels; nothing is written before the preview is confirmed."""

    file = forms.FileField(
        label="Votre tableau",
        help_text="XLSX ou CSV, avec les titres du modèle en première ligne.",
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,text/csv"}),
    )

    def clean_file(self):
        self.rows = read_rows(self.cleaned_data["file"], COLUMNS, NEEDED)
        return self.cleaned_data["file"]
