"""The second person of a decision: a member of the committee, who is asked and answers by a link.

What waits for her is one dossier, or a session with all its decisions.
"""

from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction

from avip import outbox
from avip.jobs import SCHEDULES
from avip.workflow import StepRefused, lock, moment
from labels.models import DecisionConfirmation, LabelApplication
from labels.permissions import reviews, runs_committee
from partners.tokens import make_token, sha256_of

NO_LONGER = "Cette décision n’attend plus votre confirmation."


def ask_confirmation(subject, *, name, quality, email, at=None):
    """Send the committee member the link by which she confirms, or not."""
    about = "application" if isinstance(subject, LabelApplication) else "committee"
    confirmation = DecisionConfirmation(
        **{about: subject},
        name=name,
        quality=quality,
        email=email,
        created_at=moment(at),
        expires_at=moment(at) + timedelta(days=SCHEDULES["decision_link_days"]),
    )
    confirmation.token_sha256 = sha256_of(make_token("labels.decision", confirmation.pk))
    confirmation.save()
    outbox.add("labels.confirmation", confirmation, key=confirmation.pk, at=at)
    return confirmation


@transaction.atomic
def renew_confirmation(confirmation, *, at=None):
    """Send a new link to the same committee member, at the same address."""
    subject = confirmation.subject
    lock(subject)
    if not waits(subject) or subject.confirmations.first() != confirmation:
        raise StepRefused(NO_LONGER)
    pause = timedelta(minutes=SCHEDULES["decision_link_minutes"])
    if moment(at) - confirmation.created_at < pause:
        raise StepRefused("Un lien vient d’être envoyé\xa0: attendez quelques minutes.")
    subject.confirmations.close(moment(at))
    return ask_confirmation(
        subject,
        name=confirmation.name,
        quality=confirmation.quality,
        email=confirmation.email,
        at=at,
    )


def resend_confirmation(subject, *, by, on, at=None):
    """The Caf sends the committee member a new link."""
    confirmation = open_confirmation(subject)
    allowed = reviews if isinstance(subject, LabelApplication) else runs_committee
    if not allowed(by, subject) or getattr(by, "is_hijacked", False):
        raise PermissionDenied
    if confirmation is None:
        raise StepRefused("Aucune confirmation n’est attendue.")
    return renew_confirmation(confirmation, at=at)


def open_confirmation(subject):
    """The confirmation that the dossier or the session waits for, or None."""
    return subject.confirmations.waiting().first()


def waits(subject) -> bool:
    """Whether this dossier, or this session, waits for its second person."""
    return subject.status == type(subject).Status.TO_CONFIRM


def subject_that_waits_for(confirmation, at):
    """What is to confirm, locked, if it waits for this very answer; else StepRefused."""
    subject = confirmation.subject
    lock(subject)
    confirmation.refresh_from_db()
    if confirmation.confirmed_at or confirmation.declined_at:
        raise StepRefused("Vous avez déjà répondu à cette demande de confirmation.")
    if not waits(subject):
        raise StepRefused(NO_LONGER)
    if confirmation.expires_at <= moment(at):
        raise StepRefused("Ce lien n’est plus valable.")
    return subject
