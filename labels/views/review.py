"""What the Caf does with a dossier: attach, take in hand, ask, propose, decide."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import FormView, View
from django.views.generic.detail import SingleObjectMixin

from avip.views import TakeStep, VisibleObjectsMixin
from avip.workflow import StepRefused
from labels import workflow
from labels.checks import advisory_checks
from labels.forms.review import (
    CorrectionForm,
    DecisionForm,
    OptionalReasonsForm,
    ReadyForm,
    ReasonsForm,
)
from labels.models import LabelApplication, LabelRequest
from labels.permissions import decides, has_reviewed, reviews
from labels.requests import attach_person, turn_down
from labels.rules import rules_for
from labels.workflow import APPLICATION, open_confirmation


def review_context(application, user, on):
    """What the review page shows beside the answers."""
    waiting = application.status == LabelApplication.Status.TO_CONFIRM
    step = APPLICATION.steps["ask_correction"]
    may_ask = application.status in step.sources and step.allowed(user, application)
    ask = {
        "label": AskCorrection.title,
        "url": reverse("labels:application_correction", args=[application.pk]),
    }
    return {
        "checks": advisory_checks(application, rules_for(application.caf, on)),
        "corrections": application.corrections.select_related("asked_by"),
        "actions": [ask] if may_ask else [],
        "confirmation": open_confirmation(application) if waiting else None,
    }


class ApplicationStep(TakeStep):
    """The steps of the Caf that need no words."""

    model = LabelApplication
    verbs = {
        "attach": workflow.attach,
        "start_review": workflow.start_review,
        "recall_decision": workflow.recall_decision,
        "resend_confirmation": workflow.resend_confirmation,
    }


class StepWithWords(VisibleObjectsMixin, SingleObjectMixin, FormView):
    """A step that asks for words: its form, then back to the dossier."""

    model = LabelApplication
    template_name = "labels/application_step.html"
    context_object_name = "application"
    step = ""  # its name in the workflow
    title = lead = submit = ""

    def dispatch(self, request, *args, **kwargs):
        self.object = self.get_object()
        if not self.is_allowed():
            raise PermissionDenied
        if self.object.status not in self.sources():
            state = self.object.get_status_display()
            messages.error(request, f"«\xa0{self.title}\xa0» n’est plus possible\xa0: {state}.")
            return redirect(self.object)
        return super().dispatch(request, *args, **kwargs)

    def get_queryset(self):
        return super().get_queryset().select_related("provider__facility", "caf")

    def is_allowed(self):
        return APPLICATION.steps[self.step].allowed(self.request.user, self.object)

    def sources(self):
        return APPLICATION.steps[self.step].sources

    def take(self, form, on):
        """Take the step with what the form holds."""
        raise NotImplementedError

    def form_valid(self, form):
        try:
            self.take(form, timezone.localdate())
        except StepRefused as refusal:
            for reason in refusal.reasons:
                form.add_error(None, reason)
            return self.form_invalid(form)
        return redirect(self.object)

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            title=self.title, lead=self.lead, submit=self.submit, **kwargs
        )


class AskCorrection(StepWithWords):
    step = "ask_correction"
    form_class = CorrectionForm
    title = "Demander une correction"
    lead = (
        "La crèche reçoit ce message par courriel et peut de nouveau modifier son dossier. "
        "Aucune décision n’est possible avant sa réponse."
    )
    submit = "Envoyer la demande"

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "on": timezone.localdate()}

    def take(self, form, on):
        workflow.ask_correction(self.object, by=self.request.user, on=on, **form.cleaned_data)


class DeclareReady(StepWithWords):
    step = "declare_ready"
    form_class = ReadyForm
    title = "Proposer au comité"
    lead = "Une autre personne que vous saisira la décision du comité."
    submit = "Proposer au comité"

    def take(self, form, on):
        workflow.declare_ready(self.object, by=self.request.user, on=on, **form.cleaned_data)


class RecordDecision(StepWithWords):
    """By a member who did not review, or by the only agent, with a second person to confirm."""

    form_class = DecisionForm
    title = "Saisir la décision du comité"
    submit = "Enregistrer la décision"

    def is_allowed(self):
        return reviews(self.request.user, self.object)

    def sources(self):
        return (LabelApplication.Status.READY,)

    @property
    def is_alone(self):
        return has_reviewed(self.request.user, self.object)

    def get(self, request, *args, **kwargs):
        on = timezone.localdate()
        if not decides(request.user, self.object) and (
            reasons := APPLICATION.steps["ask_confirmation"].requires(self.object, on)
        ):
            messages.error(request, reasons[0])
            return redirect(self.object)
        return super().get(request, *args, **kwargs)

    def get_form_kwargs(self):
        return {
            **super().get_form_kwargs(),
            "alone": self.is_alone,
            "on": timezone.localdate(),
            "own_email": self.request.user.email,
        }

    def take(self, form, on):
        data = form.cleaned_data
        workflow.record_decision(
            self.object,
            by=self.request.user,
            on=on,
            decision=data["decision"],
            reasons=data["reasons"],
            decided_on=data["decided_on"],
            confirmer=form.confirmer,
        )

    def get_context_data(self, **kwargs):
        if self.is_alone:
            self.lead = (
                "Personne d’autre dans votre Caf ne peut saisir cette décision\xa0: un membre "
                "du comité la confirme par un lien. La crèche ne reçoit rien avant."
            )
        else:
            self.lead = "La crèche reçoit la décision aussitôt. Elle ne peut plus être modifiée."
        return super().get_context_data(shows_proposal=True, **kwargs)


class Withdraw(StepWithWords):
    step = "withdraw"
    form_class = OptionalReasonsForm
    title = "Retirer la demande"
    lead = "La Caf arrête de l’étudier. Vous pourrez en ouvrir une autre plus tard."
    submit = "Retirer la demande"

    def take(self, form, on):
        workflow.withdraw(self.object, by=self.request.user, on=on, **form.cleaned_data)


class Dismiss(StepWithWords):
    step = "dismiss"
    form_class = ReasonsForm
    title = "Écarter cette demande"
    lead = "Le brouillon est fermé et la personne n’est pas rattachée à la crèche."
    submit = "Écarter la demande"

    def take(self, form, on):
        workflow.dismiss(self.object, by=self.request.user, on=on, **form.cleaned_data)


class AnswerRequest(VisibleObjectsMixin, SingleObjectMixin, View):
    """A person says she works in a crèche already registered: attach her, or not."""

    http_method_names = ["post"]
    model = LabelRequest

    def post(self, request, *args, **kwargs):
        label_request = self.get_object()
        try:
            if kwargs["answer"] == "rattacher":
                attach_person(label_request, by=request.user, on=timezone.localdate())
                messages.success(request, f"{label_request.user} a maintenant accès à sa crèche.")
            elif kwargs["answer"] == "ecarter":
                turn_down(label_request, by=request.user)
            else:
                raise Http404
        except StepRefused as refusal:
            messages.error(request, refusal.reasons[0])
        return redirect("labels:application_list")
