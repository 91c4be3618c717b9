"""« Point du mois »: the months to declare, and the page on which one is."""

from datetime import timedelta
from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import FormView, ListView
from django.views.generic.detail import SingleObjectMixin

from avip.templatetags.words import fr_date, fr_month
from avip.views import RefusableForm, TakeStep, VisibleObjectsMixin, log_reading
from families.figures import DECLARED
from families.forms.declarations import DeclarationFilter, DeclarationForm
from families.models import MonthlyDeclaration, QuotaCheck
from families.notifications.declarations import due_on, last_day_of_period, locked_on
from families.permissions import manages
from families.quota import preview
from families.views.amendments import amendments_of, may_amend, why_not
from families.views.month_end import ending_of, offers_of
from families.views.quota import figure_of
from families.workflow import declarations
from families.workflow.declarations import DECLARATION, lines_of, open_month, submit
from labels.rules import rules_for
from partners.calendars import month_bounds

Status = MonthlyDeclaration.Status


class DeclarationList(VisibleObjectsMixin, ListView):
    model = MonthlyDeclaration
    template_name = "families/declaration_list.html"
    context_object_name = "declarations"
    paginate_by = 20

    def get_queryset(self):
        seen = super().get_queryset().order_by("-month", "provider__name", "pk")
        self.filter = DeclarationFilter(self.request.GET, queryset=seen)
        return self.filter.qs.select_related("provider__commune", "quota_check")

    def get_context_data(self, **kwargs):
        today = timezone.localdate()
        waiting = (
            MonthlyDeclaration.objects.visible_to(self.request.user)
            .filter(status=Status.OPEN, month__lt=today.replace(day=1))
            .select_related("provider__commune", "provider__facility", "provider__childminder")
            .order_by("month", "provider__name")
        )
        first = next((d for d in waiting[:1] if manages(self.request.user, d.provider)), None)
        if first:
            month = fr_month(first.month)
            first.sentence = f"{month} est fini, faites le point pour {first.provider.public_name}."
        reach = self.request.user.reach
        actions = [{"label": "Quota, mois après mois", "url": reverse("families:quota_list")}]
        if reach.operators:
            grid = {"label": "Toutes mes crèches", "url": reverse("families:month_grid")}
            file = {"label": "Depuis un tableau", "url": reverse("families:declaration_import")}
            actions = [grid, file, *actions]
        return super().get_context_data(
            filter=self.filter,
            to_declare=first,
            due_on=first and due_on(first),
            actions=actions if reach.providers or reach.operators or reach.cafs else [],
            **kwargs,
        )


class DeclarationDetail(RefusableForm, VisibleObjectsMixin, SingleObjectMixin, FormView):
    """The form while the month is open and the reader may declare it; then what was declared."""

    model = MonthlyDeclaration
    form_class = DeclarationForm
    context_object_name = "declaration"

    def get_queryset(self):
        return (
            super()
            .get_queryset()
            .select_related(
                "caf",
                "provider__caf",
                "provider__commune",
                "provider__facility",
                "provider__childminder",
            )
        )

    def dispatch(self, request, *args, **kwargs):
        self.today = timezone.localdate()
        return super().dispatch(request, *args, **kwargs)

    def get(self, request, *args, **kwargs):
        self.object = self.get_object()
        log_reading(request, self.object)
        return super().get(request, *args, **kwargs)

    def post(self, request, *args, **kwargs):
        self.object = self.get_object()
        if not manages(request.user, self.object.provider):
            raise PermissionDenied
        if self.object.status != Status.OPEN:
            messages.error(request, said_already(self.object))
            return redirect(self.object)
        return super().post(request, *args, **kwargs)

    def get_template_names(self):
        if self.object.status != Status.OPEN and "fait" in self.request.GET:
            return ["families/declaration_done.html"]
        return ["families/declaration_detail.html"]

    def get_form_kwargs(self):
        declaration = self.object
        previous = MonthlyDeclaration.objects.visible_to(self.request.user).filter(
            provider=declaration.provider,
            month=(declaration.month - timedelta(days=1)).replace(day=1),
            status__in=DECLARED,
        )
        return super().get_form_kwargs() | {
            "declaration": declaration,
            "lines": list(lines_of(declaration)),
            "previous": previous.first(),
            "rules": rules_for(declaration.caf, month_bounds(declaration.month)[1]),
        }

    def take(self, form, who):
        numbers = form.cleaned_data
        submit(
            self.object,
            **who,
            children_present=numbers.get("children_present"),
            hours_total=numbers.get("hours_total"),
            minutes_by_line=form.minutes_by_line(),
            seen=numbers["seen"],
        )
        return f"{self.object.get_absolute_url()}?fait=1"

    def refused(self, form, refusal):
        """The same page, the reasons and what was typed; or what somebody declared meanwhile."""
        self.object = self.get_object()
        if self.object.status != Status.OPEN:
            messages.error(self.request, said_already(self.object))
            return redirect(self.object)
        open_month(self.object.provider, self.object.month, on=self.today)
        typed = form.data.copy()
        typed["seen"] = self.object.revision
        again = self.get_form_class()(**self.get_form_kwargs() | {"data": typed})
        again.is_valid()
        return super().refused(again, refusal)

    def get_context_data(self, **kwargs):
        declaration, user = self.object, self.request.user
        steps = DECLARATION.available(declaration, user, self.today)
        blocked = DECLARATION.blocked(declaration, user, self.today)
        if "form" not in kwargs:
            kwargs["form"] = self.get_form() if "submit" in steps else None
        lines, reads_names = list(lines_of(declaration)), manages(user, declaration.provider)
        return super().get_context_data(
            month=fr_month(declaration.month),
            lines=lines,
            reads_names=reads_names,
            blocked=blocked.get("submit", []) + why_not(declaration, user, self.today),
            may_correct="correct" in steps,
            may_close="submit" in steps,
            may_amend=may_amend(declaration, user, self.today),
            amendments=amendments_of(declaration, lines, reads_names),
            offers=offers_of(declaration, user, self.today),
            ending=ending_of(declaration, user, self.today),
            due_on=due_on(declaration),
            locked_on=locked_on(declaration),
            history=history_of(declaration),
            quota=self._quota(),
            next=self._what_comes_next(),
            **kwargs,
        )

    def _quota(self):
        """The figure of the month; computed on the spot until the worker has written it."""
        declaration = self.object
        if declaration.status == Status.OPEN or declaration.provider.is_childminder:
            return None
        stored = QuotaCheck.objects.visible_to(self.request.user).filter(declaration=declaration)
        check = stored.first()
        amended = declaration.amendments.last()
        if check is None or check.checked_at < max(
            declaration.submitted_at, amended.made_at if amended else declaration.submitted_at
        ):
            check = preview(declaration, timezone.now())
        return check and figure_of(check)

    def _what_comes_next(self):
        declaration = self.object
        last_day_to_correct = locked_on(declaration) - timedelta(days=1)
        opening = _next_opening(declaration)
        said = [f"La {declaration.caf} voit ces nombres, jamais le nom d’un enfant."]
        if self.today <= last_day_to_correct:
            said.insert(0, f"Vous pouvez corriger ce mois jusqu’au {fr_date(last_day_to_correct)}.")
        if self.today < opening:
            said.append(f"Le prochain point s’ouvre le {fr_date(opening)}.")
        return said


class DeclarationStep(TakeStep):
    """Taken back to correct, or closed the whole month in one click."""

    model = MonthlyDeclaration
    verbs = {"correct": declarations.correct, "close": declarations.close}

    def post(self, request, *args, **kwargs):
        response = super().post(request, *args, **kwargs)
        is_closed = kwargs["step"] == "close" and response.status_code == HTTPStatus.FOUND
        return redirect(f"{response.url}?fait=1") if is_closed else response


def said_already(declaration):
    """Whose declaration stands, and since when."""
    who = declaration.edited_by or "quelqu’un"
    return f"Ce mois est déjà déclaré, par {who} le {fr_date(declaration.submitted_at)}."


def history_of(declaration):
    """Every step, oldest first, for `_history.html`."""
    return [
        {"at": change.at, "by": change.by, "label": DECLARATION.steps[change.step].done}
        for change in declaration.history.select_related("user")
    ]


def _next_opening(declaration):
    period = rules_for(declaration.caf, month_bounds(declaration.month)[1]).declaration_period
    following = last_day_of_period(declaration.month, period) + timedelta(days=1)
    return last_day_of_period(following, period) + timedelta(days=1)
