"""The pages people land on, and the Caf’s own page."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.generic import ListView, TemplateView, View

from families.views.quota import figure_of
from partners.models import Caf, User
from reporting.dashboard import caf_figures, own_gauges, whats_next
from reporting.demo import DEMO_PASSWORD
from reporting.todo import todo


class Todo(TemplateView):
    """« À traiter »: the page everybody lands on."""

    template_name = "reporting/todo.html"

    def get_context_data(self, **kwargs):
        user = self.request.user
        groups = todo(user, timezone.now())
        return super().get_context_data(
            groups=groups,
            total=sum(len(items) for _, items in groups),
            gauges=[(check, figure_of(check)) for check in own_gauges(user)],
            coming=whats_next(user, timezone.localdate()),
            **kwargs,
        )


class CafDashboard(ListView):
    """The Caf's page: labelled facilities and their quota, running contracts, exits, alerts."""

    template_name = "reporting/caf_dashboard.html"
    context_object_name = "cafs"

    def get_queryset(self):
        return Caf.objects.visible_to(self.request.user)

    def get_context_data(self, **kwargs):
        cafs = self.get_queryset()
        caf = self._chosen(cafs)
        if caf is None:
            raise Http404
        figures = caf_figures(self.request.user, caf, timezone.localdate())
        for label in figures["labels"]:
            label.verdict = figure_of(label.check) if label.check else None
        return super().get_context_data(**figures, **kwargs)

    def _chosen(self, cafs):
        """The Caf named in the URL, else the first one."""
        try:
            return get_object_or_404(cafs, pk=self.request.GET["caf"])
        except KeyError:
            return cafs.first()
        except ValidationError as error:
            raise Http404 from error


@method_decorator(login_not_required, name="dispatch")
class Become(View):
    """One click to become a person of the demonstration; outside the demonstration it
    does not exist.
    """

    http_method_names = ["post"]

    def post(self, request):
        if not settings.DEMO:
            raise Http404
        try:
            person = get_object_or_404(User.objects.personas(), pk=request.POST.get("persona"))
        except ValidationError as error:
            raise Http404 from error
        login(request, person, backend=settings.AUTHENTICATION_BACKENDS[0])
        messages.info(
            request,
            f"Démonstration\xa0: pour signer, le mot de passe est «\xa0{DEMO_PASSWORD}\xa0».",
        )
        return redirect("reporting:todo")
