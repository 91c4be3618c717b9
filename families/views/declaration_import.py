"""Months declared from a spreadsheet: the file, the model to fill in, what each line will do."""

import io

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.generic import DetailView, FormView, View

from avip.templatetags.words import count_of
from avip.views import VisibleObjectsMixin
from families.declaration_import import (
    TITLES,
    carry_out,
    examine,
    keep_for_preview,
    months_to_fill,
)
from families.forms.declaration_import import DeclarationFileForm
from families.models import DeclarationImport

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ForFacilities:
    """For who answers for a crèche."""

    def dispatch(self, request, *args, **kwargs):
        if not request.user.reach.runs_facilities:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


class ImportFile(ForFacilities, FormView):
    template_name = "families/declaration_import.html"
    form_class = DeclarationFileForm

    def form_valid(self, form):
        kept = keep_for_preview(form.rows, by=self.request.user)
        return redirect("families:declaration_preview", kept.pk)


class ImportModel(ForFacilities, View):
    """The months left to declare, two columns to fill in; its cells are text."""

    def get(self, request):
        from openpyxl import Workbook

        book = Workbook()
        sheet = book.active
        sheet.title = "Mois à déclarer"
        sheet.append(TITLES)
        for month in months_to_fill(request.user, timezone.localdate()):
            provider = month.provider
            sheet.append([provider.facility.siret, provider.name, f"{month.month:%m/%Y}"])
        for row in sheet.iter_rows(max_col=len(TITLES)):
            for cell in row:
                cell.number_format = "@"
                if isinstance(cell.value, str):
                    cell.data_type = "s"  # a name that begins with « = » is no formula
        for column, width in zip("ABCDE", (18, 36, 12, 12, 12), strict=True):
            sheet.column_dimensions[column].width = width
        data = io.BytesIO()
        book.save(data)
        response = HttpResponse(data.getvalue(), content_type=XLSX)
        response["Content-Disposition"] = 'attachment; filename="point-du-mois.xlsx"'
        return response


class ImportPreview(VisibleObjectsMixin, DetailView):
    """What each line will do, or why it is refused; a POST declares the good ones, once."""

    model = DeclarationImport
    template_name = "families/declaration_preview.html"
    context_object_name = "kept"

    def post(self, request, *args, **kwargs):
        kept = self.get_object()
        if getattr(request.user, "is_hijacked", False):
            raise PermissionDenied
        declared = carry_out(kept, by=request.user, on=timezone.localdate())
        if declared:
            messages.success(request, count_of(declared, "mois déclaré,mois déclarés") + ".")
        return redirect("families:declaration_preview", kept.pk)

    def get_context_data(self, **kwargs):
        kept = self.object
        if kept.done_at:
            return super().get_context_data(
                taken=[row for row in kept.rows if row["taken"]],
                refused=[row for row in kept.rows if row["refused"]],
                **kwargs,
            )
        lines = examine(kept.rows, by=self.request.user, on=timezone.localdate())
        return super().get_context_data(
            good=[line for line in lines if line.is_good],
            refused=[line.typed | {"refused": line.reasons} for line in lines if not line.is_good],
            **kwargs,
        )
