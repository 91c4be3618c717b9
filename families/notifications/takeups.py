"""What is said of a proposal: to the agency that is asked, to whoever asked."""

from django.conf import settings

from avip import mail, outbox
from avip.templatetags.words import fr_date
from families.models import TakeUp
from families.notifications.referral_news import News
from partners.models import User

Status = TakeUp.Status


@outbox.handler("families.takeup_proposed")
def ask_agency(row):
    """A family is proposed: take it up, or say why not."""
    _write(row, _proposed)


@outbox.handler("families.takeup_answered")
def tell_asker(row):
    """The agency took the family up, or said why not."""
    _write(row, _answered)


def _proposed(takeup):
    who = takeup.provider.public_name if takeup.provider else takeup.caf
    return News(
        "Une famille vous est proposée en suivi",
        f"{who} vous propose de suivre une famille de {takeup.commune}.",
        "L’enfant est déjà accueilli\xa0: le contrat reste à proposer."
        if takeup.is_hosted
        else "Prenez-la en suivi, ou dites pourquoi ce n’est pas possible.",
        "Voir la proposition",
        f"Vous recevez ce courriel parce que vous travaillez à {takeup.agency}.",
    )


def _answered(takeup):
    taken = takeup.status == Status.TAKEN_UP
    return News(
        "Le suivi est accepté" if taken else "Le suivi n’est pas possible",
        f"{takeup.agency} {'suit' if taken else 'ne peut pas suivre'} la famille que vous avez "
        f"proposée le {fr_date(takeup.created_at)}.",
        "Si elle a une place chez vous, le contrat peut être proposé."
        if taken
        else "Dites-le à la famille\xa0; vous pouvez la proposer à une autre agence.",
        "Voir la proposition",
        "Vous recevez ce courriel parce que vous avez proposé cette famille.",
    )


def _write(row, say):
    takeup = TakeUp.objects.select_related("provider", "caf", "agency", "commune").get(
        pk=row.object_id
    )
    person = User.objects.filter(pk=row.recipient_id).first() if row.recipient_id else None
    if person and not TakeUp.objects.visible_to(person).filter(pk=takeup.pk).exists():
        return  # she has left since
    address = person.email if person else takeup.agency.email
    if not address and person is None:
        return  # a person without an address is told by SMS
    news = say(takeup)
    context = {
        "news": news,
        "person": person,
        "action_label": news.action,
        "action_url": settings.BASE_URL + takeup.get_absolute_url(),
    }
    mail.send(mail.Mail(address, "families/email/referral_news", context), key=row.key)
