"""The filters of the lists, kept in the address; their choices come from what the reader sees."""

import django_filters
from crispy_forms.helper import FormHelper
from django.db.models import Q

from labels.models import Label, LabelApplication
from partners.models import Commune, User

IN_PROGRESS, ATTACH = "open", "attach"


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
    reviewer = django_filters.ModelChoiceFilter(
        label="Instruit par", empty_label="Tout le monde", queryset=User.objects.none()
    )
    commune = django_filters.ModelChoiceFilter(
        label="Commune",
        field_name="provider__commune",
        empty_label="Toutes",
        queryset=Commune.objects.none(),
    )

    class Meta:
        model = LabelApplication
        fields = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.form.fields["reviewer"].queryset = User.objects.filter(
            pk__in=self.seen.order_by().values("reviewer")
        )
        self.form.fields["commune"].queryset = Commune.objects.filter(
            pk__in=self.seen.order_by().values("provider__commune")
        )

    def filter_status(self, queryset, name, value):
        if value == IN_PROGRESS:
            return queryset.open()
        return queryset.filter(status=value)


class LabelFilter(ListFilter):
    status = django_filters.ChoiceFilter(
        label="État", empty_label="Tous", choices=Label.Status.choices
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
