"""The network in numbers: for who runs it, for elected members, as files."""

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.generic import TemplateView, View

from avip.pdf import render_pdf
from avip.templatetags.words import fr_date, plural
from labels.exports import csv_file, xlsx_file
from labels.rules import rules_for
from reporting.network import demand, figures
from reporting.network.forms import PeriodForm
from reporting.network.scope import counts_network, scope_of

FORMATS = {"csv": csv_file, "xlsx": xlsx_file}
FIGURE_COLUMNS = ("Partie", "Chiffre", "Nombre", "Sur", "De quoi", "Définition")


class NetworkPage:
    """A page about the network of its reader, over the period of the address."""

    def dispatch(self, request, *args, **kwargs):
        if not counts_network(request.user.reach):
            raise Http404
        self.form = PeriodForm(request.GET, user=request.user, on=timezone.localdate())
        return super().dispatch(request, *args, **kwargs)

    def scope(self):
        """What is counted; None while the period or the commune is wrong."""
        if not self.form.is_valid():
            return None
        asked = self.form.cleaned_data
        return scope_of(
            self.request.user, since=asked["du"], until=asked["au"], commune=asked["commune"]
        )

    def scope_or_404(self):
        """The same, for a file: a wrong period makes none."""
        scope = self.scope()
        if scope is None:
            raise Http404
        return scope


class NetworkFigures(NetworkPage, TemplateView):
    """Indicator I17, with the definition and the denominator of each number."""

    template_name = "reporting/network_figures.html"

    def get_context_data(self, **kwargs):
        scope = self.scope()
        return super().get_context_data(
            form=self.form,
            chosen=self.form.chosen() if scope else [],
            scope=scope,
            figures=scope and figures.network_figures(scope, timezone.now()),
            actions=[
                {"label": "La liste", "url": reverse("families:network_list")},
                {"label": "Familles sans place", "url": self._beside("network_demand")},
                {"label": "Pour les élus", "url": self._beside("network_elected")},
            ],
            **kwargs,
        )

    def _beside(self, name):
        """Another page of the same period and commune."""
        query = self.request.GET.urlencode()
        return reverse(f"reporting:{name}") + (f"?{query}" if query else "")


class NetworkDemand(NetworkPage, TemplateView):
    """Families who asked and got no place: counts, for the commune to plan."""

    template_name = "reporting/network_demand.html"

    def get_context_data(self, **kwargs):
        scope = self.scope()
        found = scope and demand.unmet_demand(scope)
        return super().get_context_data(
            form=self.form,
            chosen=self.form.chosen() if scope else [],
            scope=scope,
            demand=found,
            age_columns=[label for label, *_ in demand.AGES],
            most=max((n or 0 for _, n in found.halves), default=0) if found else 0,
            **kwargs,
        )


class NetworkElected(NetworkPage, TemplateView):
    """The same figures without the small counts, to print or to send to elected members."""

    template_name = "reporting/network_elected.html"

    def get_context_data(self, **kwargs):
        scope = self.scope()
        return super().get_context_data(
            form=self.form,
            chosen=self.form.chosen() if scope else [],
            query=self.request.GET.urlencode(),
            **(elected_context(scope) if scope else {}),
            **kwargs,
        )


class NetworkElectedPdf(NetworkPage, View):
    """The page for elected members as a PDF."""

    def get(self, request, *args, **kwargs):
        context = elected_context(self.scope_or_404())
        data = render_pdf("reporting/pdf/network_elected.html", context)
        response = HttpResponse(data, content_type="application/pdf")
        name = f"reseau-{context['scope'].since}-{context['scope'].until}.pdf"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["X-Content-Type-Options"] = "nosniff"
        return response


def elected_context(scope) -> dict:
    """What leaves the service: every small count masked, of the reader's own network too."""
    least = rules_for(scope.caf, scope.until).small_count_min
    return {
        "title": "Le réseau d’assistantes maternelles en chiffres",
        "subtitle": f"{scope.name}, du {fr_date(scope.since)} au {fr_date(scope.until)}",
        "caf": scope.caf,
        "scope": scope,
        "least": least,
        "figures": figures.network_figures(scope, timezone.now(), least=least),
        "demand": demand.unmet_demand(scope, least=least),
    }


class FiguresExport(NetworkPage, View):
    """The figures as a file: exactly what the page shows, the months below."""

    def get(self, request, *args, **kwargs):
        write = FORMATS.get(kwargs["format"])
        if write is None:
            raise Http404
        scope = self.scope_or_404()
        found = figures.network_figures(scope, timezone.now())
        parts = {
            "Assistantes maternelles": found.people,
            "Départs": found.left,
            "Situations": found.situations,
            "Refus": found.reasons,
        }
        rows = [
            [part, one.label, one.said, one.of, plural(one.of or 0, one.of_what), one.definition]
            for part, lines in parts.items()
            for one in lines
        ]
        rows += [
            ["Heures", month.label, cells, None, column, ""]
            for month in found.months
            for column, cells in zip(figures.MONTH_COLUMNS[1:], month.cells[1:], strict=True)
        ]
        return write(f"reseau-chiffres-{scope.since}-{scope.until}", FIGURE_COLUMNS, rows)


class DemandExport(NetworkPage, View):
    """The table of families without a place, as a file."""

    def get(self, request, *args, **kwargs):
        write = FORMATS.get(kwargs["format"])
        if write is None:
            raise Http404
        scope = self.scope_or_404()
        rows = [list(row) for row in demand.unmet_demand(scope).rows]
        return write(f"familles-sans-place-{scope.since}-{scope.until}", demand.COLUMNS, rows)
