"""A locked month is amended, by who declares it or by the Caf; the amendments as they are read."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.utils import timezone
from django.views.generic import FormView
from django.views.generic.detail import SingleObjectMixin

from avip.templatetags.words import fr_month, hours, number, percent
from avip.views import RefusableForm, VisibleObjectsMixin, log_reading
from families.forms.declarations import AmendmentForm, say_child
from families.models import MonthlyDeclaration, QuotaCheck
from families.permissions import manages
from families.workflow.amendments import amend
from families.workflow.declarations import DECLARATION, amended_until, lines_of
from labels.rules import rules_for
from partners.calendars import month_bounds

STEPS = ("amend", "amend_for_provider")


class AmendmentCreate(RefusableForm, VisibleObjectsMixin, SingleObjectMixin, FormView):
    """The numbers that stand, to change, with a reason."""

    model = MonthlyDeclaration
    form_class = AmendmentForm
    template_name = "families/declaration_amend.html"
    context_object_name = "declaration"
    done = "Le mois est rectifié\xa0: l’ancien et le nouveau se lisent."

    def get_queryset(self):
        return (
            super()
            .get_queryset()
            .select_related("caf", "provider__caf", "provider__facility", "provider__childminder")
        )

    def dispatch(self, request, *args, **kwargs):
        self.object = self.get_object()
        today = timezone.localdate()
        steps = [DECLARATION.steps[name] for name in STEPS]
        if not any(step.allowed(request.user, self.object) for step in steps):
            raise PermissionDenied
        if not may_amend(self.object, request.user, today):
            for reason in why_not(self.object, request.user, today):
                messages.error(request, reason)
            return redirect(self.object)
        return super().dispatch(request, *args, **kwargs)

    def get(self, request, *args, **kwargs):
        log_reading(request, self.object)
        return super().get(request, *args, **kwargs)

    def get_form_kwargs(self):
        declaration = self.object
        return super().get_form_kwargs() | {
            "declaration": declaration,
            "lines": list(lines_of(declaration)),
            "previous": None,
            "rules": rules_for(declaration.caf, month_bounds(declaration.month)[1]),
            "reads_names": manages(self.request.user, declaration.provider),
        }

    def take(self, form, who):
        numbers = form.cleaned_data
        amend(
            self.object,
            **who,
            reason=numbers["reason"],
            children_present=numbers.get("children_present"),
            hours_total=numbers.get("hours_total"),
            minutes_by_line=form.minutes_by_line(),
            seen=numbers["seen"],
        )

    def refused(self, form, refusal):
        """The same page, the reasons and what was typed, from the row as it is now."""
        self.object = self.get_object()
        typed = form.data.copy()
        typed["seen"] = self.object.revision
        again = AmendmentForm(**self.get_form_kwargs() | {"data": typed})
        again.is_valid()
        return super().refused(again, refusal)

    def get_context_data(self, **kwargs):
        until = None
        if manages(self.request.user, self.object.provider):
            until = amended_until(self.object)
        return super().get_context_data(month=fr_month(self.object.month), until=until, **kwargs)


def may_amend(declaration, user, on) -> bool:
    """Whether the page offers to amend this month."""
    steps = DECLARATION.available(declaration, user, on)
    return any(name in steps for name in STEPS)


def why_not(declaration, user, on) -> list[str]:
    """Why who declared can no longer amend: past the last day."""
    return DECLARATION.blocked(declaration, user, on).get("amend", [])


def amendments_of(declaration, lines, reads_names) -> list[dict]:
    """Each amendment, oldest first: who, when, why, what changed, the verdict before and after."""
    names = {str(line.pk): say_child(line, reads_names) for line in lines}
    return [
        {
            "at": amendment.made_at,
            "by": amendment.made_by,
            "reason": amendment.reason,
            "changes": list(_changes(amendment.before, amendment.after, names)),
        }
        for amendment in declaration.amendments.select_related("made_by")
    ]


def _changes(before, after, names):
    if before["children_present"] != after["children_present"]:
        yield _said("Enfants présents", before, after, "children_present", number)
    if before["hours_total"] != after["hours_total"]:
        yield _said(
            "Heures d’accueil", before, after, "hours_total", lambda total: hours(total * 60)
        )
    for pk, minutes in before["lines"].items():
        if after["lines"][pk] != minutes:
            yield f"{names[pk]}\xa0: de {hours(minutes)} à {hours(after['lines'][pk])}"
    if before["quota"] and after["quota"] and before["quota"] != after["quota"]:
        yield f"Quota\xa0: de {_verdict(before['quota'])} à {_verdict(after['quota'])}"


def _said(what, before, after, key, say):
    return f"{what}\xa0: de {say(before[key])} à {say(after[key])}"


def _verdict(quota):
    label = QuotaCheck.Verdict(quota["verdict"]).label
    return label if quota["rate_bp"] is None else f"{percent(quota['rate_bp'])} ({label})"
