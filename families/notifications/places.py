"""« Toujours libre ? », by mail, or by SMS to whom has a phone only."""

from django.conf import settings
from django.utils import timezone

from avip import mail, outbox
from families.models import PlaceOffer
from families.offers import say_when
from families.still_free import Question
from families.wording import say_in_sms
from partners.models import User


@outbox.handler("families.still_free")
def ask_still_free(row):
    """One question, one link; nothing when it was answered meanwhile or she has left."""
    person = User.objects.get(pk=row.recipient_id)
    today = timezone.localdate()
    month = today.replace(day=1)
    offer = (
        PlaceOffer.objects.visible_to(person)
        .open_on(today)
        .filter(pk=row.object_id)
        .exclude(confirmed_on__gte=month)
        .select_related("provider__commune")
        .prefetch_related("slots")
        .first()
    )
    if offer is None:
        return
    url = settings.BASE_URL + Question(offer.pk, person.pk, month).path
    if not person.email:
        mail.send_sms(person.phone, sms_text(url))
        return
    context = {
        "offer": offer,
        "person": person,
        "own": offer.provider_id in person.reach.providers,
        "when": say_when(offer),
        "action_url": url,
    }
    mail.send(mail.Mail(person.email, "families/email/still_free", context), key=row.key)


def sms_text(url) -> str:
    """The question, then the link, in one message."""
    return say_in_sms(f"Avip : votre place est-elle toujours libre ? {url}")
