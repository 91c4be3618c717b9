"""What is said of a referral: to who must answer, to the adviser, to the family; its expiry."""

from datetime import time

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from avip import jobs, mail, outbox
from avip.workflow import edit
from families.alternatives import alternatives
from families.answer_links import ANSWERABLE, answer_path
from families.models import Referral
from families.notifications import referral_news as news
from families.occasional import say_days
from families.wording import say_ages, say_in_sms, say_schedule
from families.workflow import referral_deadlines as deadlines
from families.workflow.occasional import close_stay
from families.workflow.siblings import revive_after_lapses
from partners.models import Provider, User

Status = Referral.Status


@outbox.handler("families.referral_to_answer")
def ask_provider(row):
    """A family asks for a place: answer before the deadline."""
    write_mail(row, "families/email/referral_to_answer", "families:referral_detail")


@outbox.handler("families.referral_to_validate")
def ask_coordinator(row):
    """A family asks for a childminder's place: her coordinator looks at the situation first."""
    write_mail(row, "families/email/referral_to_validate", "families:referral_validate")


@outbox.handler("families.referral_answered")
def tell_adviser(row):
    """The provider answered, or did not in time: the adviser tells the family."""
    _tell_news(row, news.answered)


@outbox.handler("families.referral_reminder")
def remind_receiver(row):
    """Half of the delay is spent."""
    _tell_waiting(row, news.reminder, news.validation_reminder)


@outbox.handler("families.referral_escalated")
def tell_colleagues(row):
    """Most of the delay is spent: an operator may still answer, the Caf validate a situation."""
    _tell_waiting(row, news.escalated, news.to_the_caf)


@outbox.handler("families.referral_deputy")
def tell_deputy(row):
    """The coordinator keeps silent: the service that stands in for hers may validate."""
    _tell_news(row, news.deputy, page="families:referral_validate")


@outbox.handler("families.referral_hours_taken")
def tell_hours_taken(row):
    """The family takes the other hours."""
    _tell_news(row, news.hours_taken)


@outbox.handler("families.referral_revived")
def tell_revived(row):
    """A request goes on where it was."""
    _tell_news(row, news.revived)


@outbox.handler("families.referral_place_freed")
def tell_place_freed(row):
    """A place is given back: who waits first is signalled."""
    _tell_news(row, news.place_freed)


@outbox.handler("families.referral_no_show")
def tell_no_show(row):
    """The family never came."""
    _tell_news(row, news.no_show)


@outbox.handler("families.referral_stayed")
def ask_hours(row):
    """An accueil ponctuel is over: how long did it last?"""
    _tell_news(row, news.stayed, page="families:referral_hours")


@outbox.handler("families.referral_confirmed")
def tell_provider_yes(row):
    """The family confirmed: the contract may be proposed."""
    write_mail(row, "families/email/referral_confirmed", "families:referral_detail")


@outbox.handler("families.referral_closed")
def tell_provider_no(row):
    """The request asks nothing more of the provider."""
    write_mail(row, "families/email/referral_closed", "families:referral_detail")


@outbox.handler("families.referral_sms")
def tell_family(row):
    """A neutral message to the parent's phone; without one, the adviser's page says to tell her."""
    referral = _referral(row)
    parent = next((p for p in referral.household.parents.all() if p.is_referring and p.phone), None)
    # A request that goes on after another place fell is told once more.
    told = {*Referral.TOLD, Status.SENT, Status.TO_VALIDATE, Status.TO_DISPATCH}
    if parent is None or referral.status not in told or referral.told_at:
        return
    with edit(referral, by=None, seen=None, fields=["told_at"]):
        referral.told_at = timezone.now()
    mail.send_sms(parent.phone, sms_text(referral))


def sms_text(referral) -> str:
    """One message of 160 characters at most: neither name of child, nor provider, nor reason."""
    phone = referral.adviser.phone if referral.adviser else ""
    phone = phone or referral.agency.phone
    who = f"votre conseiller au {phone}" if phone else "votre conseiller"
    if referral.status == Status.ACCEPTED:
        return say_in_sms(
            f"Avip : une place vous est proposée. Appelez {who} pour dire oui ou non."
        )
    if referral.status == Status.EXPIRED:
        return say_in_sms(
            f"Avip : une demande de place est restée sans réponse. Pour la suite, appelez {who}."
        )
    text = SMS.get(referral.status, "votre demande de place reprend")
    if referral.status == Status.SENT and referral.counter_id:
        text = "le guichet unique a transmis votre demande de place à la crèche"
    return say_in_sms(f"Avip : {text}. Pour en parler, appelez {who}.")


ANSWERED = "votre demande de place a reçu une réponse"
SMS = {
    Status.TO_DISPATCH: "votre demande de place est reçue par le guichet unique",
    Status.HOURS_PROPOSED: "d’autres horaires vous sont proposés",
    Status.SHORTLISTED: ANSWERED,
    Status.WAITING_LIST: ANSWERED,
    Status.REFUSED: ANSWERED,
    Status.CANCELLED: "une demande de place est annulée",
    Status.TRANSFERRED: "votre demande de place a changé de destinataire",
    Status.NO_SHOW: "la place gardée pour vous est rendue",
}


@jobs.every("families.referral_deadlines", minutes=15)
def keep_deadlines(on):
    """Late requests stay without answer; silent ones are escalated, then reminded, once each."""
    now = timezone.now()
    expired = deadlines.expire_late(on=on, now=now)
    escalated = deadlines.escalate_silent(on=on, now=now)
    deadlines.pass_to_deputies(on=on, now=now)
    reminded = deadlines.remind_silent(on=on, now=now)
    return f"{reminded} rappelées, {escalated} signalées, {expired} sans réponse"


@jobs.daily("families.stays", at=time(2, 30))
def close_stays(on):
    """Accueils ponctuels whose last day is past; requests left without an object by a lapse."""
    closed = 0
    for referral in Referral.objects.stays_over(on).order_by("pk"):
        close_stay(referral, on=on)
        closed += 1
    return f"{closed} accueils ponctuels terminés, {revive_after_lapses(on=on)} demandes reprises"


def _referral(row):
    return Referral.objects.select_related(
        "provider__commune",
        "provider__caf",
        "provider__facility",
        "provider__childminder",
        "agency",
        "adviser",
        "household__commune",
        "counter",
    ).get(pk=row.object_id)


def _tell_news(row, say, page="families:referral_detail"):
    referral = _referral(row)
    said = say(referral)
    more = {"news": said, "action_label": said.action, "action_before": said.before}
    if referral.status == Status.EXPIRED:
        more["others"] = _others(referral, row)
    write_mail(row, "families/email/referral_news", page, **more)


def _tell_waiting(row, say, say_of_validation):
    """A situation to validate has a page and words of its own."""
    if _referral(row).status == Status.TO_VALIDATE:
        _tell_news(row, say_of_validation, page="families:referral_validate")
    else:
        _tell_news(row, say)


def _others(referral, row):
    """Places nearby, for the person who reads: what she could look for herself."""
    person = User.objects.filter(pk=row.recipient_id).first() if row.recipient_id else None
    if person is None:
        return []
    return alternatives(referral, Provider.objects.visible_to(person), timezone.localdate())


# Their button answers without signing in.
ANSWERED_BY_LINK = {
    "families.referral_to_answer",
    "families.referral_reminder",
    "families.referral_escalated",
    "families.referral_place_freed",
}


def write_mail(row, template, page, **more):
    """One mail about a referral, to whom it concerns while she may still see it."""
    referral = _referral(row)
    person = User.objects.filter(pk=row.recipient_id).first() if row.recipient_id else None
    if person and not Referral.objects.visible_to(person).filter(pk=referral.pk).exists():
        return  # she has left since
    address = person.email if person else _address(row.kind, referral)
    if not address and person is None:
        return  # a person without an address is told by SMS
    action_url = settings.BASE_URL + reverse(page, args=[referral.pk])
    if person and row.kind in ANSWERED_BY_LINK and referral.status in ANSWERABLE:
        action_url = settings.BASE_URL + answer_path(referral, person, timezone.now())
    occasional = referral.kind == Referral.Kind.OCCASIONAL
    context = {
        "referral": referral,
        "person": person,
        "ages": say_ages(referral.children.all(), referral.from_on),
        "schedule": say_days(referral.days.all())
        if occasional
        else say_schedule(referral.slots.all()),
        "occasional": occasional,
        "action_url": action_url,
        **more,
    }
    mail.send(mail.Mail(address, template, context), key=row.key)


def _address(kind, referral):
    """The organisation's own address, when none of its people has an account."""
    if kind in {"families.referral_answered", "families.referral_no_show"}:
        return referral.agency.email
    if referral.status == Status.TO_DISPATCH:
        return referral.counter.email
    if kind == "families.referral_to_validate" or referral.status == Status.TO_VALIDATE:
        return _address_of_who_validates(kind, referral.provider)
    return referral.provider.email


def _address_of_who_validates(kind, provider):
    service = provider.childminder.service
    if kind == "families.referral_deputy" and service and service.deputy:
        return service.deputy.email
    if kind == "families.referral_escalated" or service is None:
        return provider.caf.email
    return service.email
