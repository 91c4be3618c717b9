"""A pause of a childminder's place; her leave, with the care that will not be given in it."""

from django import forms

from families.forms.fields import DayInput
from partners.forms import ClosureForm


class PauseForm(forms.Form):
    until = forms.DateField(
        label="Jusqu’au",
        required=False,
        widget=DayInput(),
        help_text="Vide\xa0: jusqu’à ce que vous la repreniez.",
    )


class LeaveForm(ClosureForm):
    """`sure`: the days of care given up have been read."""

    sure = forms.BooleanField(required=False, widget=forms.HiddenInput)
