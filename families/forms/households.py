"""The family's file: the parent, the children, where they live, what is attested; nothing more."""

import django_filters
from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Fieldset, Layout
from django import forms
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.forms import BaseInlineFormSet, inlineformset_factory

from avip.templatetags.words import age_months, count_of
from avip.workflow import edit
from families.forms.fields import DayInput, PlaceForm, phone_number
from families.models import Child, Household, Parent, Referral
from labels.filters import ListFilter
from labels.rules import rules_for
from partners.calendars import age_in_months
from partners.models import Caf

PARENT = ["first_name", "last_name", "phone", "email"]
FLAGS = ["single_parent", "in_qpv", "rsa"]


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


class ChildForm(forms.ModelForm):
    class Meta:
        model = Child
        fields = ["first_name", "birth_date"]
        widgets = {
            "first_name": forms.TextInput(attrs={"autocomplete": "off"}),
            "birth_date": DayInput(),
        }

    def __init__(self, *args, on, **kwargs):
        super().__init__(*args, **kwargs)
        self.on = on

    def clean_birth_date(self):
        born = self.cleaned_data["birth_date"]
        if born > self.on:
            raise forms.ValidationError(
                "Cette date est dans l’avenir\xa0: inscrivez l’enfant à partir de sa naissance."
            )
        limit = rules_for(None, self.on).child_max_age_months
        if "birth_date" in self.changed_data and age_in_months(born, self.on) >= limit:
            raise forms.ValidationError(
                f"Cet enfant a {age_months(born, self.on)}\xa0: une place se demande avant "
                f"{count_of(limit, 'mois,mois')}."
            )
        return born


class ChildrenFormSet(BaseInlineFormSet):
    def add_fields(self, form, index):
        super().add_fields(form, index)
        if "DELETE" in form.fields:
            form.fields["DELETE"].label = "Retirer cet enfant du dossier"

    def clean(self):
        super().clean()
        for form in self.deleted_forms:
            if form.instance.pk and form.instance.referrals.exists():
                raise forms.ValidationError(
                    f"{form.instance} figure dans une demande de place\xa0: il reste au dossier."
                )


def children_formset(*, extra):
    """The children of a family, at least one; `extra` blank lines."""
    return inlineformset_factory(
        Household,
        Child,
        form=ChildForm,
        formset=ChildrenFormSet,
        extra=extra,
        min_num=1,
        validate_min=True,
        can_delete=True,
        can_delete_extra=False,
    )


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
        formset = children_formset(extra=1)
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
            Fieldset("Sa situation", "situation", *FLAGS),
            Fieldset("L’information sur ses données", "notice_given_on", "notice_channel"),
        )

    def clean_phone(self):
        return phone_number(self.cleaned_data["phone"])

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
        for name in PARENT:
            setattr(self.parent, name, self.cleaned_data[name])
        self.parent.save()
        self.children.instance = household
        self.children.save()
        return household

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
