"""Families that a crèche, a coordinator or a Caf proposes to an agency: list, file, answers."""

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.views.generic import DetailView, FormView, ListView

from avip.views import RefusableForm, StepPage, TakeStep, VisibleObjectsMixin, log_reading
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


class TakeUpCreate(RefusableForm, FormView):
    form_class = TakeUpForm
    template_name = "families/takeup_form.html"
    done = "L’agence reçoit votre proposition par courriel."

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

    def take(self, form, who):
        data = form.cleaned_data
        return takeups.propose_follow_up(
            **who,
            agency=data["agency"],
            caf=self.caf,
            provider=data.get("provider"),
            **form.family,
        )


class TakeUpAnswer(StepPage):
    """An answer of the agency."""

    model = TakeUp
    template_name = "families/takeup_answer.html"
    context_object_name = "takeup"
    workflow = TAKE_UP

    def get_queryset(self):
        return seen(super().get_queryset())


class TakeUpAccept(TakeUpAnswer):
    form_class = TakeUpAcceptForm
    step = "take_up"
    done = "Le dossier de la famille est ouvert à votre nom."

    def take(self, form, who):
        return takeups.take_up(self.object, **form.cleaned_data, **who)


class TakeUpDecline(TakeUpAnswer):
    form_class = TakeUpDeclineForm
    step = "decline"
    done = "C’est noté. Les noms sont effacés de la proposition."

    def take(self, form, who):
        takeups.decline(self.object, **form.cleaned_data, **who)


class TakeUpStep(TakeStep):
    model = TakeUp
    verbs = {"cancel": takeups.cancel}
