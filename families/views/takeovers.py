"""A paper contract that runs is taken over in one screen."""

import uuid

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.shortcuts import get_object_or_404
from django.views.generic import FormView

from avip.views import RefusableForm, log_reading
from families.forms.takeovers import TakeoverForm
from families.models import Household
from families.views.contracts import takes_over
from families.workflow.takeovers import Paper, open_family, take_over
from partners.permissions import is_hijacked


class ContractTakeover(RefusableForm, FormView):
    """`?famille=` takes one that the agency knows; without it the least of a new one is typed."""

    form_class = TakeoverForm
    template_name = "families/contract_takeover.html"
    done = (
        "Le contrat papier est repris\xa0: il est compté à partir d’aujourd’hui. "
        "L’autre partie est prévenue pour le vérifier."
    )

    def dispatch(self, request, *args, **kwargs):
        if not takes_over(request.user):
            raise PermissionDenied
        self.household = None
        if known := request.GET.get("famille"):
            families = Household.objects.visible_to(request.user)
            self.household = get_object_or_404(families, pk=known) if is_uuid(known) else None
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self):
        if self.household:
            log_reading(self.request, self.household)
        return super().get_form_kwargs() | {
            "user": self.request.user,
            "household": self.household,
        }

    def get_context_data(self, **kwargs):
        return super().get_context_data(household=self.household, **kwargs)

    @transaction.atomic
    def take(self, form, who):
        if is_hijacked(self.request.user):
            raise PermissionDenied
        data = form.cleaned_data
        household = self.household
        if household is None:
            household = open_family(data["agency"], **who, **form.family())
        children = data["children"] if self.household else household.children.all()
        paper = Paper(
            data["start_on"],
            data["end_on"],
            data["slots"],
            data["number"],
            form.scan_bytes,
            tuple(data["exceptions"]),
        )
        return take_over(
            household, provider=data["provider"], children=children, paper=paper, **who
        )


def is_uuid(text):
    """Whether the address holds an identifier at all."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
