"""What a childminder opens without an account: the question she was sent, what yes means."""

from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_not_required
from django.http import Http404
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView, View

from avip.workflow import StepRefused
from labels.models import NetworkMember
from labels.rules import rules_for
from labels.tasks.network import asker_of
from labels.workflow.network import NETWORK, answer_by_link, renew_question
from partners.tokens import leave_token

SESSION_KEY = "network_question"
N = NetworkMember.Status


@method_decorator([login_not_required, never_cache], name="dispatch")
class QuestionLink(View):
    """The address of the message: its token moves to the session, and nothing else changes."""

    http_method_names = ["get", "head"]

    def get(self, request, token):
        return leave_token(request, SESSION_KEY, token, "labels:network_answer")


@method_decorator([login_not_required, never_cache], name="dispatch")
class NetworkAnswer(TemplateView):
    """Who asks, what the network is, two buttons; a link too old asks for another one."""

    template_name = "labels/network_answer.html"

    def dispatch(self, request, *args, **kwargs):
        found = NetworkMember.objects.for_link(request.session.get(SESSION_KEY, ""))
        self.member = found.select_related(
            "caf", "provider__commune", "provider__childminder__service"
        ).first()
        return super().dispatch(request, *args, **kwargs)

    def post(self, request, *args, **kwargs):
        if self.member is None:
            raise Http404
        # Her answer is dated of the day it is where she lives.
        with timezone.override(ZoneInfo(self.member.caf.time_zone)):
            return self._answer(request.POST.get("answer"), timezone.localdate())

    def _answer(self, answer, on):
        try:
            if answer == "renew":
                renew_question(self.member, on=on)
                return self.render_to_response(self.get_context_data(state="renewed"))
            if answer not in ("yes", "no") or self._has_lapsed():
                return redirect("labels:network_answer")
            answer_by_link(self.member, wishes=answer == "yes", on=on)
        except StepRefused as refusal:
            return self.render_to_response(self.get_context_data(refusals=refusal.reasons))
        return redirect("labels:network_answer")

    def get_context_data(self, **kwargs):
        member = self.member
        if member is None:
            return super().get_context_data(state="unknown", **kwargs)
        rules = rules_for(member.caf, timezone.localdate())
        return super().get_context_data(
            **{
                "state": self._state(),
                "who": asker_of(member),
                "service": member.provider.childminder.service or member.caf,
                "commune": member.provider.commune,
                "member": member,
                "hours": rules.childminder_hours_month_cap,
                "places": rules.childminder_max_places,
                "may_change": not self._has_lapsed(),
                "yes": NETWORK.steps["wish_by_link"].label,
                "no": NETWORK.steps["decline_by_link"].label,
                **kwargs,
            }
        )

    def _state(self):
        status = self.member.status
        if status == N.ASKED:
            return "expired" if self._has_lapsed() else "asked"
        return {N.WISH: "wish", N.DECLINED: "declined", N.LEFT: "left"}.get(status, "in")

    def _has_lapsed(self):
        return self.member.ask_expires_at <= timezone.now()


@method_decorator(login_not_required, name="dispatch")
class BeforeYes(TemplateView):
    """« Avant de dire oui »: who pays, when, who employs, what the label changes and does not."""

    template_name = "labels/before_yes.html"

    def get_context_data(self, **kwargs):
        rules = rules_for(None, timezone.localdate())
        return super().get_context_data(
            rules=rules,
            cap=rules.entry("childminder_hours_month_cap"),
            places=rules.entry("childminder_max_places"),
            **kwargs,
        )
