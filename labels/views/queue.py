"""The queue as a file: exactly what its filters show, on every page of it."""

from django.http import Http404
from django.utils import timezone
from django.views.generic import View

from labels.exports import csv_file, xlsx_file
from labels.filters import ApplicationFilter
from labels.models import LabelApplication
from labels.queue import COLUMNS, cells_of, with_clocks

FORMATS = {"csv": csv_file, "xlsx": xlsx_file}


def queue_of(request):
    """The dossiers that the reader sees through the filters of the address: (filter, rows)."""
    seen = LabelApplication.objects.visible_to(request.user).in_queue_order()
    shown = ApplicationFilter(request.GET, queryset=seen, request=request)
    rows = shown.qs.select_related("provider__commune", "reviewer", "caf")
    return shown, rows.prefetch_related("corrections")


class QueueExport(View):
    """CSV or XLSX."""

    def get(self, request, *args, **kwargs):
        write = FORMATS.get(kwargs["format"])
        if write is None:
            raise Http404
        on = timezone.localdate()
        rows = with_clocks(queue_of(request)[1], on)
        return write(f"demandes-label-{on}", COLUMNS, [cells_of(row) for row in rows])
