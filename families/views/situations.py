"""A situation before its coordinator: validated, refused, or proposed to another childminder."""

from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.utils import timezone
from django.views.generic import DetailView

from avip.views import VisibleObjectsMixin, log_reading
from families.forms.referral_answers import ValidateForm
from families.models import Referral
from families.occasional import situation_of
from families.offers import say_when
from families.other_childminders import candidates, distance_between
from families.permissions import meets_childminder, validates
from families.place_states import with_state
from families.sight import Sight
from families.views.referral_answers import ReferralPage
from families.views.referrals import detailed
from families.wording import say_days_of_months, say_week
from families.workflow import referrals
from partners.models import Provider


class Validate(ReferralPage):
    """The family's need beside the childminder's place: each check with its rule, each month."""

    form_class = ValidateForm
    template_name = "families/referral_validate.html"
    step = "validate"
    states = (Referral.Status.TO_VALIDATE,)  # shown with what does not fit
    title = "Cette situation convient-elle\xa0?"
    done = "La situation est validée et la place est gardée. Sa demande lui parvient maintenant."

    def get_queryset(self):
        return super().get_queryset().filter(provider__kind=Provider.Kind.CHILDMINDER)

    def get(self, request, *args, **kwargs):
        log_reading(request, self.object)
        return super().get(request, *args, **kwargs)

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"on": timezone.localdate()}

    def get_initial(self):
        talked = self.object.tariff_talked_on
        return {
            "is_tariff_talked": bool(talked),
            "tariff_talked_on": talked or timezone.localdate(),
        }

    def get_context_data(self, **kwargs):
        referral = self.object
        situation = situation_of(referral, timezone.localdate())
        without = situation.days_to_give_up
        offers = referral.provider.offers.running_on(referral.from_on).prefetch_related("slots")
        return super().get_context_data(
            situation=situation,
            without=" ".join(day.isoformat() for day in without),
            without_words=say_days_of_months(without),
            holds=not situation.reasons or bool(without),
            cap_minutes=situation.rules.childminder_hours_month_cap * 60,
            week=say_week(situation.calendar.hours),
            distance=distance_between(referral.household.commune, referral.provider),
            offers=[
                (offer, f"{say_when(offer)}, {offer.state.words}")
                for offer in with_state(offers, referral.from_on)
            ],
            **kwargs,
        )

    def take(self, form, who):
        said = {name: form.cleaned_data[name] for name in ("tariff_talked_on", "without")}
        referrals.validate(self.object, **said, **who)


def _name_for(user, provider):
    """A deputy does not meet the childminders of a silent service: no full name for her."""
    return provider.name if meets_childminder(user, provider) else provider.public_name


class OtherChildminder(VisibleObjectsMixin, DetailView):
    """Who else could take this family, best first; one press passes the request on."""

    model = Referral
    context_object_name = "referral"
    template_name = "families/referral_other_childminder.html"

    def get_queryset(self):
        seen = super().get_queryset().filter(provider__kind=Provider.Kind.CHILDMINDER)
        return detailed(seen)

    def get(self, request, *args, **kwargs):
        self.object = self.get_object()
        if not validates(request.user, self.object):
            raise PermissionDenied
        if self.object.status != Referral.Status.TO_VALIDATE:
            return redirect(self.object)
        log_reading(request, self.object)
        found = candidates(self.object, request.user, timezone.localdate())
        return self.render_to_response(
            self.get_context_data(
                sight=Sight(self.object, request.user),
                rows=[
                    (one, _name_for(request.user, one.provider), say_days_of_months(one.without))
                    for one in found
                ],
            )
        )
