"""A contract signed on paper before the software: its family, its dates, its week, its scan."""

from crispy_forms.layout import HTML, Fieldset, Layout
from django import forms
from django.db.models import Q
from django.utils import timezone

from avip.jobs import SCHEDULES
from avip.pdf import check_uploaded_pdf
from families.forms.contracts import WeekForm
from families.forms.fields import DayInput, PlaceForm
from families.models import Child, Household
from labels.models.labels import labelled_providers
from partners.models import Agency, Caf, Provider
from partners.validators import phone_number

CHILDREN = 3
OPEN = "families/_contract_week.html"


class TakeoverForm(PlaceForm, WeekForm):
    """One screen; the family is a known one, or the least that must be known of a new one."""

    provider = forms.ModelChoiceField(
        Provider.objects.none(), label="Mode d’accueil", empty_label="Choisissez"
    )
    start_on = forms.DateField(label="Premier jour du contrat", widget=DayInput())
    end_on = forms.DateField(label="Dernier jour du contrat", widget=DayInput())
    number = forms.TypedChoiceField(
        label="Rang dans la suite",
        coerce=int,
        choices=[(1, "Premier contrat"), (2, "Premier renouvellement"), (3, "Deuxième"), (4, "3ᵉ")],
        initial=1,
    )
    scan = forms.FileField(
        label="Scan du contrat signé",
        help_text=f"Un PDF de toutes les pages, {SCHEDULES['upload_max_megabytes']}\xa0Mo au plus.",
        widget=forms.ClearableFileInput(attrs={"accept": "application/pdf"}),
    )
    children = forms.ModelMultipleChoiceField(
        Child.objects.none(), label="Enfants du contrat", widget=forms.CheckboxSelectMultiple
    )
    agency = forms.ModelChoiceField(
        Agency.objects.none(), label="Agence du référent emploi", empty_label="Choisissez"
    )
    first_name = forms.CharField(label="Prénom du parent", max_length=80)
    last_name = forms.CharField(label="Nom du parent", max_length=80)
    phone = forms.CharField(label="Téléphone mobile", max_length=20, required=False)
    email = forms.EmailField(label="Courriel", required=False)
    situation = forms.ChoiceField(label="Situation", choices=Household.Situation.choices)
    notice_given_on = forms.DateField(label="Information remise le", widget=DayInput())
    notice_channel = forms.ChoiceField(
        label="Comment", choices=Household.NoticeChannel.choices, widget=forms.RadioSelect
    )

    NEW_FAMILY = [
        *("first_name", "last_name", "phone", "email", "place", "commune", "situation"),
        *("notice_given_on", "notice_channel"),
    ]

    def __init__(self, *args, user, household=None, **kwargs):
        self.user, self.household, self.on = user, household, timezone.localdate()
        providers = self._providers()
        only = providers.first() if providers.count() == 1 else None
        super().__init__(*args, provider=only, slots=[], revision=0, **kwargs)
        for name in ("envelope_hours", "settling_in_days", "seen"):
            del self.fields[name]
        self.fields["provider"].queryset = providers
        self.initial["provider"] = only
        if household:
            for name in (*self.NEW_FAMILY, "agency"):
                del self.fields[name]
            self.fields["children"].queryset = household.children.all()
        else:
            del self.fields["children"]
            self._ask_the_family()
        self._lay_out()

    def _providers(self):
        mine = labelled_providers(self.on).values("pk")
        if self.user.reach.agencies:
            codes = Agency.objects.filter(pk__in=self.user.reach.agencies)
            seen = Provider.objects.visible_to(self.user).filter(
                caf__department_code__in=codes.values("department_code")
            )
        else:
            seen = Provider.objects.managed_by(self.user)
        # A childminder's coordinator alone: recording the contract validates the situation.
        hers = Provider.objects.filter(childminder__service__in=self.user.reach.services)
        facilities = Q(kind=Provider.Kind.FACILITY)
        seen = seen.filter(facilities | Q(pk__in=hers.values("pk")), pk__in=mine)
        return seen.select_related("caf").order_by("name")

    def _ask_the_family(self):
        mine = Agency.objects.filter(pk__in=self.user.reach.agencies)
        if not mine:
            codes = Provider.objects.managed_by(self.user).values("caf__department_code")
            mine = Agency.objects.filter(department_code__in=codes)
        self.fields["agency"].queryset = mine
        self.initial["agency"] = mine.first() if mine.count() == 1 else None
        for number in range(CHILDREN):
            again = "" if number == 0 else f" ({number + 1})"
            self.fields[f"child_{number}"] = forms.CharField(
                label=f"Prénom de l’enfant{again}", max_length=80, required=number == 0
            )
            self.fields[f"born_{number}"] = forms.DateField(
                label=f"Né le{again}", widget=DayInput(), required=number == 0
            )

    def _lay_out(self):
        children = [f"{name}_{n}" for n in range(CHILDREN) for name in ("child", "born")]
        family = ["children"] if self.household else [*self.NEW_FAMILY, *children, "agency"]
        self.helper.layout = Layout(
            Fieldset("La famille", *family),
            Fieldset("Le contrat", "provider", "start_on", "end_on", "number"),
            HTML("{% include '" + OPEN + "' %}"),
            "exceptions",
            Fieldset("Le papier", "scan"),
        )

    def clean_phone(self):
        return phone_number(self.cleaned_data["phone"])

    def clean_scan(self):
        self.scan_bytes = check_uploaded_pdf(self.cleaned_data["scan"])
        return self.cleaned_data["scan"]

    def clean_notice_given_on(self):
        if self.cleaned_data["notice_given_on"] > self.on:
            raise forms.ValidationError("L’information est remise avant d’ouvrir le dossier.")
        return self.cleaned_data["notice_given_on"]

    def clean(self):
        cleaned = super().clean()
        commune = cleaned.get("commune")
        if not self.household and hasattr(commune, "department_code"):
            self.caf = Caf.objects.filter(department_code=commune.department_code).first()
            if self.caf is None:
                self.add_error("place", "Aucune Caf n’est encore enregistrée pour ce département.")
        for number in range(CHILDREN):
            born, name = cleaned.get(f"born_{number}"), cleaned.get(f"child_{number}")
            if born and born > self.on:
                self.add_error(f"born_{number}", "Cette date n’est pas encore venue.")
            elif bool(born) != bool(name) and number:
                self.add_error(f"child_{number}", "Complétez le prénom et la date.")
        return cleaned

    def family(self):
        """The fields of a new family, for `open_family`."""
        data = self.cleaned_data
        names = ("first_name", "last_name", "phone", "email")
        return {
            "caf": self.caf,
            "commune": data["commune"],
            "parent": {name: data[name] for name in names},
            "children": [
                {"first_name": data[f"child_{n}"], "birth_date": data[f"born_{n}"]}
                for n in range(CHILDREN)
                if data.get(f"child_{n}")
            ],
            "situation": data["situation"],
            "notice": (data["notice_given_on"], data["notice_channel"]),
        }
