"""The month of every crèche of an operator, in one grid."""

from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, Q, Sum
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import TemplateView

from avip.templatetags.words import count_of, fr_month
from avip.workflow import StepRefused
from families.figures import DECLARED
from families.forms.month_grid import MonthRowForm
from families.models import MonthlyDeclaration
from families.notifications.declarations import due_on
from families.views.declarations import said_already
from families.workflow.declarations import submit

Status = MonthlyDeclaration.Status


class MonthGrid(TemplateView):
    """One line for each crèche; each is declared or refused by itself."""

    template_name = "families/declaration_grid.html"

    def dispatch(self, request, *args, **kwargs):
        if not request.user.reach.operators:
            raise PermissionDenied
        self.today = timezone.localdate()
        self.months = self._months()
        self.month = self._chosen()
        return super().dispatch(request, *args, **kwargs)

    def post(self, request, *args, **kwargs):
        refused, declared = {}, 0
        for declaration in self._declarations():
            form = MonthRowForm(request.POST, declaration=declaration)
            if not form.is_filled():
                continue
            if self._declare(form):
                declared += 1
            else:
                refused[declaration.pk] = form
        if declared:
            messages.success(request, count_of(declared, "mois déclaré,mois déclarés") + ".")
        if refused:
            return self.render_to_response(self.get_context_data(refused=refused))
        if not declared:
            messages.info(request, "Rien n’est écrit dans la grille\xa0: aucun mois déclaré.")
        return redirect(f"{reverse('families:month_grid')}?mois={self.month:%Y-%m}")

    def get_context_data(self, refused=None, **kwargs):
        refused = refused or {}
        declarations = list(self._declarations())
        previous = self._previous(declarations)
        rows = [
            {
                "declaration": declaration,
                "previous": previous.get(declaration.provider_id),
                "form": _again(refused.get(declaration.pk), declaration),
            }
            for declaration in declarations
        ]
        return super().get_context_data(
            rows=rows,
            refused=[row for row in rows if row["declaration"].pk in refused],
            waiting=sum(row["declaration"].status == Status.OPEN for row in rows),
            month=self.month and fr_month(self.month),
            due_on=due_on(declarations[0]) if declarations else None,
            months=[
                {
                    "label": fr_month(month),
                    "value": f"{month:%Y-%m}",
                    "current": month == self.month,
                }
                for month in self.months
            ],
            **kwargs,
        )

    def _declare(self, form):
        """Whether this line is declared; otherwise its form says why."""
        if not form.is_open:
            form.is_valid()
            form.add_error(None, said_already(form.declaration))
        elif form.is_valid():
            try:
                submit(form.declaration, by=self.request.user, on=self.today, **form.numbers())
            except StepRefused as refusal:
                for reason in refusal.reasons:
                    form.add_error(None, reason)
        return form.is_valid()

    def _mine(self):
        operators = self.request.user.reach.operators
        return MonthlyDeclaration.objects.visible_to(self.request.user).filter(
            provider__facility__operator__in=operators, month__lt=self.today.replace(day=1)
        )

    def _months(self):
        """The months left to declare, oldest first, and the latest one."""
        months = self._mine().order_by("month")
        left = list(months.filter(status=Status.OPEN).values_list("month", flat=True).distinct())
        latest = months.values_list("month", flat=True).last()
        return left if latest is None or latest in left else [*left, latest]

    def _chosen(self):
        asked = self.request.GET.get("mois")
        if not asked:
            return self.months[0] if self.months else None
        for month in self._mine().order_by("month").values_list("month", flat=True).distinct():
            if f"{month:%Y-%m}" == asked:
                return month
        raise Http404

    def _declarations(self):
        return (
            self._mine()
            .filter(month=self.month)
            .select_related("caf", "provider__facility", "provider__commune")
            .annotate(
                avip=Count("lines", filter=Q(lines__planned_minutes__gt=0)),
                planned=Sum("lines__planned_minutes", default=0),
                changed_lines=Count(
                    "lines", filter=~Q(lines__declared_minutes=F("lines__planned_minutes"))
                ),
            )
            .order_by("provider__name", "pk")
        )

    def _previous(self, declarations):
        if not declarations:
            return {}
        month = (self.month - timedelta(days=1)).replace(day=1)
        rows = self._mine().filter(month=month, status__in=DECLARED)
        return {row.provider_id: row for row in rows}


def _again(refused, declaration):
    """The line as it was typed when it was refused, on the row as it is now; else a fresh one."""
    if refused:
        refused.data = refused.data.copy()
        refused.data[refused.add_prefix("seen")] = str(declaration.revision)
        return refused
    return MonthRowForm(declaration=declaration) if declaration.status == Status.OPEN else None
