"""Sheets to print, fill in by hand and copy back: her wish, her place, her month."""

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone
from django.views.generic import DetailView, TemplateView

from avip.templatetags.words import WEEKDAYS
from avip.views import VisibleObjectsMixin
from families.desk import home_of
from families.models import MonthlyDeclaration, PlaceOffer
from families.permissions import manages
from labels.models import NetworkMember
from labels.rules import rules_for
from partners.models import Provider


class SheetMixin:
    """For who runs a network: a coordinator, or the Caf where no service coordinates."""

    def dispatch(self, request, *args, **kwargs):
        reach = request.user.reach
        if not (reach.services or reach.cafs):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs):
        service, caf = home_of(self.request.user)
        rules = rules_for(caf, timezone.localdate())
        return super().get_context_data(
            service=service or caf,
            caf=caf,
            cap_hours=rules.childminder_hours_month_cap,
            most_places=rules.childminder_max_places,
            **kwargs,
        )


class NetworkSheets(SheetMixin, TemplateView):
    """Which sheets there are, and those of each childminder of the network."""

    template_name = "families/network_sheets.html"

    def get_context_data(self, **kwargs):
        user, today = self.request.user, timezone.localdate()
        members = (
            NetworkMember.objects.visible_to(user)
            .exclude(status__in=NetworkMember.OUT)
            .select_related("provider__commune")
            .order_by("provider__name", "pk")
        )
        months = {
            declaration.provider_id: declaration
            for declaration in MonthlyDeclaration.objects.visible_to(user)
            .filter(status=MonthlyDeclaration.Status.OPEN, month__lt=today.replace(day=1))
            .order_by("month")
        }
        rows = [
            {"provider": member.provider, "month": months.get(member.provider_id)}
            for member in members
        ]
        return super().get_context_data(rows=rows, **kwargs)


class WishSheet(SheetMixin, TemplateView):
    """« Je souhaite rejoindre le réseau », to sign on paper."""

    template_name = "families/sheet_wish.html"


class PlaceSheet(VisibleObjectsMixin, DetailView):
    """Her place as it is described, with room to change it by hand."""

    model = Provider
    context_object_name = "provider"
    template_name = "families/sheet_place.html"

    def get_queryset(self):
        related = ("caf", "commune", "childminder__service")
        return (
            super()
            .get_queryset()
            .select_related(*related)
            .prefetch_related("opening_hours", "closures")
        )

    def get_object(self, queryset=None):
        provider = super().get_object(queryset)
        if not provider.is_childminder:
            raise Http404
        if not manages(self.request.user, provider):
            raise PermissionDenied
        return provider

    def get_context_data(self, **kwargs):
        provider, today = self.object, timezone.localdate()
        rules = rules_for(provider.caf, today)
        offers = PlaceOffer.objects.visible_to(self.request.user).filter(provider=provider)
        offer = offers.running_on(today).prefetch_related("slots").order_by("from_on").first()
        slots = list(offer.slots.all()) if offer else []
        return super().get_context_data(
            offer=offer,
            week=[
                (day, [slot for slot in slots if slot.weekday == number])
                for number, day in enumerate(WEEKDAYS)
            ],
            coming=[c for c in provider.closures.all() if c.last_day >= today],
            service=provider.childminder.service or provider.caf,
            cap_hours=rules.childminder_hours_month_cap,
            **kwargs,
        )
