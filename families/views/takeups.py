"""Families that a crèche, a coordinator or a Caf proposes to an agency: list, file, answers."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.utils import timezone
from django.views.generic import DetailView, FormView, ListView
from django.views.generic.detail import SingleObjectMixin

from avip.views import TakeStep, VisibleObjectsMixin, log_reading
from avip.workflow import StepRefused
from families.forms.takeups import (
    TakeUpAcceptForm,
    TakeUpDeclineForm,
    TakeUpForm,
    providers_to_propose,
)
from families.models import TakeUp
from families.workflow import takeups
from families.workflow.takeups import TAKE_UP
from partners.models import Provider
from partners.permissions import is_adviser


def seen(queryset):
    """What a page about proposals reads, in a fixed number of queries."""
    return queryset.select_related(
        "provider__facility",
        "provider__childminder",
        "provider__commune",
        "agency",
        "caf",
        "commune",
        "asked_by",
        "household",
    )


class TakeUpList(VisibleObjectsMixin, ListView):
    model = TakeUp
    template_name = "families/takeup_list.html"
    context_object_name = "takeups"
    paginate_by = 20

    def get_queryset(self):
        return seen(super().get_queryset()).order_by("-created_at", "pk")

    def get_context_data(self, **kwargs):
        return super().get_context_data(may_propose=may_propose(self.request.user), **kwargs)


def may_propose(user):
    """Somebody who gives care, coordinates or works for a Caf."""
    reach = user.reach
    return bool(reach.cafs or reach.services or reach.operators or _runs_a_creche(user))


def _runs_a_creche(user):
    return Provider.objects.managed_by(user).filter(kind=Provider.Kind.FACILITY).exists()


class TakeUpDetail(VisibleObjectsMixin, DetailView):
    model = TakeUp
    template_name = "families/takeup_detail.html"
    context_object_name = "takeup"

    def get_queryset(self):
        return seen(super().get_queryset())

    def get_context_data(self, **kwargs):
        takeup, user = self.object, self.request.user
        log_reading(self.request, takeup)
        history = [
            {"at": one.at, "by": one.by, "label": takeups.done_words(one.step)}
            for one in takeup.history.select_related("user", "link")
        ]
        stages = [
            {"state": "done", "label": one["label"], "detail": f"{one['at']:%d/%m/%Y}, {one['by']}"}
            for one in history
        ]
        return super().get_context_data(
            available=TAKE_UP.available(takeup, user, timezone.localdate()),
            is_agency=is_adviser(user, takeup),
            stages=stages,
            **kwargs,
        )


class TakeUpCreate(FormView):
    form_class = TakeUpForm
    template_name = "families/takeup_form.html"

    def dispatch(self, request, *args, **kwargs):
        if not may_propose(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self):
        user = self.request.user
        self.caf = next((m.caf for m in user.memberships_today if m.caf_id), None)
        return super().get_form_kwargs() | {
            "providers": providers_to_propose(user),
            "caf": self.caf,
            "instance": TakeUp(),
        }

    def get_initial(self):
        return {"notice_given_on": timezone.localdate()}

    def form_valid(self, form):
        data = form.cleaned_data
        user = self.request.user
        provider = data.get("provider")
        try:
            takeup = takeups.propose_follow_up(
                by=user,
                on=timezone.localdate(),
                agency=data["agency"],
                caf=self.caf,
                provider=provider,
                **form.family,
            )
        except StepRefused as refusal:
            for reason in refusal.reasons:
                form.add_error(None, reason)
            return self.form_invalid(form)
        messages.success(self.request, "L’agence reçoit votre proposition par courriel.")
        return redirect(takeup)


class TakeUpStepForm(VisibleObjectsMixin, SingleObjectMixin, FormView):
    """An answer of the agency: 404 out of scope, 403 for who asked, back when too late."""

    model = TakeUp
    template_name = "families/takeup_answer.html"
    context_object_name = "takeup"
    step = ""

    def get_queryset(self):
        return seen(super().get_queryset())

    def dispatch(self, request, *args, **kwargs):
        self.object = self.get_object()
        if not TAKE_UP.steps[self.step].allowed(request.user, self.object):
            raise PermissionDenied
        if request.method == "GET" and self.object.status not in TAKE_UP.steps[self.step].sources:
            messages.error(
                request, f"Cette proposition est close\xa0: {self.object.get_status_display()}."
            )
            return redirect(self.object)
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs):
        return super().get_context_data(submit=TAKE_UP.steps[self.step].label, **kwargs)

    def form_valid(self, form):
        who = {"by": self.request.user, "on": timezone.localdate()}
        try:
            target = self.take(form.cleaned_data, who)
        except StepRefused as refusal:
            for reason in refusal.reasons:
                form.add_error(None, reason)
            return self.form_invalid(form)
        return redirect(target)


class TakeUpAccept(TakeUpStepForm):
    form_class = TakeUpAcceptForm
    step = "take_up"

    def take(self, data, who):
        household = takeups.take_up(self.object, **data, **who)
        messages.success(self.request, "Le dossier de la famille est ouvert à votre nom.")
        return household


class TakeUpDecline(TakeUpStepForm):
    form_class = TakeUpDeclineForm
    step = "decline"

    def take(self, data, who):
        takeups.decline(self.object, **data, **who)
        messages.success(self.request, "C’est noté. Les noms sont effacés de la proposition.")
        return self.object


class TakeUpStep(TakeStep):
    model = TakeUp
    verbs = {"cancel": takeups.cancel}
