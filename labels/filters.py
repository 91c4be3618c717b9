"""The filters of the lists, kept in the address; their choices come from what the reader sees."""

from datetime import datetime, time, timedelta

import django_filters
from crispy_forms.helper import FormHelper
from dateutil.relativedelta import relativedelta
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from labels.clock import age_steps
from labels.models import Label, LabelApplication
from labels.permissions import own_caf
from labels.rules import rules_for
from partners.models import Commune, Membership, User

IN_PROGRESS, TO_TAKE = "open", "none"


class ListFilter(django_filters.FilterSet):
    """A filter set that can say which filters are on, each with the address that removes it."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.helper = FormHelper()
        self.form.helper.form_tag = False
        self.seen = self.queryset

    def chosen(self):
        """[{label, url}] of the filters in place."""
        found = []
        for name in self.filters:
            value = self.data.get(name)
            if not value:
                continue
            field = self.form.fields[name]
            label = dict(field.choices).get(value) or next(
                (text for key, text in field.choices if str(key) == value), value
            )
            rest = self.data.copy()
            rest.pop(name)
            rest.pop("page", None)
            found.append({"label": f"{field.label}\xa0: {label}", "url": f"?{rest.urlencode()}"})
        return found


class ApplicationFilter(ListFilter):
    status = django_filters.ChoiceFilter(
        label="État",
        method="filter_status",
        empty_label="Tous",
        choices=[(IN_PROGRESS, "En cours"), *LabelApplication.Status.choices],
    )
    age = django_filters.ChoiceFilter(
        label="Déposée depuis", method="filter_age", empty_label="N’importe quand", choices=[]
    )
    reviewer = django_filters.ModelChoiceFilter(
        label="Instruit par",
        method="filter_reviewer",
        empty_label="Tout le monde",
        null_label="À prendre",
        null_value=TO_TAKE,
        queryset=User.objects.none(),
    )
    commune = django_filters.ModelChoiceFilter(
        label="Commune",
        field_name="provider__commune",
        empty_label="Toutes",
        queryset=Commune.objects.none(),
    )
    qpv = django_filters.ChoiceFilter(
        label="Quartier prioritaire",
        method="filter_qpv",
        empty_label="Tous",
        choices=[("oui", "Oui"), ("non", "Non")],
    )
    kind = django_filters.ChoiceFilter(
        label="Nature", empty_label="Toutes", choices=LabelApplication.Kind.choices
    )

    class Meta:
        model = LabelApplication
        fields = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        fields, seen = self.form.fields, self.seen.order_by()
        fields["reviewer"].queryset = User.objects.filter(pk__in=seen.values("reviewer"))
        # The communes where somebody waits, and the one that is chosen.
        shown = Q(pk__in=seen.open().values("provider__commune"))
        if chosen := self.data.get("commune"):
            shown |= Q(pk=chosen)
        fields["commune"].queryset = Commune.objects.filter(shown)
        ages = age_steps(rules_for(own_caf(self.request.user), timezone.localdate()))
        fields["age"].choices = [("", "N’importe quand")] + [
            (str(days), f"Plus de {days}\xa0jours") for days in ages
        ]

    def filter_status(self, queryset, name, value):
        if value == IN_PROGRESS:
            return queryset.open()
        return queryset.filter(status=value)

    def filter_age(self, queryset, name, value):
        day = timezone.localdate() - timedelta(days=int(value))
        return queryset.open().filter(
            submitted_at__lt=timezone.make_aware(datetime.combine(day, time.min))
        )

    def filter_reviewer(self, queryset, name, value):
        if value != TO_TAKE:
            return queryset.filter(reviewer=value)
        # Nobody has it in hand yet, or whoever had has left the Caf.
        colleague = Membership.objects.in_force(timezone.localdate()).filter(
            caf=OuterRef("caf"), user=OuterRef("reviewer")
        )
        handed_over = queryset.open().filter(submitted_at__isnull=False)
        return handed_over.filter(
            Q(status=LabelApplication.Status.SUBMITTED, reviewer=None)
            | Q(reviewer__isnull=False) & ~Exists(colleague)
        )

    def filter_qpv(self, queryset, name, value):
        return queryset.filter(in_qpv=value == "oui")


class LabelFilter(ListFilter):
    status = django_filters.ChoiceFilter(
        label="État", empty_label="Tous", choices=Label.Status.choices
    )
    ends = django_filters.ChoiceFilter(
        label="Finit",
        method="filter_ends",
        empty_label="N’importe quand",
        choices=[("1", "dans le mois"), ("3", "dans les trois mois"), ("6", "dans les six mois")],
    )
    commune = django_filters.ModelChoiceFilter(
        label="Commune",
        field_name="provider__commune",
        empty_label="Toutes",
        queryset=Commune.objects.none(),
    )

    class Meta:
        model = Label
        fields = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["commune"].queryset = Commune.objects.filter(
            pk__in=self.seen.order_by().values("provider__commune")
        )

    def filter_ends(self, queryset, name, value):
        """Those that run today and end within so many months."""
        today = timezone.localdate()
        last = today + relativedelta(months=int(value))
        return queryset.filter(status__in=Label.LIVE, ends_on__range=(today, last))


class CafFilter(ListFilter):
    q = django_filters.CharFilter(label="Nom ou numéro de département", method="filter_name")

    class Meta:
        fields = []

    def filter_name(self, queryset, name, value):
        return queryset.filter(
            Q(name__icontains=value.strip()) | Q(department_code=value.strip().upper())
        )

    def chosen(self):
        return []
