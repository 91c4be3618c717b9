"""A contract that changes: reminders, adjusted hours, another text, what differs between two."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.utils import timezone
from django.views.generic import DetailView, View
from django.views.generic.detail import SingleObjectMixin

from avip.templatetags.words import and_list
from avip.views import VisibleObjectsMixin, log_reading, refusal_said
from avip.workflow import StepRefused
from families import contract_page
from families.forms.contracts import AdjustForm, ReviseForm
from families.models import AvipContract
from families.version_diff import changes_between, former_version
from families.views.contracts import ContractFormView, for_parties
from families.workflow.adjustments import (
    BeyondEnvelope,
    adjust,
    cancel_adjustment,
    version_in_force,
)
from families.workflow.reminders import remind
from families.workflow.revisions import reasons_of_revision, revise


class ContractRemind(VisibleObjectsMixin, SingleObjectMixin, View):
    """« Relancer »: whoever has not signed is written to again."""

    model = AvipContract
    http_method_names = ["post"]

    def post(self, request, *args, **kwargs):
        contract = for_parties(request.user, self.get_object())
        with refusal_said(request):
            written = remind(contract, by=request.user, on=timezone.localdate())
            names = and_list(signatory.name for signatory in written)
            messages.success(request, f"Un message part à {names}.")
        return redirect(contract)


class ContractRevise(ContractFormView):
    """Another text: the signatures of a text not in force are void, and it is said before."""

    model = AvipContract
    form_class = ReviseForm
    template_name = "families/contract_revise.html"

    def reasons_to_go_back(self):
        return reasons_of_revision(self.object)

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {
            "contract": self.object,
            "on": timezone.localdate(),
        }

    def get_context_data(self, **kwargs):
        version = self.object.version
        waits = version.status == version.Status.TO_SIGN
        return super().get_context_data(
            contract=self.object,
            version=version,
            family=contract_page.family_name(self.object),
            void=version.signatures_count if waits else 0,
            runs=self.object.status == AvipContract.Status.ACTIVE,
            **kwargs,
        )

    def take(self, form, who):
        revise(self.object, **who, **form.terms())


class ContractAdjust(ContractFormView):
    """Other hours inside what all signed."""

    model = AvipContract
    form_class = AdjustForm
    template_name = "families/contract_adjust.html"
    done = "L’ajustement est enregistré\xa0: les autres parties et la famille sont prévenues."
    is_beyond = False

    def reasons_to_go_back(self):
        try:
            self.version = version_in_force(self.object)
        except StepRefused as refusal:
            return refusal.reasons
        return []

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {
            "contract": self.object,
            "version": self.version,
            "on": timezone.localdate(),
        }

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            contract=self.object,
            version=self.version,
            family=contract_page.family_name(self.object),
            is_beyond=self.is_beyond,
            **kwargs,
        )

    def take(self, form, who):
        adjust(self.object, **who, **form.terms())

    def refused(self, form, refusal):
        self.is_beyond = isinstance(refusal, BeyondEnvelope)
        return super().refused(form, refusal)


class AdjustmentCancel(VisibleObjectsMixin, SingleObjectMixin, View):
    """Back to the hours that all signed."""

    model = AvipContract
    http_method_names = ["post"]

    def post(self, request, *args, **kwargs):
        contract = for_parties(request.user, self.get_object())
        adjustment = contract.adjustments.filter(pk=kwargs["adjustment"]).first()
        if adjustment is None:
            raise Http404
        with refusal_said(request):
            cancel_adjustment(adjustment, by=request.user, on=timezone.localdate())
            messages.success(request, "Les horaires signés s’appliquent de nouveau.")
        return redirect(contract)


class VersionDiff(VisibleObjectsMixin, DetailView):
    """What changed from one text to the next, in words."""

    model = AvipContract
    template_name = "families/version_diff.html"
    context_object_name = "contract"

    def get_context_data(self, **kwargs):
        contract = for_parties(self.request.user, self.object)
        log_reading(self.request, contract)
        version = contract.versions.filter(number=self.kwargs["number"]).first()
        if version is None:
            raise Http404
        version.contract = contract
        former = former_version(version)
        return super().get_context_data(
            title=contract_page.title_for(contract, self.request.user),
            version=version,
            former=former,
            changes=changes_between(former, version) if former else [],
            **kwargs,
        )
