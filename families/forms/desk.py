"""The filters of the coordinator's list, kept in the address."""

import django_filters
from dateutil.relativedelta import relativedelta
from django.utils import timezone

from avip.jobs import SCHEDULES
from families.desk import places_of, silent
from families.forms.network import NetworkFilter
from families.place_states import PLACES
from labels.models import NetworkMember

ENDS_SOON, ENDED = "bientot", "echu"


class DeskFilter(NetworkFilter):
    """By state in the network and of the place, commune, MAM, licence, and who is silent."""

    place = django_filters.ChoiceFilter(
        label="Place", method="filter_place", empty_label="Toutes", choices=list(PLACES.items())
    )
    house = django_filters.ChoiceFilter(
        label="MAM", field_name="provider__childminder__house", empty_label="Toutes", choices=[]
    )
    licence = django_filters.ChoiceFilter(
        label="Agrément",
        method="filter_licence",
        empty_label="Tous",
        choices=[(ENDS_SOON, "finit bientôt"), (ENDED, "échu")],
    )
    silent = django_filters.ChoiceFilter(
        label="Sans nouvelles",
        method="filter_silent",
        empty_label="Toutes",
        choices=[("oui", "attendues")],
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        houses = (
            self.seen.still_here()
            .order_by("provider__childminder__house")
            .values_list("provider__childminder__house", flat=True)
        )
        choices = [(house, house) for house in dict.fromkeys(houses) if house]
        if choices:
            self.form.fields["house"].choices = [("", "Toutes"), *choices]
        else:
            del self.form.fields["house"], self.filters["house"]

    def filter_queryset(self, queryset):
        """Those who left are shown when asked for, and found by nothing else."""
        wanted = {name: value for name, value in self.form.cleaned_data.items() if value}
        if set(wanted) != {"status"}:
            queryset = queryset.still_here()
        elif wanted["status"] != NetworkMember.Status.LEFT:
            queryset = queryset.exclude(status=NetworkMember.Status.LEFT)
        return super().filter_queryset(queryset)

    def filter_place(self, queryset, name, value):
        ids = queryset.values_list("provider", flat=True)
        places = places_of(list(ids), timezone.localdate())
        return queryset.filter(provider__in=[pk for pk, p in places.items() if p.kind == value])

    def filter_licence(self, queryset, name, value):
        today = timezone.localdate()
        until = "provider__childminder__licence_until"
        if value == ENDED:
            return queryset.filter(**{f"{until}__lt": today})
        soon = today + relativedelta(months=SCHEDULES["licence_ends_soon_months"])
        return queryset.filter(**{f"{until}__range": (today, soon)})

    def filter_silent(self, queryset, name, value):
        return silent(queryset, timezone.now())
