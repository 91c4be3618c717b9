"""A committee member confirms by a secret link what no second agent of the Caf may decide.

One decision, or all those of a session.
"""

from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_not_required
from django.http import Http404
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, View

from avip.workflow import StepRefused
from labels.forms.review import OptionalReasonsForm
from labels.models import DecisionConfirmation
from labels.workflow import (
    confirm_closing,
    confirm_decision,
    decline_closing,
    decline_confirmation,
    renew_confirmation,
)
from labels.workflow.confirmations import waits
from partners.tokens import leave_token

SESSION_KEY = "decision_confirmation"


@method_decorator([login_not_required, never_cache], name="dispatch")
class DecisionLink(View):
    """The address of the mail: its token moves to the session."""

    http_method_names = ["get"]

    def get(self, request, token):
        return leave_token(request, SESSION_KEY, token, "labels:decision_confirm_form")


@method_decorator([login_not_required, never_cache], name="dispatch")
class DecisionConfirm(FormView):
    """GET shows and changes nothing; POST confirms, declines, or asks for a new link."""

    template_name = "labels/decision_confirm.html"
    form_class = OptionalReasonsForm

    def dispatch(self, request, *args, **kwargs):
        found = DecisionConfirmation.objects.for_link(request.session.get(SESSION_KEY, ""))
        self.confirmation = found.select_related(
            "application__provider__commune",
            "application__caf",
            "application__reviewer",
            "committee__caf",
        ).first()
        self.state = self._state()
        return super().dispatch(request, *args, **kwargs)

    def _state(self):
        confirmation = self.confirmation
        if confirmation is None:
            return "unknown"
        if confirmation.confirmed_at:
            return "confirmed"
        if confirmation.declined_at:
            return "declined"
        if not waits(confirmation.subject):
            return "over"
        return "expired" if confirmation.expires_at <= timezone.now() else "waiting"

    def post(self, request, *args, **kwargs):
        if self.confirmation is None:
            raise Http404
        if request.POST.get("answer") == "renew":
            return self._answer(self.get_form(), "renew")
        return super().post(request, *args, **kwargs)

    def form_valid(self, form):
        return self._answer(form, self.request.POST.get("answer"))

    def _answer(self, form, answer):
        # The decision is dated of the day it is where the Caf works.
        with timezone.override(ZoneInfo(self.confirmation.subject.caf.time_zone)):
            return self._take_answer(form, answer, timezone.localdate())

    def _take_answer(self, form, answer, on):
        try:
            if answer == "renew":
                renew_confirmation(self.confirmation)
                return self.render_to_response(self.get_context_data(form=form, state="renewed"))
            session = self.confirmation.committee_id
            if answer == "confirm":
                (confirm_closing if session else confirm_decision)(self.confirmation, on=on)
            elif answer == "decline":
                decline = decline_closing if session else decline_confirmation
                decline(self.confirmation, on=on, reasons=form.cleaned_data["reasons"])
            else:
                raise Http404
        except StepRefused as refusal:
            for reason in refusal.reasons:
                form.add_error(None, reason)
            return self.form_invalid(form)
        return redirect("labels:decision_confirm_form")

    def get_context_data(self, **kwargs):
        if self.state == "waiting" and self.confirmation.committee_id:
            items = self.confirmation.committee.agenda.filter(settled_at=None)
            kwargs["items"] = items.select_related("application__provider__commune")
        return super().get_context_data(
            **{"state": self.state, "confirmation": self.confirmation, **kwargs}
        )
