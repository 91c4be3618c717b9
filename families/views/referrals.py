"""A request for a place: sent by the adviser, answered, confirmed; what each may read of it."""

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.generic import DetailView, FormView, ListView

from avip.views import RefusableForm, TakeStep, VisibleObjectsMixin, log_reading
from families.alternatives import alternatives
from families.counters import counter_of
from families.forms.referrals import ReferralFilter, ReferralForm
from families.models import AvipContract, Household, Referral
from families.occasional import stays_between
from families.search import closure_on
from families.sight import Sight
from families.timeline import history_of, next_act, stages_of
from families.waiting_list import position_of
from families.wording import say_schedule
from families.workflow import referrals
from families.workflow.referral_steps import REFERRAL
from families.workflow.transfers import first_sent_at
from labels.models.labels import labelled_providers
from labels.rules import rules_for
from partners.calendars import calendar_of, month_bounds
from partners.models import Provider
from partners.permissions import is_adviser, is_hijacked


class ReferralList(VisibleObjectsMixin, ListView):
    model = Referral
    paginate_by = 20
    context_object_name = "referrals"

    def get_queryset(self):
        seen = super().get_queryset().order_by("-sent_at", "pk")
        self.filter = ReferralFilter(self.request.GET, queryset=seen)
        return self.filter.qs.select_related(
            "provider__facility", "provider__childminder__service", "agency", "household"
        ).prefetch_related("children", "slots", "days", "household__parents")

    def get_context_data(self, **kwargs):
        context = super().get_context_data(filter=self.filter, **kwargs)
        for referral in context["referrals"]:
            referral.sight = Sight(referral, self.request.user)
        return context | {"stays": self._stays()}

    def _stays(self):
        """Accueils ponctuels of this month, counted apart: (families, minutes)."""
        reach = self.request.user.reach
        if not (reach.providers or reach.operators or reach.services):
            return None
        providers = Provider.objects.visible_to(self.request.user)
        families, minutes = stays_between(providers, *month_bounds(timezone.localdate()))
        return {"families": families, "minutes": minutes} if families else None


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
        sight = Sight(referral, user)
        return super().get_context_data(
            sight=sight,
            position=self._position(),
            others=self._others(sight),
            first_sent_at=first_sent_at(referral) if referral.transferred_from_id else None,
            following=Referral.objects.visible_to(user).filter(transferred_from=referral).first(),
            counter_schedule=say_schedule(referral.counter_slots.all()),
            contract=contract,
            act=act,
            links=self._links(act),
            steps=self._steps(),
            stages=stages_of(referral, history),
            history=history,
            **kwargs,
        )

    def _available(self, names):
        """Of these steps, those she may take today: their needs are looked at one by one."""
        user, today = self.request.user, timezone.localdate()
        if is_hijacked(user):
            return []
        return [
            name
            for name in names
            if self.object.status in REFERRAL.steps[name].sources
            and REFERRAL.steps[name].allowed(user, self.object)
            and (name == "validate" or not REFERRAL.steps[name].requires(self.object, today))
        ]

    def _links(self, act):
        """The answers that need a form, the next act left out: it has its own button."""
        links = [
            {"label": REFERRAL.steps[name].label, "url": step_url(self.object, page)}
            for name, page in PAGES.items()
            for _ in self._available([name])
        ]
        return [link for link in links if not act or link["url"] != act.get("url")]

    def _steps(self):
        return [
            {
                "name": name,
                "label": REFERRAL.steps[name].label,
                "url": reverse("families:referral_step", args=[self.object.pk, name]),
            }
            for name in self._available(["put_on_waiting_list", "decline", "cancel"])
        ]

    def _position(self):
        """Where a waiting family stands, for its adviser and for who answers."""
        waits = self.object.status == Referral.Status.WAITING_LIST
        return position_of(self.object) if waits else None

    def _others(self, sight):
        """Places nearby, when nobody answered or the answer is no."""
        over = {Referral.Status.EXPIRED, Referral.Status.REFUSED, Referral.Status.NO_SHOW}
        if not sight.is_agency or self.object.status not in over:
            return []
        providers = Provider.objects.visible_to(self.request.user)
        return alternatives(self.object, providers, timezone.localdate())


# The steps with a page of their own.
PAGES = {
    "dispatch": "dispatch",
    "validate": "validate",
    "accept": "accept",
    "propose_hours": "propose_hours",
    "shortlist": "shortlist",
    "refuse": "refuse",
    "take_hours": "other_hours",
    "confirm": "confirm",
    "transfer": "transfer",
    "no_show": "no_show",
}


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
        "transferred_from",
        "counter",
    ).prefetch_related("children", "slots", "days", "counter_slots", "household__parents")


def step_url(referral, name):
    return reverse(f"families:referral_{name}", args=[referral.pk])


class ReferralStep(TakeStep):
    """The steps without a form."""

    model = Referral
    verbs = {
        "put_on_waiting_list": referrals.put_on_waiting_list,
        "take_hours": referrals.take_hours,
        "decline": referrals.decline,
        "cancel": referrals.cancel,
        "tell_family": referrals.tell_family,
    }


class ReferralCreate(RefusableForm, FormView):
    """The need of a family, sent to one provider; the search hands over the date and half-days."""

    form_class = ReferralForm
    template_name = "families/referral_create.html"
    done = "La demande est partie. La réponse vous parviendra par courriel."

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
            counter=counter_of(self.provider),
            **kwargs,
        )

    def take(self, form, who):
        data = form.cleaned_data
        return referrals.send(
            self.household,
            provider=self.provider,
            children=data["children"],
            slots=data["slots"],
            from_on=data["from_on"],
            message=data["message"],
            **who,
        )
