"""« Ma place »: the page of a childminder's place, for herself or whoever keeps it for her."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import DetailView, FormView, RedirectView, View
from django.views.generic.detail import SingleObjectMixin

from avip.views import VisibleObjectsMixin
from avip.workflow import StepRefused
from families.forms.own_place import PauseForm
from families.models import PlaceOffer, Referral
from families.offers import pause, resume, say_confirmed, say_for_whom, still_free
from families.permissions import keeps_place
from families.place_planning import dates_of, say_date, week_of
from families.place_states import CLOSED, OPEN, PAUSED, with_state
from families.situations import planned_in_month
from labels.rules import rules_for
from partners.models import Provider
from partners.models.calendars import Weekday
from partners.permissions import is_hijacked

MINUTES = 60


class MyPlace(RedirectView):
    """From the menu: the place of the childminder who is signed in."""

    def get_redirect_url(self, *args, **kwargs):
        user = self.request.user
        mine = Provider.objects.visible_to(user).filter(
            pk__in=user.reach.providers, kind=Provider.Kind.CHILDMINDER
        )
        provider = mine.order_by("name", "pk").first()
        if provider is None:
            raise Http404
        return reverse("families:own_place", args=[provider.pk])


class OwnPlace(VisibleObjectsMixin, DetailView):
    """Her week, the state of her place, her leave, the hours left this month, what comes next."""

    model = Provider
    context_object_name = "provider"
    template_name = "families/own_place.html"

    def get_queryset(self):
        return (
            super()
            .get_queryset()
            .filter(kind=Provider.Kind.CHILDMINDER)
            .select_related("commune", "caf", "childminder__service")
            .prefetch_related("opening_hours", "closures")
        )

    def get_object(self, queryset=None):
        provider = super().get_object(queryset)
        if not keeps_place(self.request.user, provider):
            raise PermissionDenied
        return provider

    def get_context_data(self, **kwargs):
        provider, user, today = self.object, self.request.user, timezone.localdate()
        offers = PlaceOffer.objects.visible_to(user).filter(provider=provider)
        shown = [
            self._shown(offer, today)
            for offer in with_state(offers.prefetch_related("slots", "days"), today)
            if offer.until is None or offer.until >= today
        ]
        cap = rules_for(provider.caf, today).childminder_hours_month_cap * MINUTES
        planned = planned_in_month([provider], today)[provider.pk]
        waiting = Referral.objects.visible_to(user).filter(provider=provider).waiting_for_answer()
        return super().get_context_data(
            own=provider.pk in user.reach.providers,
            today=today,
            places=shown,
            cap_minutes=cap,
            planned=planned,
            left=max(cap - planned, 0),
            leave=[c for c in provider.closures.all() if c.last_day >= today],
            waiting=waiting.count(),
            **kwargs,
        )

    def _shown(self, offer, today):
        week = week_of([offer])
        paused = offer.state.kind == PAUSED
        return {
            "offer": offer,
            "state": offer.state,
            "week": [(name, week.get(day, [])) for day, name in Weekday.choices],
            "dates": [
                say_date(day, intervals)
                for day, intervals in sorted(dates_of(offer.days.all()).items())
                if day >= today
            ],
            "detail": say_for_whom(offer),
            "confirmed": say_confirmed(offer, today),
            "is_paused": paused,
            "is_closed": offer.state.kind == CLOSED,
            "may_confirm": offer.state.kind == OPEN and offer.confirmed_on != today,
        }


class KeptOffer(VisibleObjectsMixin, SingleObjectMixin):
    """The place one keeps up to date: 404 out of scope, 403 for who only looks."""

    model = PlaceOffer
    context_object_name = "offer"

    def get_queryset(self):
        mine = super().get_queryset().filter(provider__kind=Provider.Kind.CHILDMINDER)
        return mine.select_related("provider__caf", "provider__childminder")

    def get_object(self, queryset=None):
        offer = super().get_object(queryset)
        if not keeps_place(self.request.user, offer.provider) or is_hijacked(self.request.user):
            raise PermissionDenied
        return offer

    def place_url(self):
        return reverse("families:own_place", args=[self.object.provider_id])


class Pause(KeptOffer, FormView):
    """No new family for a while: until a day, or until she says so."""

    form_class = PauseForm
    template_name = "families/place_pause.html"

    def dispatch(self, request, *args, **kwargs):
        self.object = self.get_object()
        return super().dispatch(request, *args, **kwargs)

    def get_initial(self):
        return {"until": self.object.paused_until}

    def get_context_data(self, **kwargs):
        today = timezone.localdate()
        (offer,) = with_state(self.get_queryset().filter(pk=self.object.pk), today)
        return super().get_context_data(
            provider=self.object.provider,
            state=offer.state,
            place_url=self.place_url(),
            own=self.object.provider_id in self.request.user.reach.providers,
            **kwargs,
        )

    def form_valid(self, form):
        until = form.cleaned_data["until"]
        try:
            pause(self.object, by=self.request.user, on=timezone.localdate(), until=until)
        except StepRefused as refusal:
            form.add_error("until", refusal.reasons[0])
            return self.form_invalid(form)
        messages.success(
            self.request,
            "C’est noté\xa0: aucune nouvelle famille n’est orientée ici. "
            "L’accueil en cours continue.",
        )
        return redirect(self.place_url())


class PlaceStep(KeptOffer, View):
    """« Oui, toujours libre » and « Reprendre »: one press."""

    http_method_names = ["post"]
    verbs = {
        "libre": (still_free, "C’est noté\xa0: les conseillers lisent qu’elle est libre."),
        "reprendre": (resume, "C’est noté\xa0: la place est de nouveau proposée aux familles."),
    }

    def post(self, request, *args, **kwargs):
        self.object = self.get_object()
        if kwargs["step"] not in self.verbs:
            raise Http404
        verb, done = self.verbs[kwargs["step"]]
        try:
            verb(self.object, by=request.user, on=timezone.localdate())
        except StepRefused as refusal:
            messages.error(request, refusal.reasons[0])
        else:
            messages.success(request, done)
        return redirect(self.place_url())
