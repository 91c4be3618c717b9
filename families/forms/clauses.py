"""The local clauses of a Caf: plain text, and from which day."""

from django import forms

from families.forms.fields import DayInput


class ClausesForm(forms.Form):
    valid_from = forms.DateField(label="À partir du", widget=DayInput())
    text = forms.CharField(
        label="Clauses",
        max_length=8000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text=(
            "Du texte simple. Une ligne vide sépare deux articles. "
            "Vide\xa0: plus aucune clause locale."
        ),
    )
