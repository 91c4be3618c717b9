"""The families an agency follows: list, file, entry, change; every reading of a file is logged."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import CreateView, DetailView, ListView, UpdateView

from avip.templatetags.words import fr_date
from avip.views import RefusableForm, VisibleObjectsMixin, log_reading
from families.forms.households import HouseholdFilter, HouseholdForm
from families.matches import is_being_checked
from families.models import AvipContract, FlagAttestation, Household, HouseholdMatch, Referral
from families.wording import say_schedule
from partners.permissions import is_hijacked


class HouseholdList(VisibleObjectsMixin, ListView):
    model = Household
    template_name = "families/household_list.html"
    paginate_by = 20
    context_object_name = "households"

    def get_queryset(self):
        seen = super().get_queryset().order_by("-created_at", "pk")
        self.filter = HouseholdFilter(self.request.GET, queryset=seen, request=self.request)
        referrals = Referral.objects.visible_to(self.request.user).select_related(
            "provider__commune"
        )
        return self.filter.qs.select_related("commune", "adviser").prefetch_related(
            "parents",
            "children",
            Prefetch("referrals", queryset=referrals.order_by("-sent_at"), to_attr="latest"),
        )

    def get_context_data(self, **kwargs):
        return super().get_context_data(filter=self.filter, today=timezone.localdate(), **kwargs)


class HouseholdDetail(VisibleObjectsMixin, DetailView):
    model = Household
    template_name = "families/household_detail.html"

    def get_queryset(self):
        return (
            super()
            .get_queryset()
            .select_related("commune", "adviser", "agency", "attested_by", "caf")
            .prefetch_related("parents", "children", "attestations__attested_by")
        )

    def get_context_data(self, **kwargs):
        household, user = self.object, self.request.user
        log_reading(self.request, household)
        referrals = list(
            Referral.objects.visible_to(user)
            .filter(household=household)
            .select_related("provider__commune")
            .prefetch_related("slots")
        )
        for referral in referrals:
            referral.need = (
                f"À partir du {fr_date(referral.from_on)}, {say_schedule(referral.slots.all())}"
            )
        parents = household.parents.all()
        return super().get_context_data(
            parent=next(parent for parent in parents if parent.is_referring),
            others=[parent for parent in parents if not parent.is_referring],
            flags=flags_of(household),
            is_being_checked=is_being_checked(household),
            to_merge=HouseholdMatch.objects.managed_by(user).filter(first=household).first(),
            children=household.children.all(),
            referrals=referrals,
            contracts=AvipContract.objects.visible_to(user)
            .filter(household=household)
            .select_related("provider"),
            search=f"{reverse('families:search')}?famille={household.pk}",
            today=timezone.localdate(),
            **kwargs,
        )


def flags_of(household):
    """[(information, yes or no, who attested it last and when)]; attestations are prefetched."""
    latest = {}
    for attestation in household.attestations.all():
        latest.setdefault(attestation.flag, attestation)
    return [
        (label, getattr(household, flag), latest.get(flag))
        for flag, label in FlagAttestation.Flag.choices
    ]


class HouseholdCreate(CreateView):
    model = Household
    form_class = HouseholdForm
    template_name = "families/household_form.html"

    def dispatch(self, request, *args, **kwargs):
        """Only an employment partner opens a family's file."""
        if not request.user.reach.agencies:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"on": timezone.localdate()}

    def form_valid(self, form):
        if is_hijacked(self.request.user):
            raise PermissionDenied
        household = form.record(by=self.request.user)
        messages.success(self.request, "La famille est enregistrée. Cherchez-lui une place.")
        return redirect(household)


class HouseholdUpdate(RefusableForm, VisibleObjectsMixin, UpdateView):
    model = Household
    form_class = HouseholdForm
    template_name = "families/household_form.html"
    done = "C’est enregistré."

    def get_object(self, queryset=None):
        household = super().get_object(queryset)
        log_reading(self.request, household)
        return household

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"on": timezone.localdate()}

    def take(self, form, who):
        form.record(by=who["by"])
