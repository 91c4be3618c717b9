"""A remark on one answer: open, corrected by the crèche, closed by the reviewer."""

from django.core.exceptions import PermissionDenied
from django.db import transaction

from avip.workflow import Step, StepRefused, Workflow, lock, moment
from labels.checklist import sections_of
from labels.models import FieldComment, FieldCommentStatusChange, LabelApplication
from labels.permissions import answers_comment, reviews, reviews_comment
from labels.reading import FIELDS
from partners.permissions import is_hijacked

C = FieldComment.Status
A = LabelApplication.Status

# While the Caf has the dossier in hand, or waits for a correction.
DISCUSSED = (A.UNDER_REVIEW, A.CORRECTION_REQUESTED, A.READY, A.ON_AGENDA)


def _dossier_with_the_creche(comment, on):
    if comment.application.status == A.CORRECTION_REQUESTED:
        return []
    state = comment.application.get_status_display()
    return [f"La Caf a le dossier entre les mains\xa0: {state}."]


def _dossier_open(comment, on):
    if comment.application.is_open:
        return []
    return [f"Ce dossier est clos\xa0: {comment.application.get_status_display()}."]


COMMENT = Workflow(
    resolve=Step(
        "Marquer comme corrigé",
        (C.OPEN,),
        C.RESOLVED,
        allowed=answers_comment,
        requires=_dossier_with_the_creche,
        done="Marquée comme corrigée",
    ),
    close=Step(
        "Clore la remarque",
        (C.OPEN, C.RESOLVED),
        C.CLOSED,
        allowed=reviews_comment,
        requires=_dossier_open,
        done="Remarque close",
    ),
    reopen=Step(
        "Rouvrir la remarque",
        (C.RESOLVED,),
        C.OPEN,
        allowed=reviews_comment,
        requires=_dossier_open,
        done="Remarque rouverte",
    ),
)


@transaction.atomic
def add_comment(application, *, section, field, text, by, on, at=None):
    """Write a remark on one answer; the crèche reads it once a correction is asked for.

    Raises StepRefused when the dossier has no such answer or is no longer discussed.
    """
    lock(application)
    if is_hijacked(by) or not reviews(by, application):
        raise PermissionDenied
    if application.status not in DISCUSSED:
        state = application.get_status_display()
        raise StepRefused(f"Ce dossier ne se commente pas maintenant\xa0: {state}.")
    if section not in sections_of(application) or field not in FIELDS[section]:
        raise StepRefused("Ce dossier n’a pas cette réponse.")
    if not text.strip():
        raise StepRefused("Écrivez votre remarque.")
    comment = FieldComment.objects.create(
        application=application,
        section=section,
        field=field,
        text=text,
        author=by,
        created_at=moment(at),
        edited_at=moment(at),
        edited_by=str(by),
    )
    comment.history.create(
        step="open",
        source="",
        target=comment.status,
        at=moment(at),
        **FieldCommentStatusChange.actor(by),
    )
    return comment


def resolve_comment(comment, *, by, on, reply="", at=None):
    """The crèche has corrected this answer, or says why not."""
    with COMMENT.take("resolve", comment, by=by, on=on, at=at, comment=reply):
        comment.reply = reply


def close_comment(comment, *, by, on, at=None):
    """The reviewer has read the correction, or no longer asks for it."""
    with COMMENT.take("close", comment, by=by, on=on, at=at):
        pass


def reopen_comment(comment, *, by, on, at=None):
    """The correction is not enough: the next request asks for it again."""
    with COMMENT.take("reopen", comment, by=by, on=on, at=at):
        pass
