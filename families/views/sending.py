"""The same request sent to several providers in one go, as the family chose them."""

import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import FormView

from avip.jobs import SCHEDULES
from avip.templatetags.words import count_of
from avip.workflow import StepRefused
from families.forms.sending import SendManyForm, common_hours
from families.models import Household
from families.workflow.referrals import send
from labels.models.labels import labelled_providers
from partners.calendars import calendar_of
from partners.models import Provider
from partners.permissions import is_adviser


class ReferralSendMany(FormView):
    """`a` names each provider ticked in the search."""

    form_class = SendManyForm
    template_name = "families/referral_send_many.html"

    def dispatch(self, request, *args, **kwargs):
        self.household = get_object_or_404(
            Household.objects.visible_to(request.user)
            .select_related("agency", "commune", "caf")
            .prefetch_related("parents"),
            pk=kwargs["pk"],
        )
        if not is_adviser(request.user, self.household):
            raise PermissionDenied
        self.providers = self._chosen(request)
        if not self.providers:
            messages.error(request, f"Cochez une place, {self._most()} au plus, puis envoyez.")
            return redirect(f"{reverse('families:search')}?famille={self.household.pk}")
        return super().dispatch(request, *args, **kwargs)

    def _chosen(self, request):
        """Read once: the form asks whether its choices are among them several times."""
        today = timezone.localdate()
        return (
            Provider.objects.visible_to(request.user)
            .filter(pk__in=_uuids(request.GET.getlist("a")))
            .filter(pk__in=labelled_providers(today))
            .select_related("commune", "caf", "facility", "childminder")
            .prefetch_related("opening_hours", "closures")
            .order_by("name", "pk")
        )

    def _most(self):
        return count_of(SCHEDULES["referral_providers_at_once"], "place")

    def get_initial(self):
        return {"from_on": self.request.GET.get("from_on")}

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {
            "household": self.household,
            "providers": self.providers,
            "calendar": common_hours([calendar_of(provider) for provider in self.providers]),
            "keys": self.request.GET.getlist("half_days"),
            "on": timezone.localdate(),
        }

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            household=self.household,
            parent=next(iter(self.household.parents.all())),
            with_childminder=any(provider.is_childminder for provider in self.providers),
            **kwargs,
        )

    def form_valid(self, form):
        refused = self._send(form.cleaned_data)
        for provider, reasons in refused:
            for reason in reasons:
                form.add_error("providers", f"{provider.public_name}\xa0: {reason}")
        if refused:
            return self.form_invalid(form)
        sent = len(form.cleaned_data["providers"])
        messages.success(
            self.request,
            f"{count_of(sent, 'demande est partie,demandes sont parties')}. "
            "Chaque réponse vous parviendra par courriel.",
        )
        return redirect(self.household)

    def _send(self, data):
        """One request each, all or none; [(provider, reasons)] of those that cannot leave."""
        refused = []
        with transaction.atomic():
            for provider in data["providers"]:
                try:
                    send(
                        self.household,
                        provider=provider,
                        children=data["children"],
                        slots=data["slots"],
                        from_on=data["from_on"],
                        message=data["message"],
                        by=self.request.user,
                        on=timezone.localdate(),
                    )
                except StepRefused as refusal:
                    refused.append((provider, refusal.reasons))
            if refused:
                transaction.set_rollback(True)
        return refused


def _uuids(texts):
    found = []
    for text in texts:
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            continue
    return found
