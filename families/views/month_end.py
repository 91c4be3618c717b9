"""What comes with the end of a month: places still free, contracts ending, the sheet to print."""

from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.generic import DetailView, View
from django.views.generic.detail import SingleObjectMixin

from avip.jobs import SCHEDULES
from avip.templatetags.words import fr_month
from avip.views import VisibleObjectsMixin, log_reading
from avip.workflow import StepRefused
from families.models import AvipContract, MonthlyDeclaration, PlaceOffer
from families.notifications.declarations import due_on
from families.offers import say_places, say_when, still_free
from families.permissions import manages
from families.place_states import OPEN, with_state
from families.wording import say_age_limit
from families.workflow.declarations import lines_of
from labels.rules import rules_for
from partners.calendars import month_bounds


def offers_of(declaration, user, on) -> list[dict]:
    """The places free that day, each with whether it is still to be said free this month."""
    if not manages(user, declaration.provider):
        return []
    offers = (
        PlaceOffer.objects.visible_to(user)
        .filter(provider=declaration.provider, is_blocked=True)
        .open_on(on)
        .prefetch_related("slots")
        .order_by("from_on", "pk")
    )
    this_month = on.replace(day=1)
    return [
        {
            "offer": offer,
            "text": f"{say_places(offer)}, {say_when(offer)}",
            "is_asked": not offer.confirmed_on or offer.confirmed_on < this_month,
        }
        for offer in with_state(offers, on)
        if offer.state.kind == OPEN
    ]


def ending_of(declaration, user, on):
    """The contracts of this provider that end soon and that none follows."""
    if not manages(user, declaration.provider):
        return []
    soon = on + timedelta(days=max(SCHEDULES["contract_end_reminder_days"]))
    return (
        AvipContract.objects.visible_to(user)
        .not_renewed()
        .filter(
            provider=declaration.provider,
            status=AvipContract.Status.ACTIVE,
            end_on__range=(on, soon),
        )
        .prefetch_related("children")
        .order_by("end_on", "pk")
    )


class StillFree(VisibleObjectsMixin, SingleObjectMixin, View):
    """« Encore libre » from the page of the month, and back to it."""

    model = MonthlyDeclaration
    http_method_names = ["post"]

    def post(self, request, *args, **kwargs):
        declaration = self.get_object()
        offers = PlaceOffer.objects.visible_to(request.user)
        offer = get_object_or_404(offers, pk=kwargs["offer"], provider=declaration.provider)
        try:
            still_free(offer, by=request.user, on=timezone.localdate())
        except StepRefused as refusal:
            messages.error(request, refusal.reasons[0])
        return redirect(f"{declaration.get_absolute_url()}?fait=1#places")


class DeclarationSheet(VisibleObjectsMixin, DetailView):
    """The month on one sheet, to print and fill in by hand."""

    model = MonthlyDeclaration
    template_name = "families/declaration_sheet.html"
    context_object_name = "declaration"

    def get_queryset(self):
        related = ("caf", "provider__facility", "provider__childminder", "provider__commune")
        return super().get_queryset().select_related(*related)

    def get_object(self, queryset=None):
        declaration = super().get_object(queryset)
        if not manages(self.request.user, declaration.provider):
            raise PermissionDenied
        log_reading(self.request, declaration)
        return declaration

    def get_context_data(self, **kwargs):
        declaration = self.object
        rules = rules_for(declaration.caf, month_bounds(declaration.month)[1])
        return super().get_context_data(
            month=fr_month(declaration.month),
            lines=lines_of(declaration),
            age_limit=say_age_limit(rules.quota_max_child_age_months),
            due_on=due_on(declaration),
            **kwargs,
        )
