"""The life of a label: its letters, and the steps the Caf or the crèche takes."""

from django.contrib import messages
from django.shortcuts import redirect
from django.utils import timezone
from django.views.generic import View
from django.views.generic.detail import SingleObjectMixin

from avip.views import StepPage, TakeStep, VisibleObjectsMixin, serve_document
from labels import workflow
from labels.forms.life import (
    LeavingForm,
    LetterForm,
    LiftReservationsForm,
    NoticeForm,
    OptionalLetterForm,
    ReplyForm,
    WithdrawalForm,
)
from labels.models import Label, Letter
from labels.permissions import other_withdrawers
from labels.rules import rules_for
from labels.workflow import LABEL
from labels.workflow.life import decides_alone


class LabelStep(TakeStep):
    """The step of the crèche that needs no words."""

    model = Label
    verbs = {"cancel_leaving": workflow.cancel_leaving}


class LabelPage(StepPage):
    """A step of a label that asks for words."""

    model = Label
    template_name = "labels/label_step.html"
    context_object_name = "label"
    workflow = LABEL
    verb = None  # the function of labels.workflow that takes the step
    dated = False  # whether the form proposes a day
    running_contracts = False  # whether the page says what becomes of the signed contracts

    def get_queryset(self):
        return super().get_queryset().select_related("provider__facility", "caf")

    def get_form_kwargs(self):
        more = {"on": timezone.localdate()} if self.dated else {}
        return super().get_form_kwargs() | more

    def take(self, form, who):
        self.verb(self.object, **who, **form.cleaned_data)

    def get_context_data(self, **kwargs):
        return super().get_context_data(running_contracts=self.running_contracts, **kwargs)


class Suspend(LabelPage):
    step, verb = "suspend", staticmethod(workflow.suspend)
    form_class = LetterForm
    title = submit = "Suspendre le label"
    lead = (
        "La crèche reçoit un courrier avec vos motifs. Jusqu’à la levée, elle n’accueille plus de "
        "nouvelle famille au titre du label."
    )
    running_contracts = True


class Lift(LabelPage):
    step, verb = "lift", staticmethod(workflow.lift)
    form_class = OptionalLetterForm
    title = submit = "Lever la suspension"
    lead = "Le label compte de nouveau à partir d’aujourd’hui. La crèche reçoit un courrier."


class GiveNotice(LabelPage):
    step, verb = "give_notice", staticmethod(workflow.give_notice)
    form_class = NoticeForm
    title = "Mettre en demeure"
    submit = "Envoyer la mise en demeure"
    dated = True

    @property
    def lead(self):
        said = (
            "C’est le premier pas avant un retrait. La crèche reçoit un courrier, et peut répondre "
            "jusqu’à la date que vous fixez. Son label continue d’ici là."
        )
        if self.object.status == Label.Status.SUSPENDED:
            said += " La mise en demeure remplace la suspension en cours."
        return said


class ReplyToNotice(LabelPage):
    step, verb = "reply_to_notice", staticmethod(workflow.reply_to_notice)
    form_class = ReplyForm
    title = "Répondre à la mise en demeure"
    submit = "Envoyer la réponse"
    lead = "La Caf la lit avant de décider. Vous pourrez la compléter jusqu’à sa décision."


class CloseNotice(LabelPage):
    step, verb = "close_notice", staticmethod(workflow.close_notice)
    form_class = OptionalLetterForm
    title = submit = "Clore la mise en demeure"
    lead = "Le label continue comme avant. La crèche reçoit un courrier."


class Withdraw(LabelPage):
    """By somebody else than who gave notice; alone in her Caf, she names the committee."""

    step, verb = "withdraw", staticmethod(workflow.withdraw_label)
    form_class = WithdrawalForm
    title = submit = "Retirer le label"
    running_contracts = True

    def why_not(self, on):
        if reasons := super().why_not(on):
            return reasons
        return [self.alone] if self.alone and self.others_decide else []

    @property
    def alone(self):
        return decides_alone(self.object, self.request.user, timezone.localdate())

    @property
    def others_decide(self):
        on = timezone.localdate()
        return other_withdrawers(self.object, self.request.user, on).exists()

    @property
    def lead(self):
        return self.alone or (
            "C’est une décision motivée, prise après la mise en demeure. Vous ne pourrez pas "
            "revenir dessus\xa0: la crèche devrait demander un nouveau label."
        )

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"alone": bool(self.alone)}

    def get_context_data(self, **kwargs):
        delay = rules_for(self.object.caf, timezone.localdate()).entry("appeal_delay_months")
        return super().get_context_data(appeal=delay, **kwargs)


class Relinquish(LabelPage):
    step, verb = "relinquish", staticmethod(workflow.relinquish)
    form_class = LeavingForm
    title = submit = "Rendre le label"
    lead = (
        "La Caf est prévenue. À partir du jour choisi, la crèche n’accueille plus de nouvelle "
        "famille au titre du label. Si ce jour est à venir, vous pouvez changer d’avis d’ici là."
    )
    dated = running_contracts = True


class LiftReservations(LabelPage):
    step, verb = "lift_reservations", staticmethod(workflow.lift_reservations)
    form_class = LiftReservationsForm
    title = submit = "Lever les réserves"
    lead = "La crèche est prévenue par courriel."
    dated = True


class DownloadLetter(VisibleObjectsMixin, SingleObjectMixin, View):
    """A letter as a download; the worker makes it within minutes of the act."""

    model = Letter

    def get_queryset(self):
        return super().get_queryset().select_related("document", "label", "application")

    def get(self, request, *args, **kwargs):
        letter = self.get_object()
        if letter.document_id is None:
            messages.info(
                request, "Le courrier est en préparation\xa0: revenez dans quelques minutes."
            )
            return redirect(letter.label or letter.application)
        return serve_document(letter.document)
