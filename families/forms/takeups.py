"""A family proposed to an agency: who, where, since when; then yes or no."""

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Fieldset, Layout
from django import forms

from families.forms.fields import DayInput, PlaceForm
from families.models import Household, TakeUp
from partners.models import Agency, Provider
from partners.validators import phone_number

FAMILY = [
    "first_name", "last_name", "phone", "email", "child_first_name", "child_birth_date",
    "is_hosted", "from_on", "notice_given_on",
]  # fmt: skip


class TakeUpForm(PlaceForm, forms.ModelForm):
    """`providers` are those one may propose a family for; none for a Caf."""

    class Meta:
        model = TakeUp
        fields = [*FAMILY, "provider", "agency"]
        widgets = {
            "child_birth_date": DayInput(),
            "from_on": DayInput(),
            "notice_given_on": DayInput(),
            "phone": forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
        }
        labels = {
            "is_hosted": "L’enfant est déjà accueilli",
            "from_on": "Place à partir du",
            "notice_given_on": "Information sur ses données remise le",
            "agency": "Agence à qui proposer le suivi",
        }

    def __init__(self, *args, providers, caf, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["provider"].queryset = providers
        departments = set(providers.values_list("caf__department_code", flat=True))
        if caf:
            departments.add(caf.department_code)
        self.fields["agency"].queryset = Agency.objects.filter(department_code__in=departments)
        self.fields["agency"].empty_label = "Choisissez"
        care = []
        if providers.exists():
            self.fields["provider"].required = True
            self.fields["provider"].empty_label = None
            care = [Fieldset("La place", "provider", "is_hosted", "from_on")]
        else:
            for name in ("provider", "is_hosted", "from_on"):
                del self.fields[name]
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = Layout(
            Fieldset("Le parent", "first_name", "last_name", "phone", "email", "place", "commune"),
            Fieldset("L’enfant", "child_first_name", "child_birth_date"),
            *care,
            Fieldset("La proposition", "notice_given_on", "agency"),
        )

    def clean_phone(self):
        return phone_number(self.cleaned_data["phone"])

    @property
    def family(self):
        """The columns that describe the family, for `propose_follow_up`."""
        given = {name: self.cleaned_data[name] for name in FAMILY if name in self.cleaned_data}
        return given | {"commune": self.cleaned_data["commune"]}


class TakeUpAcceptForm(forms.Form):
    situation = forms.ChoiceField(
        label="Situation du parent",
        choices=[(key, text[0].upper() + text[1:]) for key, text in Household.Situation.choices],
        widget=forms.RadioSelect,
    )


class TakeUpDeclineForm(forms.Form):
    reason = forms.CharField(
        label="Pourquoi",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Lu par qui a proposé cette famille. Ni santé, ni raison familiale.",
    )


def providers_to_propose(user):
    """The crèches one runs and the childminders one coordinates."""
    mine = Provider.objects.managed_by(user)
    kinds = Provider.Kind
    if not user.reach.services:
        mine = mine.filter(kind=kinds.FACILITY)
    return mine.select_related("facility", "childminder").order_by("name")
