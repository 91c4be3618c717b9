"""What is said of a referral: to who must answer, to the adviser, to the family; its expiry."""

from datetime import timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from avip import jobs, mail, outbox
from avip.jobs import SCHEDULES
from avip.workflow import StepRefused, edit
from families.models import Referral
from families.wording import say_ages, say_in_sms, say_schedule
from families.workflow.referrals import expire
from partners.models import User

Status = Referral.Status


@outbox.handler("families.referral_to_answer")
def ask_provider(row):
    """A family asks for a place: answer before the deadline."""
    _write(row, "families/email/referral_to_answer", "families:referral_detail")


@outbox.handler("families.referral_to_validate")
def ask_coordinator(row):
    """A family asks for a childminder's place: her coordinator looks at the situation first."""
    _write(row, "families/email/referral_to_validate", "families:referral_validate")


@outbox.handler("families.referral_answered")
def tell_adviser(row):
    """The provider answered, or did not in time: the adviser tells the family."""
    _write(row, "families/email/referral_answered", "families:referral_detail")


@outbox.handler("families.referral_confirmed")
def tell_provider_yes(row):
    """The family confirmed: the contract may be proposed."""
    _write(row, "families/email/referral_confirmed", "families:referral_detail")


@outbox.handler("families.referral_closed")
def tell_provider_no(row):
    """The request asks nothing more of the provider."""
    _write(row, "families/email/referral_closed", "families:referral_detail")


@outbox.handler("families.referral_sms")
def tell_family(row):
    """A neutral message to the parent's phone; without one, the adviser's page says to tell her."""
    referral = _referral(row)
    parent = next((p for p in referral.household.parents.all() if p.is_referring and p.phone), None)
    if parent is None or referral.status not in Referral.TOLD or referral.told_at:
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
    return say_in_sms(
        f"Avip : votre demande de place a reçu une réponse. Pour en parler, appelez {who}."
    )


@jobs.every("families.expire_referrals", minutes=15)
def expire_referrals(on):
    """Requests past their deadline stay without answer; each is told once."""
    late = Referral.objects.waiting_for_answer().filter(answer_due_at__lt=timezone.now())
    expired = 0
    for referral in late.select_related("provider").order_by("answer_due_at"):
        try:
            expire(referral, on=on)
        except StepRefused:
            continue  # answered meanwhile
        expired += 1
    return f"{expired} sans réponse"


def _referral(row):
    return Referral.objects.select_related(
        "provider__commune", "provider__caf", "agency", "adviser", "household"
    ).get(pk=row.object_id)


def _write(row, template, page):
    referral = _referral(row)
    person = User.objects.filter(pk=row.recipient_id).first() if row.recipient_id else None
    if person and not Referral.objects.visible_to(person).filter(pk=referral.pk).exists():
        return  # she has left since
    address = person.email if person else _address(row.kind, referral)
    if not address:
        return
    context = {
        "referral": referral,
        "person": person,
        "ages": say_ages(referral.children.all(), referral.from_on),
        "schedule": say_schedule(referral.slots.all()),
        "confirm_before": referral.answered_at
        and referral.answered_at + timedelta(days=SCHEDULES["family_confirmation_days"]),
        "action_url": settings.BASE_URL + reverse(page, args=[referral.pk]),
    }
    mail.send(mail.Mail(address, template, context), key=row.key)


def _address(kind, referral):
    """The organisation's own address, when none of its people has an account."""
    if kind == "families.referral_answered":
        return referral.agency.email
    if kind == "families.referral_to_validate":
        return referral.provider.childminder.service.email
    return referral.provider.email
