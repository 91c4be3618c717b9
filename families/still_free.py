"""« Toujours libre ? », once a month: who is asked, and the link that answers without signing in.

The link says which place, whom and which month, and is signed: nothing of it is stored. It fits an
SMS with its question.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from avip import jobs, outbox
from avip.jobs import SCHEDULES
from families.models import PlaceOffer
from families.permissions import keeps_place
from families.place_states import OPEN, with_state
from families.recipients import people_of_providers
from partners.models import Provider, User

SALT = "avip.link.families.still_free"
UUID_BYTES, MONTH_BYTES, SIGNATURE_BYTES = 16, 2, 16
MONTHS = 12


@jobs.daily("families.places_still_free")
@transaction.atomic
def ask_who_keeps(on):
    """From the day of the schedule on, each free place not confirmed this month; once a month."""
    if on.day < SCHEDULES["place_question_day"]:
        return "rien à demander"
    offers = to_confirm(on)
    people = people_of_providers([offer.provider for offer in offers], on=on)
    outbox.add_all(
        "families.still_free",
        [
            (offer.pk, f"{offer.pk}:{on:%Y-%m}:{person}", person)
            for offer in offers
            for person in people[offer.provider_id]
        ],
    )
    return f"{len(offers)} places à confirmer"


def to_confirm(on: date) -> list[PlaceOffer]:
    """The places of childminders, free that day, that nobody has confirmed since the 1st."""
    offers = (
        PlaceOffer.objects.open_on(on)
        .filter(provider__kind=Provider.Kind.CHILDMINDER, is_blocked=True)
        .exclude(confirmed_on__gte=on.replace(day=1))
        .order_by("pk")
    )
    return [offer for offer in with_state(offers, on) if offer.state.kind == OPEN]


@dataclass(frozen=True)
class Question:
    """One place, asked to one person, in one month."""

    offer: UUID
    person: UUID
    month: date

    @property
    def path(self) -> str:
        """The address of the mail or of the SMS."""
        count = self.month.year * MONTHS + self.month.month - 1
        body = self.offer.bytes + self.person.bytes + count.to_bytes(MONTH_BYTES, "big")
        token = base64.urlsafe_b64encode(body + _signature(body)).rstrip(b"=").decode()
        return reverse("families:still_free_link", args=[token])

    def is_over(self, on: date) -> bool:
        """Whether the month is too far for its answer."""
        return on > self.month + timedelta(days=SCHEDULES["place_link_days"])


def question_of(token: str) -> Question | None:
    """The question of a link; None when it is not one of ours."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return None
    body, signature = raw[:-SIGNATURE_BYTES], raw[-SIGNATURE_BYTES:]
    if len(body) != 2 * UUID_BYTES + MONTH_BYTES:
        return None
    if not constant_time_compare(signature, _signature(body)):
        return None
    year, month = divmod(int.from_bytes(body[-MONTH_BYTES:], "big"), MONTHS)
    return Question(
        UUID(bytes=body[:UUID_BYTES]),
        UUID(bytes=body[UUID_BYTES:-MONTH_BYTES]),
        date(year, month + 1, 1),
    )


def asked(question: Question) -> tuple[PlaceOffer, User] | None:
    """The place and the person, while she may still answer for it."""
    offers = PlaceOffer.objects.select_related("provider__caf", "provider__childminder")
    offer = offers.prefetch_related("slots").filter(pk=question.offer).first()
    person = User.objects.filter(pk=question.person, is_active=True).first()
    if offer is None or person is None or not keeps_place(person, offer.provider):
        return None
    return offer, person


def _signature(body):
    return salted_hmac(SALT, body, algorithm="sha256").digest()[:SIGNATURE_BYTES]
