"""Labels granted before the software: one at a time, or a spreadsheet with its preview."""

import io

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.generic import DetailView, FormView, View
from openpyxl import Workbook

from avip.templatetags.words import count_of
from avip.views import RefusableForm, VisibleObjectsMixin, refusal_said
from labels.forms.takeovers import TakeOverFileForm, TakeOverForm
from labels.models import LabelImport
from labels.permissions import own_caf
from labels.takeover import (
    TITLES,
    carry_out,
    examine,
    keep_for_preview,
    take_over,
    takes_over,
)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LINES_OF_THE_MODEL = 200


class ForCaf:
    """Pages of those who work for a Caf; `self.caf` is theirs."""

    def dispatch(self, request, *args, **kwargs):
        self.caf = own_caf(request.user)
        if not takes_over(request.user, self.caf):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


class TakeOver(RefusableForm, ForCaf, FormView):
    template_name = "labels/takeover.html"
    form_class = TakeOverForm
    done = "Le label est repris. Son attestation arrive dans quelques minutes."

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "caf": self.caf, "on": timezone.localdate()}

    def take(self, form, who):
        return take_over(self.caf, form.row(), **who, scan=form.cleaned_data["scan"])


class TakeOverImport(ForCaf, FormView):
    template_name = "labels/takeover_import.html"
    form_class = TakeOverFileForm

    def form_valid(self, form):
        kept = keep_for_preview(self.caf, form.rows, by=self.request.user)
        return redirect("labels:takeover_preview", kept.pk)


class TakeOverModel(ForCaf, View):
    """An empty spreadsheet with the titles; its cells are text, so that no digit is lost."""

    def get(self, request):
        book = Workbook()
        sheet = book.active
        sheet.title = "Labels à reprendre"
        sheet.append(TITLES)
        for row in sheet.iter_rows(max_row=LINES_OF_THE_MODEL, max_col=len(TITLES)):
            for cell in row:
                cell.number_format = "@"
        for column, width in zip("ABCDE", (18, 36, 18, 14, 14), strict=True):
            sheet.column_dimensions[column].width = width
        data = io.BytesIO()
        book.save(data)
        response = HttpResponse(data.getvalue(), content_type=XLSX)
        response["Content-Disposition"] = 'attachment; filename="reprise-des-labels.xlsx"'
        return response


class TakeOverPreview(VisibleObjectsMixin, DetailView):
    """What each line will do, or why it is refused; a POST carries out the good ones."""

    model = LabelImport
    template_name = "labels/takeover_preview.html"
    context_object_name = "label_import"

    def get_queryset(self):
        return super().get_queryset().select_related("caf", "by")

    def post(self, request, *args, **kwargs):
        label_import = self.get_object()
        with refusal_said(request):
            written = carry_out(label_import, by=request.user, on=timezone.localdate())
            if written:
                said = count_of(written, "label est repris,labels sont repris")
                messages.success(
                    request, f"{said}. Les attestations arrivent dans quelques minutes."
                )
        return redirect("labels:takeover_preview", label_import.pk)

    def get_context_data(self, **kwargs):
        label_import = self.object
        if label_import.done_at:
            rows = label_import.rows
            return super().get_context_data(
                taken=[row for row in rows if row["taken"]],
                refused=[row for row in rows if row["refused"]],
                **kwargs,
            )
        lines = examine(label_import.caf, label_import.rows, on=timezone.localdate())
        return super().get_context_data(
            good=[line for line in lines if line.is_good],
            refused=[
                line.typed | {"line": line.number, "refused": line.reasons}
                for line in lines
                if not line.is_good
            ],
            **kwargs,
        )
