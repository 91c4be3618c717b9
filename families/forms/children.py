"""The children of a family: born, young enough, each once."""

from django import forms
from django.forms import BaseInlineFormSet, inlineformset_factory

from avip.templatetags.words import age_months, count_of
from families.forms.fields import DayInput
from families.matches import plain_name
from families.models import Child, Household
from labels.rules import rules_for
from partners.calendars import age_in_months


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
        self._refuse_twice()
        for form in self.deleted_forms:
            if form.instance.pk and form.instance.referrals.exists():
                raise forms.ValidationError(
                    f"{form.instance} figure dans une demande de place\xa0: il reste au dossier."
                )

    def _refuse_twice(self):
        """Twins share a day, not a name."""
        seen = set()
        for form in self.forms:
            child = form.cleaned_data if form.is_valid() else {}
            if not child or form in self.deleted_forms:
                continue
            same = plain_name(child["first_name"]), child["birth_date"]
            if same in seen:
                raise forms.ValidationError(
                    f"{child['first_name']} est inscrit deux fois, avec la même date de "
                    "naissance\xa0: gardez une seule ligne."
                )
            seen.add(same)


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
