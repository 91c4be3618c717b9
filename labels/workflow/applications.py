"""From the draft to the decision: the steps of an application, and what each one does."""

from avip.workflow import Step, Workflow, moment
from labels import notifications
from labels.calls import open_call, why_closed
from labels.checklist import SECTIONS
from labels.checks import application_missing
from labels.models import FieldComment, LabelApplication
from labels.permissions import (
    applies,
    confirms,
    decides,
    is_known_to_caf,
    other_deciders,
    reviews,
)
from labels.workflow.labels import running_label
from partners import invitations

A = LabelApplication.Status


# What each step needs, in sentences.


def _complete_and_attached(application, on):
    reasons = [missing.sentence for missing in application_missing(application, on)]
    if application.kind == LabelApplication.Kind.FIRST:
        reasons += why_closed(application.caf, on)
    reasons += _label_still_amended(application)
    if application.attached_at is None:
        reasons.append(
            "Votre Caf doit d’abord vous rattacher à cette crèche\xa0; elle est prévenue."
        )
    return reasons


def _label_still_amended(application):
    """An amendment changes a label that runs; a renewal may come after the end of its own."""
    label = application.current_label
    if application.kind != LabelApplication.Kind.AMENDMENT or (label and label.is_live):
        return []
    return ["Le label que vous vouliez modifier n’est plus en cours."]


def _corrected(application, on):
    """Complete again, and every remark that was sent marked as corrected."""
    reasons = [missing.sentence for missing in application_missing(application, on)]
    open_remarks = application.field_comments.filter(
        status=FieldComment.Status.OPEN, sent_at__isnull=False
    )
    if sections := set(open_remarks.values_list("section", flat=True)):
        places = ", ".join(title for name, title in SECTIONS.items() if name in sections)
        reasons.append(f"Marquez comme corrigées les remarques de la Caf\xa0: {places}.")
    return reasons


def _waits_to_be_attached(application, on):
    return [] if application.attached_at is None else ["Ce dossier est déjà rattaché."]


def _no_open_correction(application, on):
    if application.corrections.filter(resolved_at=None).exists():
        return ["Une correction est en cours\xa0: la décision attend la réponse de la crèche."]
    return []


def _remarks_closed(application, on):
    reasons = _no_open_correction(application, on)
    if count := application.field_comments.unsettled().count():
        left = "une n’est pas close" if count == 1 else f"{count} ne sont pas closes"
        reasons.append(f"Relisez d’abord vos remarques\xa0: {left}.")
    return reasons


def _no_label_already(application, on):
    """A first label where one runs already would overlap it; what has ended is not amended."""
    reasons = _no_open_correction(application, on) + _label_still_amended(application)
    return reasons + label_in_the_way(application, on)


def label_in_the_way(application, on):
    """Why a first label is not granted that day: the crèche holds one."""
    if application.kind != LabelApplication.Kind.FIRST:
        return []
    held = running_label(application.provider, on)
    return [f"Cette crèche a déjà un label jusqu’au {held.ends_on:%d/%m/%Y}."] if held else []


def nobody_else_decides(application, on):
    """Why the reviewer may not record the decision: somebody else of her Caf can."""
    others = [membership.user for membership in other_deciders(application, on)]
    if not others:
        return _no_open_correction(application, on)
    names = " ou ".join(str(user) for user in others[:3])
    return [f"Vous avez instruit ce dossier\xa0: une autre personne saisit la décision ({names})."]


DECIDABLE = (A.READY, A.ON_AGENDA, A.TO_CONFIRM)

APPLICATION = Workflow(
    attach=Step(
        "Rattacher cette personne à la crèche",
        (A.DRAFT,),
        A.DRAFT,
        allowed=reviews,
        requires=_waits_to_be_attached,
        done="Rattachement confirmé par la Caf",
    ),
    dismiss=Step(
        "Écarter cette demande",
        (A.DRAFT,),
        A.WITHDRAWN,
        allowed=reviews,
        requires=_waits_to_be_attached,
        done="Demande écartée par la Caf",
    ),
    submit=Step(
        "Déposer la demande",
        (A.DRAFT,),
        A.SUBMITTED,
        allowed=applies,
        requires=_complete_and_attached,
        done="Demande déposée",
    ),
    start_review=Step(
        "Prendre en charge",
        (A.SUBMITTED,),
        A.UNDER_REVIEW,
        allowed=reviews,
        done="Instruction commencée",
    ),
    ask_correction=Step(
        "Demander une correction",
        (A.UNDER_REVIEW, A.READY, A.ON_AGENDA),
        A.CORRECTION_REQUESTED,
        allowed=reviews,
        done="Correction demandée",
    ),
    resubmit=Step(
        "Renvoyer la demande corrigée",
        (A.CORRECTION_REQUESTED,),
        A.UNDER_REVIEW,
        allowed=applies,
        requires=_corrected,
        done="Correction reçue",
    ),
    declare_ready=Step(
        "Proposer au comité",
        (A.UNDER_REVIEW,),
        A.READY,
        allowed=reviews,
        requires=_remarks_closed,
        done="Prêt pour le comité",
    ),
    resume_review=Step(
        "Reprendre l’instruction",
        (A.READY,),
        A.UNDER_REVIEW,
        allowed=reviews,
        done="Instruction reprise",
    ),
    reassign=Step(
        "Confier à un collègue",
        (A.SUBMITTED, A.UNDER_REVIEW, A.CORRECTION_REQUESTED, A.READY, A.ON_AGENDA),
        "",
        allowed=reviews,
        done="Dossier confié",
    ),
    take_over=Step(
        "Prendre la suite",
        (A.SUBMITTED, A.UNDER_REVIEW, A.CORRECTION_REQUESTED, A.READY, A.ON_AGENDA),
        "",
        allowed=reviews,
        done="Dossier repris par un collègue",
    ),
    put_on_agenda=Step(
        "Inscrire à l’ordre du jour",
        (A.READY,),
        A.ON_AGENDA,
        allowed=reviews,
        requires=_no_open_correction,
        done="Inscrit à l’ordre du jour du comité",
    ),
    take_off_agenda=Step(
        "Retirer de l’ordre du jour",
        (A.ON_AGENDA,),
        A.READY,
        allowed=reviews,
        done="Retiré de l’ordre du jour",
    ),
    ask_confirmation=Step(
        "Saisir la décision et la faire confirmer",
        (A.READY,),
        A.TO_CONFIRM,
        allowed=reviews,
        requires=nobody_else_decides,
        done="Décision saisie, à confirmer",
    ),
    recall_decision=Step(
        "Reprendre la décision",
        (A.TO_CONFIRM,),
        A.READY,
        allowed=reviews,
        done="Décision reprise avant sa confirmation",
    ),
    decline_confirmation=Step(
        "Ne pas confirmer",
        (A.TO_CONFIRM,),
        A.READY,
        allowed=confirms,
        done="Décision non confirmée",
    ),
    grant=Step(
        "Accorder le label",
        DECIDABLE,
        A.GRANTED,
        allowed=decides,
        requires=_no_label_already,
        done="Label accordé",
    ),
    grant_with_reservations=Step(
        "Accorder avec réserves",
        DECIDABLE,
        A.GRANTED_WITH_RESERVATIONS,
        allowed=decides,
        requires=_no_label_already,
        done="Label accordé avec réserves",
    ),
    defer=Step(
        "Ajourner",
        DECIDABLE,
        A.DEFERRED,
        allowed=decides,
        requires=_no_open_correction,
        done="Demande ajournée",
    ),
    refuse=Step(
        "Refuser le label",
        DECIDABLE,
        A.REFUSED,
        allowed=decides,
        requires=_no_open_correction,
        done="Label refusé",
    ),
    withdraw=Step(
        "Retirer la demande",
        (
            A.DRAFT,
            A.SUBMITTED,
            A.UNDER_REVIEW,
            A.CORRECTION_REQUESTED,
            A.READY,
            A.ON_AGENDA,
            A.TO_CONFIRM,
        ),
        A.WITHDRAWN,
        allowed=applies,
        done="Demande retirée par la crèche",
    ),
)


def attach(application, *, by, on, at=None):
    """The Caf says that the author works for this crèche: the draft may now be submitted.

    The first person attached to a crèche administers its team.
    """
    with APPLICATION.take("attach", application, by=by, on=on, at=at):
        if not is_known_to_caf(application.provider):
            members = application.provider.membership_set.in_force(on)
            members.filter(user=application.opened_by).update(is_admin=True)
        application.attached_at = moment(at)
        if application.opened_by:
            notifications.tell(
                "labels.attached", application, [application.opened_by], key=application.pk, at=at
            )


def dismiss(application, *, by, on, reasons, at=None):
    """The Caf does not know this person: the draft is closed, and she leaves the crèche.

    Where the Caf knows nobody yet, those she brought in leave with her.
    """
    with APPLICATION.take("dismiss", application, by=by, on=on, at=at, comment=reasons):
        people = [application.opened_by] if is_known_to_caf(application.provider) else None
        invitations.turn_out(application.provider, people=people, on=on, at=at)


def submit(application, *, by, on, at=None):
    """The crèche hands its dossier over to the Caf; nothing in it changes any more."""
    with APPLICATION.take("submit", application, by=by, on=on, at=at):
        application.submitted_at = moment(at)
        if application.kind == LabelApplication.Kind.FIRST:
            application.call = open_call(application.caf, on)
        notifications.tell_caf("labels.submitted", application, on=on, key=application.pk, at=at)
