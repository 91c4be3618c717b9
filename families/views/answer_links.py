"""Answering a request from the link of a mail: nobody signs in, nobody is named before that."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import FormView, TemplateView, View

from avip.views import RefusableForm
from families.answer_links import OPEN, UNKNOWN, state_of
from families.forms.referral_answers import AcceptForm, NoShowForm, RefuseForm
from families.models import AnswerLink, Referral
from families.occasional import say_days
from families.places import keys_of
from families.wording import say_ages, say_half_days
from families.workflow import referrals
from families.workflow.referral_steps import REFERRAL
from partners.tokens import leave_token

SESSION_KEY = "answer_link"


@method_decorator([login_not_required, never_cache], name="dispatch")
class AnswerEntry(View):
    """The address of the mail: its token moves to the session, and nothing else changes."""

    http_method_names = ["get", "head"]

    def get(self, request, token):
        return leave_token(request, SESSION_KEY, token, "families:answer")


class LinkMixin:
    """The request behind the link, and whether it may still be answered this way."""

    def dispatch(self, request, *args, **kwargs):
        found = AnswerLink.objects.for_link(request.session.get(SESSION_KEY, ""))
        self.link = found.select_related(
            "user",
            "referral__provider__caf",
            "referral__provider__facility",
            "referral__provider__childminder",
            "referral__agency",
            "referral__household",
        ).first()
        self.state = state_of(self.link, timezone.now())
        if self.link and request.user.is_authenticated:
            # Signed in, one answers in one's own name, from one's own page.
            return redirect(self.link.referral)
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs):
        context = super().get_context_data(state=self.state, **kwargs)
        if self.state != OPEN:
            return context
        referral = self.link.referral
        occasional = referral.kind == Referral.Kind.OCCASIONAL
        when = (
            say_days(referral.days.all(), timezone.localdate())
            if occasional
            else say_half_days(keys_of(referral.slots.all()))
        )
        return context | {
            "referral": referral,
            "occasional": occasional,
            "ages": say_ages(referral.children.all(), referral.from_on),
            "when": when,
            "may_wait": self.may("put_on_waiting_list"),
            "may_accept": self.may("accept"),
        }

    def may(self, name):
        """Whether the person of the link may take this step today."""
        today = timezone.localdate()
        return name in REFERRAL.available(self.link.referral, self.link.user, today)


@method_decorator([login_not_required, never_cache], name="dispatch")
class Answer(LinkMixin, TemplateView):
    """What is asked, in ages and half-days, and the answers one press away."""

    template_name = "families/answer.html"

    def get_context_data(self, **kwargs):
        done = self.request.GET.get("fait") == "1"
        return super().get_context_data(done=done, **kwargs)


@method_decorator([login_not_required, never_cache], name="dispatch")
class AnswerStep(RefusableForm, LinkMixin, FormView):
    """One answer: GET shows its form, POST records it as the person of the link."""

    template_name = "families/answer_form.html"
    forms = {
        "accepter": ("accept", AcceptForm, "Accepter cette famille"),
        "attente": ("put_on_waiting_list", NoShowForm, "Mettre en liste d’attente"),
        "refuser": ("refuse", RefuseForm, "Refuser cette demande"),
    }

    def dispatch(self, request, *args, **kwargs):
        if kwargs["step"] not in self.forms:
            raise Http404
        self.step, self.form_class, self.title = self.forms[kwargs["step"]]
        return super().dispatch(request, *args, **kwargs)

    def get(self, request, *args, **kwargs):
        if self.state != OPEN:
            return redirect("families:answer")
        return super().get(request, *args, **kwargs)

    def post(self, request, *args, **kwargs):
        if self.state == UNKNOWN:
            raise Http404
        if self.state != OPEN:
            return redirect("families:answer")
        return super().post(request, *args, **kwargs)

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            title=self.title, submit=REFERRAL.steps[self.step].label, **kwargs
        )

    def take(self, form, who):
        answer = getattr(referrals, self.step)
        answer(self.link.referral, **form.cleaned_data, **who | {"by": self.link.user})
        return f"{reverse('families:answer')}?fait=1"
