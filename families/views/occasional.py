"""« C’est pour demain »: who is open near the family, then an accueil ponctuel asked for."""

from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.generic import FormView, TemplateView

from avip.views import RefusableForm
from families.forms.occasional import ENDS, STARTS, OccasionalForm, TomorrowForm
from families.models import Household, Referral
from families.occasional import open_near
from families.workflow import referrals
from labels.models.labels import labelled_providers
from labels.rules import rules_for
from partners.calendars import calendar_of
from partners.models import Provider
from partners.permissions import is_adviser


def _household(request, pk):
    """A family of the adviser's agency: another is a 404."""
    seen = Household.objects.visible_to(request.user).select_related("agency", "commune")
    household = get_object_or_404(seen.prefetch_related("parents", "children"), pk=pk)
    if not is_adviser(request.user, household):
        raise PermissionDenied
    return household


class OccasionalSearch(TemplateView):
    """Labelled places near the family that are open at these hours."""

    template_name = "families/occasional_search.html"

    def get_context_data(self, **kwargs):
        household = _household(self.request, self.kwargs["pk"])
        tomorrow = timezone.localdate() + timedelta(days=1)
        usual = {"day": tomorrow.isoformat(), "starts": STARTS, "ends": ENDS}
        form = TomorrowForm(usual | self.request.GET.dict())
        found = []
        if form.is_valid():
            asked = form.cleaned_data
            providers = Provider.objects.visible_to(self.request.user)
            found = open_near(
                household.commune,
                providers.filter(pk__in=labelled_providers(timezone.localdate())),
                asked["day"],
                asked["starts"],
                asked["ends"],
            )
        return super().get_context_data(
            household=household,
            parent=next(iter(household.parents.all())),
            form=form,
            found=found,
            **kwargs,
        )


class OccasionalCreate(RefusableForm, FormView):
    """Dated hours at one provider, the day of the search prefilled."""

    form_class = OccasionalForm
    template_name = "families/occasional_create.html"
    done = "La demande est partie. La réponse vous parviendra par courriel."

    def dispatch(self, request, *args, **kwargs):
        self.household = _household(request, kwargs["pk"])
        today = timezone.localdate()
        self.provider = get_object_or_404(
            Provider.objects.visible_to(request.user)
            .filter(pk__in=labelled_providers(today))
            .select_related("commune", "caf", "facility", "childminder"),
            pk=kwargs["provider"],
        )
        self.rules = rules_for(self.provider.caf, today)
        self.calendar = calendar_of(self.provider)
        return super().dispatch(request, *args, **kwargs)

    def get_initial(self):
        asked = self.request.GET
        return {f"{name}_0": asked[name] for name in ("day", "starts", "ends") if name in asked}

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {
            "household": self.household,
            "calendar": self.calendar,
            "lines": self.rules.occasional_max_days,
            "on": timezone.localdate(),
        }

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            household=self.household,
            parent=next(iter(self.household.parents.all())),
            provider=self.provider,
            subtitle=f"À {self.provider.public_name}, {self.provider.commune}",
            urgent_hours=self.rules.urgent_answer_hours,
            **kwargs,
        )

    def take(self, form, who):
        data = form.cleaned_data
        return referrals.send(
            self.household,
            provider=self.provider,
            children=data["children"],
            days=data["days"],
            kind=Referral.Kind.OCCASIONAL,
            is_urgent=data["is_urgent"],
            message=data["message"],
            **who,
        )
