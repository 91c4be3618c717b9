"""A day on which a commission meets."""

from django import forms

from families.forms.fields import DayInput
from families.models import CommissionDate


class CommissionForm(forms.ModelForm):
    class Meta:
        model = CommissionDate
        fields = ["held_on"]
        widgets = {"held_on": DayInput()}
        labels = {"held_on": "Date de la commission"}

    def __init__(self, *args, provider, on, **kwargs):
        super().__init__(*args, **kwargs)
        self.instance.provider = provider
        self.on = on
        self.fields["held_on"].widget.attrs["min"] = on.isoformat()

    def clean_held_on(self):
        day = self.cleaned_data["held_on"]
        if day < self.on:
            raise forms.ValidationError("Ce jour est passé\xa0: notez une date à venir.")
        if CommissionDate.objects.filter(provider=self.instance.provider, held_on=day).exists():
            raise forms.ValidationError("Cette date est déjà notée.")
        return day
