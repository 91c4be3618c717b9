"""The link of a mail that lets a professional answer one request without signing in."""

import uuid
from datetime import timedelta

from django.urls import reverse

from avip.jobs import SCHEDULES
from families.models import AnswerLink, Referral
from families.permissions import answers
from partners.tokens import make_token, sha256_of

PURPOSE = "families.answer"
ANSWERABLE = (Referral.Status.SENT, Referral.Status.SHORTLISTED, Referral.Status.WAITING_LIST)
UNKNOWN, LEFT, OVER, EXPIRED, OPEN = "unknown", "left", "over", "expired", "open"


def token_of(link) -> str:
    """The token of the mail: made again at each sending, never stored."""
    return make_token(PURPOSE, link.pk)


def answer_path(referral, person, at) -> str:
    """The address that lets this person answer; one per request and person, good for days."""
    expires_at = at + timedelta(days=SCHEDULES["answer_link_days"])
    pk = uuid.uuid4()
    first = {"id": pk, "token_sha256": sha256_of(make_token(PURPOSE, pk))}
    link, is_new = AnswerLink.objects.get_or_create(
        referral=referral, user=person, defaults=first | {"expires_at": expires_at}
    )
    if not is_new:
        link.expires_at = expires_at
        link.save(update_fields=["expires_at"])
    return reverse("families:answer_link", args=[token_of(link)])


def state_of(link, at) -> str:
    """Whether the link still answers: what she belongs to is read again each time."""
    if link is None:
        return UNKNOWN
    person, referral = link.user, link.referral
    if not person.is_active or not answers(person, referral):
        return LEFT
    if referral.status not in ANSWERABLE:
        return OVER
    return EXPIRED if link.expires_at <= at else OPEN
