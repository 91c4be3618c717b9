"""A request for a place: sent by the adviser, answered, confirmed; what each may read of it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import DetailView, FormView, ListView
from django.views.generic.detail import SingleObjectMixin

from avip.views import TakeStep, VisibleObjectsMixin, log_reading
from avip.workflow import StepRefused
from families.forms.referrals import (
    AcceptForm,
    ConfirmForm,
    ReferralFilter,
    ReferralForm,
    RefuseForm,
)
from families.models import AvipContract, Household, Referral
from families.permissions import validates
from families.search import closure_on
from families.sight import Sight
from families.situations import Situation
from families.timeline import history_of, next_act, stages_of
from families.wording import say_half_days, say_week
from families.workflow import referrals
from families.workflow.referrals import REFERRAL
from labels.models.labels import labelled_providers
from labels.rules import rules_for
from partners.calendars import calendar_of
from partners.models import Provider
from partners.permissions import is_adviser


class ReferralList(VisibleObjectsMixin, ListView):
    model = Referral
    paginate_by = 20
    context_object_name = "referrals"

    def get_queryset(self):
        seen = super().get_queryset().order_by("-sent_at", "pk")
        self.filter = ReferralFilter(self.request.GET, queryset=seen)
        return self.filter.qs.select_related(
            "provider__facility", "provider__childminder", "agency", "household"
        ).prefetch_related("children", "slots", "household__parents")

    def get_context_data(self, **kwargs):
        context = super().get_context_data(filter=self.filter, **kwargs)
        for referral in context["referrals"]:
            referral.sight = Sight(referral, self.request.user)
        return context


class ReferralDetail(VisibleObjectsMixin, DetailView):
    model = Referral
    context_object_name = "referral"

    def get_queryset(self):
        return detailed(super().get_queryset())

    def get_context_data(self, **kwargs):
        referral, user = self.object, self.request.user
        log_reading(self.request, referral)
        contract = AvipContract.objects.visible_to(user).live().filter(referral=referral).first()
        history = history_of(referral)
        act = next_act(referral, user, contract)
        return super().get_context_data(
            sight=Sight(referral, user),
            contract=contract,
            act=act,
            links=self._links(act),
            steps=self._steps(),
            stages=stages_of(referral, history),
            history=history,
            **kwargs,
        )

    def _may(self, name):
        step = REFERRAL.steps[name]
        return self.object.status in step.sources and step.allowed(self.request.user, self.object)

    def _links(self, act):
        """The answers that need a form, the next act left out: it has its own button."""
        links = [
            {"label": REFERRAL.steps[name].label, "url": step_url(self.object, name)}
            for name in ("validate", "accept", "refuse", "confirm")
            if self._may(name)
        ]
        return [link for link in links if not act or link["url"] != act.get("url")]

    def _steps(self):
        today = timezone.localdate()
        return [
            {
                "name": name,
                "label": REFERRAL.steps[name].label,
                "url": reverse("families:referral_step", args=[self.object.pk, name]),
            }
            for name in ("put_on_waiting_list", "decline", "cancel")
            if self._may(name) and not REFERRAL.steps[name].requires(self.object, today)
        ]


def detailed(queryset):
    """Everything a page about one referral shows, in a fixed number of queries."""
    return queryset.select_related(
        "provider__commune",
        "provider__caf",
        "provider__facility",
        "provider__childminder__service",
        "agency",
        "adviser",
        "caf",
        "household__commune",
    ).prefetch_related("children", "slots", "household__parents")


def step_url(referral, name):
    return reverse(f"families:referral_{name}", args=[referral.pk])


class ReferralStep(TakeStep):
    """The steps without a form."""

    model = Referral
    verbs = {
        "validate": referrals.validate,
        "put_on_waiting_list": referrals.put_on_waiting_list,
        "decline": referrals.decline,
        "cancel": referrals.cancel,
        "tell_family": referrals.tell_family,
    }


class StepForm(VisibleObjectsMixin, SingleObjectMixin, FormView):
    """A step that asks something: 404 out of scope, 403 without the right, back when too late."""

    model = Referral
    context_object_name = "referral"
    template_name = "families/referral_form.html"
    step = ""
    title = ""
    done = ""

    def get_queryset(self):
        return detailed(super().get_queryset())

    def dispatch(self, request, *args, **kwargs):
        self.object = self.get_object()
        step = REFERRAL.steps[self.step]
        if not step.allowed(request.user, self.object):
            raise PermissionDenied
        if request.method == "GET" and self.object.status not in step.sources:
            state = self.object.get_status_display()
            messages.error(request, f"«\xa0{step.label}\xa0» n’est plus possible\xa0: {state}.")
            return redirect(self.object)
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            sight=Sight(self.object, self.request.user),
            title=self.title,
            submit=REFERRAL.steps[self.step].label,
            **kwargs,
        )

    def form_valid(self, form):
        try:
            self.take(form.cleaned_data, {"by": self.request.user, "on": timezone.localdate()})
        except StepRefused as refusal:
            for reason in refusal.reasons:
                form.add_error(None, reason)
            return self.form_invalid(form)
        messages.success(self.request, self.done)
        return redirect(self.object)


class Accept(StepForm):
    form_class = AcceptForm
    step = "accept"
    title = "Accepter cette famille"
    done = (
        "C’est noté. La place est gardée\xa0; le conseiller demande à la famille si elle la prend."
    )

    def get_initial(self):
        return {"contact_name": str(self.request.user)}

    def take(self, data, who):
        referrals.accept(self.object, **data, **who)


class Refuse(StepForm):
    form_class = RefuseForm
    step = "refuse"
    title = "Refuser cette demande"
    done = "C’est noté. Le conseiller est prévenu et cherchera ailleurs avec la famille."

    def take(self, data, who):
        referrals.refuse(self.object, **data, **who)


class Confirm(StepForm):
    form_class = ConfirmForm
    template_name = "families/referral_confirm.html"
    step = "confirm"
    title = "La réponse de la famille"
    done = "La place est à elle. Ses autres demandes pour les mêmes enfants sont closes."

    def take(self, data, who):
        referrals.confirm(self.object, **data, **who)


class Validate(VisibleObjectsMixin, DetailView):
    """The family's need beside the childminder's place: each check with its rule, each month."""

    model = Referral
    context_object_name = "referral"
    template_name = "families/referral_validate.html"

    def get_queryset(self):
        return detailed(super().get_queryset())

    def get(self, request, *args, **kwargs):
        self.object = self.get_object()
        if not self.object.provider.is_childminder:
            raise Http404
        if not validates(request.user, self.object):
            raise PermissionDenied
        if self.object.status != Referral.Status.TO_VALIDATE:
            return redirect(self.object)
        log_reading(request, self.object)
        situation = Situation(self.object, timezone.localdate())
        return self.render_to_response(
            self.get_context_data(
                situation=situation,
                cap_minutes=situation.rules.childminder_hours_month_cap * 60,
                sight=Sight(self.object, request.user),
                week=say_week(situation.calendar.hours),
                offers=[
                    (offer, say_half_days(offer.half_days) or "tous ses jours")
                    for offer in self.object.provider.offers.running_on(self.object.from_on)
                ],
            )
        )


class ReferralCreate(FormView):
    """The need of a family, sent to one provider; the search hands over the date and half-days."""

    form_class = ReferralForm
    template_name = "families/referral_create.html"

    def dispatch(self, request, *args, **kwargs):
        user = request.user
        self.household = get_object_or_404(
            Household.objects.visible_to(user)
            .select_related("agency", "commune")
            .prefetch_related("parents"),
            pk=kwargs["pk"],
        )
        self.provider = get_object_or_404(
            Provider.objects.visible_to(user)
            .filter(pk__in=labelled_providers(timezone.localdate()))
            .select_related("commune", "caf", "facility", "childminder"),
            pk=kwargs["provider"],
        )
        if not is_adviser(user, self.household):
            raise PermissionDenied
        self.calendar = calendar_of(self.provider)
        return super().dispatch(request, *args, **kwargs)

    def get_initial(self):
        return {"from_on": self.request.GET.get("from_on")}

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {
            "household": self.household,
            "calendar": self.calendar,
            "keys": self.request.GET.getlist("half_days"),
            "on": timezone.localdate(),
        }

    def get_context_data(self, **kwargs):
        today = timezone.localdate()
        closed_until, _ = closure_on(self.calendar, today)
        return super().get_context_data(
            household=self.household,
            parent=next(iter(self.household.parents.all())),
            provider=self.provider,
            subtitle=f"À {self.provider.public_name}, {self.provider.commune}",
            answer_hours=rules_for(self.provider.caf, today).referral_answer_hours,
            closed_until=closed_until,
            **kwargs,
        )

    def form_valid(self, form):
        data = form.cleaned_data
        try:
            referral = referrals.send(
                self.household,
                provider=self.provider,
                children=data["children"],
                slots=data["slots"],
                from_on=data["from_on"],
                message=data["message"],
                by=self.request.user,
                on=timezone.localdate(),
            )
        except StepRefused as refusal:
            for reason in refusal.reasons:
                form.add_error(None, reason)
            return self.form_invalid(form)
        messages.success(
            self.request, "La demande est partie. La réponse vous parviendra par courriel."
        )
        return redirect(referral)
