"""The family's file: the parent, the children, where they live, what is attested; nothing more."""

import django_filters
from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Fieldset, Layout
from django import forms
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from avip.workflow import edit
from families.forms.children import children_formset
from families.forms.fields import DayInput, PlaceForm
from families.matches import find_matches
from families.models import FlagAttestation, Household, Parent, Referral, Signatory
from families.signing import contact_corrected
from labels.filters import ListFilter
from partners.models import Caf
from partners.validators import phone_number

PARENT = ["first_name", "last_name", "phone", "email"]
FLAGS = ["single_parent", "in_qpv", "rsa"]
# The other people of the file, each absent unless the referring parent asks for it.
SECOND, GUARDIAN = "second", "guardian"


class HouseholdFilter(ListFilter):
    """No name here: an address of a page may be read by others."""

    MINE, SEEKING, UNANSWERED, PLACED = "mine", "seeking", "unanswered", "placed"

    adviser = django_filters.ChoiceFilter(
        label="Suivies par",
        method="filter_adviser",
        empty_label="Toute l’agence",
        choices=[(MINE, "Moi")],
    )
    progress = django_filters.ChoiceFilter(
        label="Où en est-on",
        method="filter_progress",
        empty_label="Toutes",
        choices=[
            (SEEKING, "Sans demande en cours"),
            (UNANSWERED, "Réponse attendue"),
            (PLACED, "Place acceptée"),
        ],
    )

    class Meta:
        model = Household
        fields = []

    def filter_adviser(self, queryset, name, value):
        return queryset.filter(adviser=self.request.user)

    def filter_progress(self, queryset, name, value):
        mine = Referral.objects.filter(household=OuterRef("pk"))
        taken = Exists(mine.filter(status__in=Referral.TAKEN))
        asked = Exists(mine.waiting_for_answer())
        waits = Exists(mine.filter(status=Referral.Status.WAITING_LIST))
        match value:
            case self.PLACED:
                return queryset.filter(taken)
            case self.UNANSWERED:
                return queryset.filter(asked)
        return queryset.exclude(taken | asked | waits)


class HouseholdForm(PlaceForm, forms.ModelForm):
    """The family, its parent and its children in one page; `seen` is the revision it showed."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    first_name = forms.CharField(label="Prénom du parent", max_length=80)
    last_name = forms.CharField(label="Nom du parent", max_length=80)
    phone = forms.CharField(
        label="Téléphone mobile",
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "off"}),
        help_text="Pour être prévenu par SMS et recevoir le code qui sert à signer.",
    )
    email = forms.EmailField(label="Courriel", required=False)

    class Meta:
        model = Household
        fields = ["situation", *FLAGS, "notice_given_on", "notice_channel"]
        widgets = {
            "situation": forms.RadioSelect,
            "notice_channel": forms.RadioSelect,
            "notice_given_on": DayInput(),
        }
        labels = {
            "single_parent": "Le parent élève seul son ou ses enfants",
            "in_qpv": "La famille habite un quartier prioritaire (QPV)",
            "rsa": "La famille perçoit le RSA",
            "notice_given_on": "Information remise le",
            "notice_channel": "Comment l’information a été donnée",
        }

    def __init__(self, *args, on, **kwargs):
        super().__init__(*args, **kwargs)
        self.on = on
        self.was = {name: getattr(self.instance, name) for name in FLAGS}
        is_new = self.instance._state.adding
        self.parent = None if is_new else self.instance.parents.filter(is_referring=True).first()
        for name, choices in (
            ("situation", Household.Situation.choices),
            ("notice_channel", Household.NoticeChannel.choices),
        ):
            self.fields[name].choices = [(key, text[0].upper() + text[1:]) for key, text in choices]
        self.fields["notice_given_on"].widget.attrs["max"] = on.isoformat()
        if not is_new:
            self.initial |= {name: getattr(self.parent, name, "") for name in PARENT}
            self.initial |= {
                "seen": self.instance.revision,
                "place": self.instance.commune.name,
                "commune": self.instance.commune_id,
            }
            if not self.is_bound:
                self.fields["commune"].widget = forms.HiddenInput()
        self._add_people()
        formset = children_formset(extra=3 if is_new else 1)
        self.children = formset(
            self.data if self.is_bound else None,
            instance=self.instance,
            prefix="children",
            form_kwargs={"on": on},
        )
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = Layout(
            "seen",
            Fieldset("Le parent", "first_name", "last_name", "phone", "email", "place", "commune"),
            HTML("{% include 'families/_household_children.html' %}"),
            HTML("{% include 'families/_household_people.html' %}"),
            Fieldset("Sa situation", "situation", *FLAGS),
            Fieldset("L’information sur ses données", "notice_given_on", "notice_channel"),
        )

    def _add_people(self):
        """A second parent, at the request of the first; who represents a minor parent."""
        people = (
            []
            if self.instance._state.adding
            else self.instance.parents.filter(is_referring=False).order_by("-pk")
        )
        self.people = {
            GUARDIAN if parent.is_representative else SECOND: parent for parent in people
        }
        for who in (SECOND, GUARDIAN):
            for name, label in (
                ("first_name", "Prénom"),
                ("last_name", "Nom"),
                ("phone", "Téléphone mobile"),
                ("email", "Courriel"),
            ):
                field = forms.EmailField if name == "email" else forms.CharField
                self.fields[f"{who}_{name}"] = field(label=label, required=False, max_length=80)
                self.initial[f"{who}_{name}"] = getattr(self.people.get(who), name, "")

    def people_shown(self):
        """For the page: [(question, its fields, whether it is answered)]."""
        titles = {
            SECOND: "Un second parent, seulement si le premier le demande",
            GUARDIAN: "Le représentant légal, si le parent est mineur",
        }
        found = []
        for who, title in titles.items():
            fields = [self[f"{who}_{name}"] for name in PARENT]
            found.append((title, fields, any(f.value() or f.errors for f in fields)))
        return found

    def clean_phone(self):
        return phone_number(self.cleaned_data["phone"])

    def clean_second_phone(self):
        return phone_number(self.cleaned_data["second_phone"])

    def clean_guardian_phone(self):
        return phone_number(self.cleaned_data["guardian_phone"])

    def _check_person(self, who, cleaned):
        first, last = cleaned.get(f"{who}_first_name"), cleaned.get(f"{who}_last_name")
        if bool(first) != bool(last):
            missing = "last_name" if first else "first_name"
            self.add_error(f"{who}_{missing}", "Complétez son nom, ou videz ces lignes.")
        known = self.people.get(who)
        if known and not first and Signatory.objects.filter(parent=known).exists():
            reason = f"{known} figure dans un contrat\xa0: son nom reste au dossier."
            self.add_error(f"{who}_first_name", reason)

    def clean_notice_given_on(self):
        given = self.cleaned_data["notice_given_on"]
        if given > self.on:
            raise forms.ValidationError("L’information est remise avant d’ouvrir le dossier.")
        return given

    def clean(self):
        cleaned = super().clean()
        commune = cleaned.get("commune")
        if commune and hasattr(commune, "department_code"):
            self.caf = Caf.objects.filter(department_code=commune.department_code).first()
            if self.caf is None:
                self.add_error("place", "Aucune Caf n’est encore enregistrée pour ce département.")
        for who in (SECOND, GUARDIAN):
            self._check_person(who, cleaned)
        if not self.children.is_valid():
            for number, form in enumerate(self.children.forms, start=1):
                for name, errors in form.errors.items():
                    label = form.fields[name].label.lower() if name in form.fields else ""
                    for error in errors:
                        self.add_error(None, f"Enfant {number}, {label}\xa0: {error}")
            for error in self.children.non_form_errors():
                self.add_error(None, error)
        return cleaned

    @transaction.atomic
    def record(self, *, by):
        """Write the family; raises StepRefused when it changed since the page was shown."""
        household = self.instance
        if household._state.adding:
            household.adviser = by
            household.agency = next(m.agency for m in by.memberships_today if m.agency_id)
            self._fill(household, by)
            household.save(force_insert=True)
            self.parent = Parent(household=household)
        else:
            fields = [*self._meta.fields, "commune", "caf", "attested_by", "attested_on"]
            with edit(household, by=by, seen=self.cleaned_data["seen"] or 0, fields=fields):
                self._fill(household, by)
        reached = (self.parent.phone, self.parent.email)
        for name in PARENT:
            setattr(self.parent, name, self.cleaned_data[name])
        self.parent.save()
        if reached != (self.parent.phone, self.parent.email):
            contact_corrected(self.parent, at=timezone.now())
        self._record_people(household)
        self.children.instance = household
        self.children.save()
        self._attest(household, by)
        find_matches(household, at=timezone.now())
        return household

    def _record_people(self, household):
        for who in (SECOND, GUARDIAN):
            person = self.people.get(who)
            if not self.cleaned_data[f"{who}_first_name"]:
                if person:
                    person.delete()
                continue
            # A second parent signs on request alone: it is asked when the contract is proposed.
            person = person or Parent(
                household=household,
                is_referring=False,
                is_representative=who == GUARDIAN,
                signs=who == GUARDIAN,
            )
            reached = (person.phone, person.email)
            for name in PARENT:
                setattr(person, name, self.cleaned_data[f"{who}_{name}"])
            person.save()
            if reached != (person.phone, person.email):
                contact_corrected(person, at=timezone.now())

    def _attest(self, household, by):
        """One line for each flag said for the first time, or said otherwise."""
        FlagAttestation.objects.bulk_create(
            FlagAttestation(
                household=household, flag=name, value=getattr(household, name), attested_by=by
            )
            for name in FLAGS
            if getattr(household, name) != self.was[name]
        )

    def show_again(self):
        """After a refusal: what was typed, over the family as it is now."""
        self.data = self.data.copy()
        self.data["seen"] = self.instance.revision

    def _fill(self, household, by):
        """On the row just made or locked; whoever says the flags anew attests them."""
        for name in self._meta.fields:
            setattr(household, name, self.cleaned_data[name])
        household.commune, household.caf = self.cleaned_data["commune"], self.caf
        if household._state.adding or any(
            getattr(household, name) != self.was[name] for name in FLAGS
        ):
            household.attested_by, household.attested_on = by, self.on
