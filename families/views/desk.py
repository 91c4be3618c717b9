"""The coordinator's desk: her childminders in a list, on a map, as a file."""

from csp.decorators import csp_update
from django.conf import settings
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.generic import ListView, View

from families.desk import COLUMNS, cells_of, communes_on_map, complete, with_silences
from families.forms.desk import DeskFilter
from families.views.search import TILES
from labels.exports import csv_file, xlsx_file
from labels.models import NetworkMember
from labels.permissions import records_childminders

FORMATS = {"csv": csv_file, "xlsx": xlsx_file}


def network_of(request):
    """The childminders the reader sees through the filters of the address: (filter, rows)."""
    # Those of a maison d’assistants maternels together, then each by her name.
    seen = NetworkMember.objects.visible_to(request.user).order_by(
        "provider__childminder__house", "provider__commune", "provider__name", "pk"
    )
    shown = DeskFilter(request.GET, queryset=seen)
    rows = with_silences(shown.qs, timezone.now())
    return shown, rows.select_related(
        "provider__commune", "provider__caf", "provider__childminder"
    ).prefetch_related("provider__opening_hours", "provider__closures")


@method_decorator(csp_update(TILES), name="dispatch")
class NetworkList(ListView):
    """Her childminders: state of each place, hours of this month and the next, who is silent."""

    template_name = "families/network_list.html"
    paginate_by = 20
    context_object_name = "members"

    def get_queryset(self):
        self.filter, rows = network_of(self.request)
        return rows

    def get_context_data(self, **kwargs):
        today, reach = timezone.localdate(), self.request.user.reach
        context = super().get_context_data(
            filter=self.filter,
            records=records_childminders(self.request.user),
            runs_network=bool(reach.services or reach.cafs),
            actions=actions_for(reach),
            places=communes_on_map(self.filter.qs.order_by(), today),
            tiles_url=settings.MAP_TILES_URL,
            tiles_credit=settings.MAP_TILES_CREDIT,
            **kwargs,
        )
        context["members"] = complete(context["members"], today)
        return context


def actions_for(reach) -> list[dict]:
    """The other pages of who runs a network."""
    if not (reach.services or reach.cafs):
        return []
    return [
        {"label": "En chiffres", "url": reverse("reporting:network_figures")},
        {"label": "Feuilles à imprimer", "url": reverse("families:network_sheets")},
    ]


class NetworkExport(View):
    """The list as a file: exactly what its filters show, on every page of it."""

    def get(self, request, *args, **kwargs):
        write = FORMATS.get(kwargs["format"])
        if write is None:
            raise Http404
        on = timezone.localdate()
        members = complete(network_of(request)[1], on)
        return write(f"reseau-{on}", COLUMNS, [cells_of(member) for member in members])
