"""Another référent emploi: which agency, and why."""

from django import forms

from families.models import ReferentChange
from partners.models import Agency


class ReferentForm(forms.Form):
    to_agency = forms.ModelChoiceField(
        Agency.objects.none(), label="Nouvelle agence", empty_label="Choisissez une agence"
    )
    reason = forms.ChoiceField(label="Motif", widget=forms.RadioSelect)

    def __init__(self, *args, contract, **kwargs):
        super().__init__(*args, **kwargs)
        near = Agency.objects.filter(department_code=contract.agency.department_code)
        self.fields["to_agency"].queryset = near.exclude(pk=contract.agency_id)
        self.fields["reason"].choices = [
            (key, text[0].upper() + text[1:]) for key, text in ReferentChange.Reason.choices
        ]


class AcceptReferentForm(forms.Form):
    """The text that was shown, by its hash, and the tick."""

    text_sha256 = forms.CharField(widget=forms.HiddenInput, max_length=64)
    consent = forms.BooleanField(
        label="J’ai lu et je prends la suite comme référent emploi",
        error_messages={"required": "Cochez cette case pour signer."},
    )
