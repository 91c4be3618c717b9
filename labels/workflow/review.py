"""The review: a dossier in hand, handed to a colleague, corrected, ready for the committee."""

from django.db import transaction

from avip.workflow import StepRefused, lock, moment
from labels import notifications
from labels.models import Correction, FieldComment
from labels.permissions import possible_reviewers
from labels.workflow.applications import APPLICATION
from labels.workflow.committees import release_from_agenda


def start_review(application, *, by, on, at=None):
    """An agent takes the dossier in hand."""
    with APPLICATION.take("start_review", application, by=by, on=on, at=at):
        application.reviewer = by


def resume_review(application, *, by, on, at=None):
    """The dossier was ready; the reviewer takes it up again before any agenda."""
    with APPLICATION.take("resume_review", application, by=by, on=on, at=at):
        pass


@transaction.atomic
def reassign(application, *, by, on, reviewer, at=None):
    """Give the dossier to a colleague of the same Caf, or take over from one.

    Whoever takes over reviews it from then on, even handed on again: she does not decide alone.
    Raises StepRefused when this person does not work there that day, or has it already.
    """
    lock(application)
    former = application.reviewer
    if former == reviewer:
        raise StepRefused(f"{reviewer} instruit déjà ce dossier.")
    if not possible_reviewers(application, on).filter(pk=reviewer.pk).exists():
        raise StepRefused(f"{reviewer} ne travaille pas pour cette Caf aujourd’hui.")
    comment = f"de {former} à {reviewer}" if former else f"à {reviewer}"
    step = "take_over" if reviewer == by else "reassign"
    with APPLICATION.take(step, application, by=by, on=on, at=at, comment=comment):
        application.reviewer = reviewer
        if reviewer != by:
            key = f"{application.pk}:{application.revision}"
            notifications.tell("labels.reassigned", application, [reviewer], key=key, at=at)


def take_over(application, *, by, on, at=None):
    """« Prendre la suite » of a colleague."""
    reassign(application, by=by, on=on, reviewer=by, at=at)


def ask_correction(
    application, *, by, on, message, due_on, reason=Correction.Reason.OTHER, at=None
):
    """Give the dossier back to the crèche, with what to correct and by when.

    The remarks written on its answers leave with it; a dossier on an agenda comes off it.
    """
    if due_on <= on:
        raise StepRefused("Laissez à la crèche au moins jusqu’à demain pour corriger.")
    with APPLICATION.take("ask_correction", application, by=by, on=on, at=at, comment=message):
        release_from_agenda(application, "Retiré\xa0: une correction est demandée.", at)
        correction = Correction.objects.create(
            application=application,
            reason=reason,
            message=message,
            asked_by=by,
            asked_at=moment(at),
            due_on=due_on,
        )
        remarks = application.field_comments.filter(status=FieldComment.Status.OPEN, sent_at=None)
        remarks.update(sent_at=moment(at))
        notifications.tell_facility(
            "labels.correction", application, on=on, key=correction.pk, at=at
        )


def resubmit(application, *, by, on, at=None):
    """The crèche has corrected: the review goes on."""
    with APPLICATION.take("resubmit", application, by=by, on=on, at=at):
        correction = application.corrections.get(resolved_at=None)
        correction.resolved_at = moment(at)
        correction.save(update_fields=["resolved_at"])
        notifications.tell_reviewer(
            "labels.corrected", application, on=on, key=correction.pk, at=at
        )


def declare_ready(application, *, by, on, proposal, reasons, at=None):
    """The reviewer proposes a decision to the committee, with her reasons."""
    with APPLICATION.take("declare_ready", application, by=by, on=on, at=at, comment=reasons):
        application.reviewer = by
        application.proposal = proposal
        application.proposal_reasons = reasons
        # A dossier sent back to the committee is announced again: the key follows its revision.
        notifications.tell_deciders(
            "labels.ready",
            application,
            on=on,
            key=f"{application.pk}:{application.revision}",
            at=at,
        )


def withdraw(application, *, by, on, reasons="", at=None):
    """The crèche gives up its request, until the decision is taken."""
    with APPLICATION.take("withdraw", application, by=by, on=on, at=at, comment=reasons):
        release_from_agenda(application, "Demande retirée par la crèche.", at)
        application.corrections.filter(resolved_at=None).update(resolved_at=moment(at))
        application.confirmations.close(moment(at))
        if application.reviewer:
            notifications.tell(
                "labels.withdrawn", application, [application.reviewer], key=application.pk, at=at
            )
