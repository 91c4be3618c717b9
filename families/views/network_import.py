"""Childminders from a spreadsheet: the file, the model to fill in, what each line will do."""

import io

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.generic import DetailView, FormView, View
from django.views.generic.detail import SingleObjectMixin

from avip.templatetags.words import count_of
from avip.views import VisibleObjectsMixin
from families.forms.network_import import ChildminderFileForm
from labels.models import NetworkImport
from labels.network_import import TITLES, ask_all, carry_out, examine, keep_for_preview
from labels.permissions import records_childminders
from partners.permissions import is_hijacked

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LINES_OF_THE_MODEL = 300
LINES_PER_PAGE = 100


class ForCoordinators:
    """For who records childminders: a municipal service, or a Caf."""

    def dispatch(self, request, *args, **kwargs):
        if not records_childminders(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


class ImportFile(ForCoordinators, FormView):
    template_name = "families/network_import.html"
    form_class = ChildminderFileForm

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"user": self.request.user}

    def form_valid(self, form):
        service, caf = form.whose()
        kept = keep_for_preview(service, caf, form.rows, by=self.request.user)
        return redirect("families:network_preview", kept.pk)


class ImportModel(ForCoordinators, View):
    """An empty spreadsheet with the titles; its cells are text, so that no digit is lost."""

    def get(self, request):
        from openpyxl import Workbook

        book = Workbook()
        sheet = book.active
        sheet.title = "Assistantes maternelles"
        sheet.append(TITLES)
        for row in sheet.iter_rows(max_row=LINES_OF_THE_MODEL, max_col=len(TITLES)):
            for cell in row:
                cell.number_format = "@"
        for cell in sheet[1]:
            sheet.column_dimensions[cell.column_letter].width = max(14, len(cell.value) + 2)
        data = io.BytesIO()
        book.save(data)
        response = HttpResponse(data.getvalue(), content_type=XLSX)
        response["Content-Disposition"] = 'attachment; filename="assistantes-maternelles.xlsx"'
        return response


class ImportPreview(VisibleObjectsMixin, DetailView):
    """What each line will do, or why it is refused; a POST records the good ones, once."""

    model = NetworkImport
    template_name = "families/network_preview.html"
    context_object_name = "kept"

    def get_queryset(self):
        return super().get_queryset().select_related("caf", "service")

    def post(self, request, *args, **kwargs):
        kept = self.get_object()
        written = carry_out(kept, by=request.user, on=timezone.localdate())
        if written:
            said = count_of(
                written, "assistante maternelle est notée,assistantes maternelles sont notées"
            )
            messages.success(request, f"{said}.")
        return redirect("families:network_preview", kept.pk)

    def get_context_data(self, **kwargs):
        kept = self.object
        rows = self._done() if kept.done_at else self._to_do()
        rows.sort(key=lambda row: (not row["refused"], row["line"]))
        refused = sum(bool(row["refused"]) for row in rows)
        page = Paginator(rows, LINES_PER_PAGE).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            page_obj=page,
            good=len(rows) - refused,
            refused=refused,
            reachable=sum(row["reachable"] for row in rows if not row["refused"]),
            **kwargs,
        )

    def _done(self):
        return list(self.object.rows)

    def _to_do(self):
        return [
            {
                "line": line.number,
                "name": line.name,
                "commune": line.commune or line.typed["commune"],
                "until": line.licence_until,
                "refused": line.refused,
                "reachable": line.is_reachable,
            }
            for line in examine(self.object, by=self.request.user, on=timezone.localdate())
        ]


class AskAll(VisibleObjectsMixin, SingleObjectMixin, View):
    """« Leur demander leur souhait »: those of the list who can be reached, once."""

    http_method_names = ["post"]
    model = NetworkImport

    def post(self, request, *args, **kwargs):
        if is_hijacked(request.user):
            raise PermissionDenied
        asked = ask_all(self.get_object(), by=request.user, on=timezone.localdate())
        said = count_of(asked, "question part,questions partent,Aucune question à envoyer")
        messages.success(request, f"{said}. Les réponses apparaîtront dans le réseau.")
        return redirect("families:network_list")
