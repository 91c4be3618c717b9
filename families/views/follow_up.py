"""How a contract ends: what came of it, or why it stops before its date."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.utils import timezone
from django.views.generic import FormView
from django.views.generic.detail import SingleObjectMixin

from avip.views import VisibleObjectsMixin
from avip.workflow import StepRefused
from families.forms.follow_up import EndForm, OutcomeForm
from families.models import AvipContract
from families.permissions import takes_part
from families.workflow import outcomes
from families.workflow.contract_steps import CONTRACT
from families.workflow.contracts import terminate
from families.workflow.outcomes import OUTCOME
from labels.rules import rules_for


class EndingView(VisibleObjectsMixin, SingleObjectMixin, FormView):
    """A form about one contract, for its parties; when it cannot be, the contract says why."""

    model = AvipContract
    context_object_name = "contract"
    workflow, step = None, ""

    def get_queryset(self):
        return (
            super()
            .get_queryset()
            .select_related(
                "provider__commune",
                "provider__facility",
                "provider__childminder",
                "agency",
                "caf",
            )
        )

    def dispatch(self, request, *args, **kwargs):
        self.object = self.get_object()
        if not takes_part(request.user, self.object):
            raise PermissionDenied
        today = timezone.localdate()
        if self.step not in self.workflow.available(self.object, request.user, today):
            for reason in self._reasons(today):
                messages.error(request, reason)
            return redirect(self.object)
        return super().dispatch(request, *args, **kwargs)

    def _reasons(self, today):
        blocked = self.workflow.blocked(self.object, self.request.user, today)
        return blocked.get(self.step) or [self.impossible()]

    def impossible(self):
        """Why this step is not one of this contract's state."""
        state = self.object.get_status_display()
        label = self.workflow.steps[self.step].label
        return f"«\xa0{label}\xa0» n’est pas possible\xa0: contrat {state}."

    def form_valid(self, form):
        try:
            self.act(form, timezone.localdate())
        except StepRefused as refusal:
            for reason in refusal.reasons:
                form.add_error(None, reason)
            return self.form_invalid(form)
        messages.success(self.request, self.done())
        return redirect(self.object)


class OutcomeRecord(EndingView):
    form_class = OutcomeForm
    template_name = "families/outcome_form.html"
    workflow, step = OUTCOME, "record"

    def get_initial(self):
        return {"outcome": self.object.outcome}

    def act(self, form, on):
        """Note the outcome."""
        outcome = form.cleaned_data["outcome"]
        outcomes.record(self.object, by=self.request.user, on=on, outcome=outcome)

    def done(self):
        """What was noted, and what it opens."""
        said = f"Issue notée\xa0: {self.object.get_outcome_display()}."
        rules = rules_for(self.object.caf, timezone.localdate())
        if outcomes.is_positive(self.object.outcome, rules):
            said += " Voyez avec la crèche et la famille si la place est gardée jusqu’à l’école."
        return said


class ContractEnd(EndingView):
    form_class = EndForm
    template_name = "families/outcome_contract_end.html"
    workflow, step = CONTRACT, "terminate"

    def act(self, form, on):
        """Stop the contract today."""
        terminate(self.object, by=self.request.user, on=on, reason=form.cleaned_data["reason"])

    def done(self):
        """What has just stopped, and what is left to say."""
        return (
            "Le contrat est arrêté, les autres parties et la famille sont prévenues. "
            "Notez maintenant son issue."
        )
