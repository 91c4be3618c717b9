"""The dates of a commission, kept by the crèche or its operator."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.generic import FormView, View
from django.views.generic.detail import SingleObjectMixin

from avip.templatetags.words import fr_date
from avip.views import VisibleObjectsMixin
from families.commissions import has_commission
from families.forms.commissions import CommissionForm
from families.models import Referral
from partners.models import Provider
from partners.permissions import is_hijacked, runs_provider


class CommissionMixin(VisibleObjectsMixin, SingleObjectMixin):
    """The crèche one runs; the others see its dates from the search."""

    model = Provider

    def get_queryset(self):
        return super().get_queryset().select_related("facility", "childminder")

    def get_object(self, queryset=None):
        provider = super().get_object(queryset)
        if not runs_provider(self.request.user, provider) or is_hijacked(self.request.user):
            raise PermissionDenied
        return provider


class Commissions(CommissionMixin, FormView):
    form_class = CommissionForm
    template_name = "families/commissions.html"

    def dispatch(self, request, *args, **kwargs):
        self.object = self.get_object()
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"provider": self.object, "on": timezone.localdate()}

    def get_context_data(self, **kwargs):
        today = timezone.localdate()
        return super().get_context_data(
            provider=self.object,
            has_commission=has_commission(self.object),
            dates=self.object.commissions.filter(held_on__gte=today),
            **kwargs,
        )

    def form_valid(self, form):
        if not has_commission(self.object):
            raise PermissionDenied
        try:
            with transaction.atomic():
                form.save()
        except IntegrityError:  # pressed twice: the other press was first
            form.add_error("held_on", "Cette date est déjà notée.")
            return self.form_invalid(form)
        messages.success(self.request, "C’est noté\xa0: les conseillers voient cette date.")
        return redirect("families:commissions", self.object.pk)


class CommissionRemove(CommissionMixin, View):
    """A date that will not be held; the families presented to it keep it from going."""

    http_method_names = ["post"]

    def post(self, request, *args, **kwargs):
        provider = self.get_object()
        commission = get_object_or_404(provider.commissions, pk=kwargs["commission"])
        presented = Referral.objects.visible_to(request.user).filter(
            provider=provider,
            status=Referral.Status.SHORTLISTED,
            commission_on=commission.held_on,
        )
        if presented.exists():
            messages.error(
                request,
                "Des familles sont présentées à la commission du "
                f"{fr_date(commission.held_on)}\xa0: répondez-leur ou présentez-les "
                "à une autre date, puis retirez celle-ci.",
            )
        else:
            commission.delete()
            messages.success(request, "Cette date est retirée.")
        return redirect("families:commissions", provider.pk)
