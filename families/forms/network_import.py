"""The spreadsheet of the childminders of a service."""

from django import forms

from avip.jobs import SCHEDULES
from labels.forms.review import StepForm
from labels.network_import import COLUMNS, NEEDED
from labels.spreadsheets import read_rows
from partners.models import Caf, MunicipalService


class ChildminderFileForm(StepForm):
    """Nothing is recorded before the preview is confirmed."""

    service = forms.ModelChoiceField(label="Service", queryset=MunicipalService.objects.none())
    file = forms.FileField(
        label="Votre tableau",
        help_text="XLSX ou CSV, avec les titres du modèle en première ligne.",
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,text/csv"}),
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        services = MunicipalService.objects.filter(pk__in=user.reach.services).select_related("caf")
        self.cafs = Caf.objects.visible_to(user)
        self.fields["service"].queryset = services
        if len(services) <= 1:
            del self.fields["service"]
        self.only_service = services[0] if services else None

    def clean_file(self):
        most = SCHEDULES["network_import_rows"]
        self.rows = read_rows(self.cleaned_data["file"], COLUMNS, NEEDED, most)
        return self.cleaned_data["file"]

    def whose(self):
        """(service, Caf): whose list it is; a Caf's has no service."""
        service = self.cleaned_data.get("service") or self.only_service
        return service, service.caf if service else self.cafs[0]
