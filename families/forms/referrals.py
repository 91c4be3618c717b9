"""Asking for a place, and answering."""

import django_filters
from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Layout
from django import forms
from django.db.models import Q

from avip.templatetags.words import age_months
from families.forms.fields import DayInput
from families.forms.weeks import WeekForm
from families.models import Child, Referral
from labels.filters import ListFilter
from partners.models import Provider


class ReferralFilter(ListFilter):
    OPEN = "open"

    status = django_filters.ChoiceFilter(
        label="État",
        method="filter_status",
        empty_label="Tous",
        choices=[(OPEN, "À suivre"), *Referral.Status.choices],
    )
    kind = django_filters.ChoiceFilter(
        label="Mode d’accueil",
        field_name="provider__kind",
        empty_label="Tous",
        choices=Provider.Kind.choices,
    )

    class Meta:
        model = Referral
        fields = []

    def filter_status(self, queryset, name, value):
        if value == self.OPEN:
            return queryset.waiting_for_answer() | queryset.filter(
                Q(
                    status__in=[
                        Referral.Status.ACCEPTED,
                        Referral.Status.WAITING_LIST,
                        Referral.Status.HOURS_PROPOSED,
                        Referral.Status.SHORTLISTED,
                    ]
                )
            )
        return queryset.filter(status=value)


class ChildrenField(forms.ModelMultipleChoiceField):
    """The children of one family, with their age on the day the page is shown."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, *, on, **kwargs):
        super().__init__(Child.objects.none(), **kwargs)
        self.on = on

    def label_from_instance(self, child):
        return f"{child.first_name}, {age_months(child.birth_date, self.on)}"


class ReferralForm(WeekForm):
    """The need of a family: which children, from when, which hours of each weekday."""

    from_on = forms.DateField(label="À partir du", widget=DayInput())
    message = forms.CharField(
        label="Message au mode d’accueil",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=Referral._meta.get_field("message").help_text,
    )

    def __init__(self, *args, household, on, **kwargs):
        super().__init__(*args, **kwargs)
        self.on = on
        self.fields["children"] = children_field(household, on)
        self.fields["from_on"].widget.attrs["min"] = on.isoformat()
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = Layout(
            "children", "from_on", HTML("{% include 'families/_referral_week.html' %}"), "message"
        )


def children_field(household, on):
    """The children of this family, an only one already ticked."""
    children = household.children.all()
    field = ChildrenField(
        label="Pour", on=on, error_messages={"required": "Choisissez au moins un enfant."}
    )
    field.queryset = children
    if len(children) == 1:
        field.initial = children
    return field
