"""What the Caf does with a dossier: attach, take in hand, ask, propose, decide."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.generic import View
from django.views.generic.detail import SingleObjectMixin

from avip.views import StepPage, TakeStep, VisibleObjectsMixin, refusal_said
from labels import workflow
from labels.checks import advisory_checks
from labels.clock import decision_clock
from labels.forms.decisions import DecisionForm
from labels.forms.review import (
    CorrectionForm,
    OptionalReasonsForm,
    ReadyForm,
    ReasonsForm,
    ReassignForm,
)
from labels.forms.talk import MessageForm
from labels.models import FieldComment, LabelApplication, LabelRequest
from labels.permissions import decides, has_reviewed, possible_reviewers, reviews
from labels.reading import place_in_words, placed, read_dossier
from labels.requests import attach_person, turn_down
from labels.rules import rules_for
from labels.talk import contacts_of, may_talk, thread_of
from labels.territory import surroundings
from labels.workflow import APPLICATION, open_confirmation
from labels.workflow.comments import DISCUSSED

# The acts with a page of their own, offered at the head of the dossier.
PAGES = {
    "ask_correction": ("Demander une correction", "labels:application_correction"),
    "reassign": ("Confier à un collègue", "labels:application_reassign"),
}


def review_context(application, user, on):
    """What the review page shows: each answer beside its criterion, and all that surrounds it."""
    waiting = application.status == LabelApplication.Status.TO_CONFIRM
    rules = rules_for(application.caf, on)
    findings = advisory_checks(application, rules)
    comments = list(application.field_comments.select_related("author"))
    corrections = list(application.corrections.select_related("asked_by"))
    may_review = reviews(user, application)
    return {
        "rubrics": read_dossier(application, rules=rules, findings=findings, comments=comments),
        "checks": findings,
        "to_look_at": [finding for finding in findings if not finding.ok],
        "open_comments": [comment for comment in comments if comment.status != "closed"],
        "may_comment": may_review and application.status in DISCUSSED,
        "may_settle": may_review and application.is_open,
        "corrections": corrections,
        "clock": decision_clock(application, corrections, rules, on),
        "actions": _actions(application, user) if may_review else [],
        "may_resume": may_review and application.status == LabelApplication.Status.READY,
        "confirmation": open_confirmation(application) if waiting else None,
        "territory": surroundings(application.provider, on),
        **contacts_of(application.provider, user),
        **thread_context(application, user),
    }


def _actions(application, user):
    acts = [
        {"label": label, "url": reverse(page, args=[application.pk])}
        for name, (label, page) in PAGES.items()
        if application.status in APPLICATION.steps[name].sources
    ]
    summary = reverse("labels:application_summary", args=[application.pk])
    return [*acts, {"label": "Résumé (PDF)", "url": summary, "download": True}]


def applicant_context(application, user, on):
    """What the crèche reads of the review: the remarks sent to it, the clock, the thread."""
    sent = FieldComment.objects.visible_to(user).filter(application=application)
    comments = placed(sent.select_related("author"))
    rules = rules_for(application.caf, on)
    return {
        "rubrics": read_dossier(application, comments=comments),
        "remarks_left": [comment for comment in comments if comment.status == "open"],
        "clock": decision_clock(application, application.corrections.all(), rules, on),
        **thread_context(application, user),
    }


def thread_context(application, user):
    """The messages of a dossier, and the form to write one while it is open."""
    talks = may_talk(user, application)
    return {
        "thread": thread_of(application) if application.submitted_at else [],
        "message_form": MessageForm() if talks else None,
    }


class ApplicationStep(TakeStep):
    """The steps of the Caf that need no words."""

    model = LabelApplication
    verbs = {
        "attach": workflow.attach,
        "start_review": workflow.start_review,
        "resume_review": workflow.resume_review,
        "take_over": workflow.take_over,
        "recall_decision": workflow.recall_decision,
        "resend_confirmation": workflow.resend_confirmation,
    }


class ApplicationPage(StepPage):
    """A step of a dossier that asks for words."""

    model = LabelApplication
    template_name = "labels/application_step.html"
    context_object_name = "application"
    workflow = APPLICATION

    def get_queryset(self):
        return super().get_queryset().select_related("provider__facility", "caf")


class AskCorrection(ApplicationPage):
    step = "ask_correction"
    form_class = CorrectionForm
    title = "Demander une correction"
    lead = (
        "La crèche reçoit ce message par courriel, avec vos remarques, et peut de nouveau "
        "modifier son dossier. Aucune décision n’est possible avant sa réponse\xa0; le délai de "
        "décision s’arrête."
    )
    submit = "Envoyer la demande"

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "on": timezone.localdate()}

    def get_context_data(self, **kwargs):
        waiting = self.object.field_comments.filter(status="open")
        remarks = [(place_in_words(row.section, row.field), row.text) for row in waiting]
        return super().get_context_data(remarks=remarks, **kwargs)

    def take(self, form, who):
        workflow.ask_correction(self.object, **who, **form.cleaned_data)


class Reassign(ApplicationPage):
    step = "reassign"
    form_class = ReassignForm
    title = "Confier à un collègue"
    lead = "Cette personne instruit le dossier à partir de maintenant\xa0; un courriel la prévient."
    submit = "Confier le dossier"

    def get_form_kwargs(self):
        people = possible_reviewers(self.object, timezone.localdate())
        others = people.exclude(pk=self.object.reviewer_id)
        return {**super().get_form_kwargs(), "people": others}

    def take(self, form, who):
        workflow.reassign(self.object, **who, **form.cleaned_data)


class DeclareReady(ApplicationPage):
    step = "declare_ready"
    form_class = ReadyForm
    title = "Proposer au comité"
    lead = "Une autre personne que vous saisira la décision du comité."
    submit = "Proposer au comité"

    def take(self, form, who):
        workflow.declare_ready(self.object, **who, **form.cleaned_data)


class RecordDecision(ApplicationPage):
    """By a member who did not review, or by the only agent, with a second person to confirm."""

    form_class = DecisionForm
    states = (LabelApplication.Status.READY,)
    title = "Saisir la décision du comité"
    submit = "Enregistrer la décision"

    def is_allowed(self):
        return reviews(self.request.user, self.object)

    @property
    def is_alone(self):
        return has_reviewed(self.request.user, self.object)

    def why_not(self, on):
        reasons = super().why_not(on)
        if reasons or decides(self.request.user, self.object):
            return reasons
        return APPLICATION.steps["ask_confirmation"].requires(self.object, on)

    def get_form_kwargs(self):
        return {
            **super().get_form_kwargs(),
            "alone": self.is_alone,
            "on": timezone.localdate(),
            "own_email": self.request.user.email,
        }

    def take(self, form, who):
        data = form.cleaned_data
        workflow.record_decision(
            self.object,
            **who,
            decided_on=data["decided_on"],
            **{name: data[name] for name in form.WORDS},
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


class Withdraw(ApplicationPage):
    step = "withdraw"
    form_class = OptionalReasonsForm
    title = "Retirer la demande"
    lead = "La Caf arrête de l’étudier. Vous pourrez en ouvrir une autre plus tard."
    submit = "Retirer la demande"

    def take(self, form, who):
        workflow.withdraw(self.object, **who, **form.cleaned_data)


class Dismiss(ApplicationPage):
    step = "dismiss"
    form_class = ReasonsForm
    title = "Écarter cette demande"
    lead = "Le brouillon est fermé et la personne n’est pas rattachée à la crèche."
    submit = "Écarter la demande"

    def take(self, form, who):
        workflow.dismiss(self.object, **who, **form.cleaned_data)


class AnswerRequest(VisibleObjectsMixin, SingleObjectMixin, View):
    """A person says she works in a crèche already registered: attach her, or not."""

    http_method_names = ["post"]
    model = LabelRequest

    def post(self, request, *args, **kwargs):
        label_request = self.get_object()
        with refusal_said(request):
            if kwargs["answer"] == "rattacher":
                attach_person(label_request, by=request.user, on=timezone.localdate())
                messages.success(request, f"{label_request.user} a maintenant accès à sa crèche.")
            elif kwargs["answer"] == "ecarter":
                turn_down(label_request, by=request.user)
            else:
                raise Http404
        return redirect("labels:application_list")
