"""Another référent emploi in mid-contract: proposed, read, signed alone or refused."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.generic import FormView
from django.views.generic.detail import SingleObjectMixin

from avip.views import RefusableForm, StepPage, TakeStep, VisibleObjectsMixin, log_reading
from families import contract_page
from families.contract_text import sha256_of
from families.forms.referents import AcceptReferentForm, ReferentForm
from families.models import AvipContract, ReferentChange
from families.views.signing import password_again
from families.workflow import referents


class ReferentPropose(StepPage):
    """The present adviser, who gives care, or the Caf of a closed agency asks another one."""

    model = AvipContract
    context_object_name = "contract"
    form_class = ReferentForm
    template_name = "families/referent_propose.html"
    done = "La proposition part. L’agence actuelle suit la famille jusqu’à la réponse."

    def is_allowed(self):
        return referents.proposes(self.request.user, self.object, timezone.localdate())

    def why_not(self, on):
        return referents.reasons_of_contract(self.object)

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"contract": self.object}

    def get_context_data(self, **kwargs):
        title = contract_page.title_for(self.object, self.request.user)
        return super().get_context_data(title=title, **kwargs)

    def take(self, form, who):
        referents.propose_change(self.object, **who, **form.cleaned_data)


@method_decorator(password_again, name="dispatch")
class ReferentRead(RefusableForm, VisibleObjectsMixin, SingleObjectMixin, FormView):
    """The short text, read by the agency that is asked; signed with the password given again."""

    model = ReferentChange
    form_class = AcceptReferentForm
    template_name = "families/referent_change.html"
    done = "Vous êtes le référent emploi de cette famille\xa0: chacun est prévenu."

    def dispatch(self, request, *args, **kwargs):
        self.object = self.get_object()
        if not referents.new_agency(request.user, self.object):
            raise PermissionDenied
        if self.object.status != ReferentChange.Status.PROPOSED:
            state = self.object.get_status_display()
            messages.info(request, f"Cette proposition n’attend plus de réponse\xa0: {state}.")
            accepted = self.object.status == ReferentChange.Status.ACCEPTED
            return redirect(self.object if accepted else "families:contract_list")
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs):
        log_reading(self.request, self.object)
        return super().get_context_data(
            change=self.object, paragraphs=self.text.split("\n\n"), **kwargs
        )

    @property
    def text(self):
        return referents.frozen_text(self.object)

    def get_initial(self):
        return {"text_sha256": sha256_of(self.text)}

    def take(self, form, who):
        digest = form.cleaned_data["text_sha256"]
        referents.accept_change(self.object, text_sha256=digest, **who)
        return self.object.contract


class ReferentStep(TakeStep):
    """Refused by the agency that is asked, or taken back by who asked."""

    model = ReferentChange
    verbs = {"decline": referents.decline_change, "cancel": referents.cancel_change}

    def post(self, request, *args, **kwargs):
        answer = super().post(request, *args, **kwargs)
        if answer.status_code == 302 and kwargs["step"] == "decline":
            return redirect("families:contract_list")
        return answer
