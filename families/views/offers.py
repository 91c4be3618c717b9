"""The places a provider keeps: described, changed, said to be still free."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import CreateView, UpdateView, View
from django.views.generic.detail import SingleObjectMixin

from avip.views import RefusableForm, VisibleObjectsMixin
from avip.workflow import StepRefused
from families.forms.offers import OfferForm
from families.forms.planning import PlanningForm
from families.models import PlaceOffer
from families.offers import say_confirmed, say_for_whom, say_places, say_when, still_free
from families.permissions import keeps_place
from families.place_states import with_state
from partners.models import Provider
from partners.permissions import is_hijacked


def offers_shown(provider, user, on):
    """The offers of a provider that have not ended, the latest first, in words."""
    offers = PlaceOffer.objects.visible_to(user).filter(provider=provider).order_by("-from_on")
    return [
        {
            "offer": offer,
            "state": offer.state,
            "places": say_places(offer),
            "when": say_when(offer),
            "detail": say_for_whom(offer),
            "confirmed": say_confirmed(offer, on),
        }
        for offer in with_state(offers.prefetch_related("slots"), on)
        if offer.until is None or offer.until >= on
    ]


class OfferMixin(VisibleObjectsMixin):
    """The places of a provider one answers for: 404 out of scope, 403 for who only looks."""

    model = PlaceOffer

    def get_queryset(self):
        return (
            super()
            .get_queryset()
            .select_related("provider__caf", "provider__facility", "provider__childminder")
        )

    def check(self, provider):
        if not keeps_place(self.request.user, provider) or is_hijacked(self.request.user):
            raise PermissionDenied
        return provider


class OfferFormMixin(RefusableForm, OfferMixin):
    """A childminder describes her week and its dates, a crèche its half-days."""

    done = "C’est à jour. Les conseillers le voient dès maintenant."

    def get_form_class(self):
        return PlanningForm if self.provider.is_childminder else OfferForm

    def get_template_names(self):
        mine = self.provider.is_childminder
        return ["families/planning_form.html" if mine else "families/offer_form.html"]

    def get_form_kwargs(self):
        kwargs = super().get_form_kwargs()
        return kwargs | {"provider": self.provider, "on": timezone.localdate()}

    def get_context_data(self, **kwargs):
        return super().get_context_data(provider=self.provider, **kwargs)

    def take(self, form, who):
        form.record(by=who["by"])
        if self.provider.is_childminder:
            return reverse("families:own_place", args=[self.provider.pk])
        return self.provider


class OfferCreate(OfferFormMixin, CreateView):
    def dispatch(self, request, *args, **kwargs):
        providers = Provider.objects.visible_to(request.user)
        self.provider = self.check(
            get_object_or_404(
                providers.select_related("caf", "facility", "childminder"), pk=kwargs["pk"]
            )
        )
        return super().dispatch(request, *args, **kwargs)


class OfferUpdate(OfferFormMixin, UpdateView):
    def get_object(self, queryset=None):
        offer = super().get_object(queryset)
        self.provider = self.check(offer.provider)
        return offer


class OfferStillFree(OfferMixin, SingleObjectMixin, View):
    """« Encore libre » in one click."""

    http_method_names = ["post"]

    def post(self, request, *args, **kwargs):
        offer = self.get_object()
        self.check(offer.provider)
        try:
            still_free(offer, by=request.user, on=timezone.localdate())
        except StepRefused as refusal:
            messages.error(request, refusal.reasons[0])
        else:
            messages.success(request, "C’est noté\xa0: les conseillers lisent qu’elle est libre.")
        return redirect(offer.provider)
