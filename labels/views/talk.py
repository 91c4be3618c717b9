"""The talk about a dossier: remarks on its answers, messages, contacts, its summary."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.generic import View
from django.views.generic.detail import SingleObjectMixin

from avip.views import VisibleObjectsMixin
from labels.models import LabelApplication
from labels.permissions import reviews
from labels.summary import render_summary


class ApplicationSummary(VisibleObjectsMixin, SingleObjectMixin, View):
    """The summary of a dossier, as it stands today: for the Caf alone, it says the proposal."""

    model = LabelApplication

    def get_queryset(self):
        rows = super().get_queryset().select_related("provider__facility", "provider__commune")
        return rows.select_related("caf", "reviewer").with_answers()

    def get(self, request, *args, **kwargs):
        application, on = self.get_object(), timezone.localdate()
        if not reviews(request.user, application):
            raise PermissionDenied
        if application.submitted_at is None:
            raise Http404
        response = HttpResponse(render_summary(application, on), content_type="application/pdf")
        response["Content-Disposition"] = f'attachment; filename="resume-demande-{on}.pdf"'
        response["X-Content-Type-Options"] = "nosniff"
        return response
