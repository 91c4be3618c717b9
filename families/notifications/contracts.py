"""What is said about a contract: to each professional party, and to the parent by her link.

A parent's message names nobody and gives no reason: whoever reads it learns that a document waits.
"""

from datetime import timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from avip import mail, outbox
from avip.jobs import SCHEDULES
from families.models import (
    AvipContract,
    Channel,
    ContractVersion,
    ParentLink,
    Signatory,
    SigningCode,
)
from families.parties import address_on, email_of, phone_of
from families.signing import code_digits, link_key, link_token, parents_without_copy
from families.wording import SMS_LENGTH, say_in_sms
from partners.models import User

EMAILS = "families/email/"


@outbox.handler("families.contract_to_sign")
@outbox.handler("families.contract_reminder")
@outbox.handler("families.contract_signed")
@outbox.handler("families.contract_stopped")
def write_to_professional(row):
    """A contract waits for a signature, still waits, is signed by all, or stopped."""
    version = ContractVersion.objects.select_related(
        "contract__provider__commune", "contract__agency", "contract__caf"
    ).get(pk=row.object_id)
    person = User.objects.get(pk=row.recipient_id)
    if not AvipContract.objects.visible_to(person).filter(pk=version.contract_id).exists():
        return  # she has left since
    waits = version.status == ContractVersion.Status.TO_SIGN
    if row.kind in ("families.contract_to_sign", "families.contract_reminder") and not waits:
        return  # signed or given up meanwhile
    contract = version.contract
    template = EMAILS + row.kind.removeprefix("families.")
    context = {
        "contract": contract,
        "version": version,
        "person": person,
        "to_hand_a_copy": parents_without_copy(version),
        "lapses_on": contract.start_on + timedelta(days=SCHEDULES["contract_lapse_days"]),
        "action_url": settings.BASE_URL + contract.get_absolute_url(),
    }
    mail.send(mail.Mail(person.email, template, context), key=row.key)


@outbox.handler("families.parent_sign_email")
@outbox.handler("families.parent_sign_sms")
@outbox.handler("families.parent_copy_email")
@outbox.handler("families.parent_copy_sms")
def send_link(row):
    """The parent's own address, by mail or SMS; a link replaced meanwhile is not sent."""
    link = ParentLink.objects.select_related("parent", "contract").get(pk=row.object_id)
    if not row.key.endswith(link_key(link)) or link.revoked_at:
        return
    address = address_on(link.channel, link.parent)
    url = link_url(link)
    if not address:
        raise LookupError("no address left on this channel")
    if link.channel == Channel.SMS:
        link.message_id = mail.send_sms(address, link_sms(url, to_sign="_sign_" in row.kind))
    else:
        template = EMAILS + row.kind.removeprefix("families.").removesuffix("_email")
        context = {
            "action_url": url,
            "expires_at": link.expires_at,
            "signed_by_all": link.contract.status != AvipContract.Status.TO_SIGN,
        }
        link.message_id = mail.send(mail.Mail(address, template, context), key=row.key)
    link.sent_at = timezone.now()
    link.save(update_fields=["message_id", "sent_at"])


@outbox.handler("families.parent_stopped")
def tell_parent_stopped(row):
    """The care of the label stops: by SMS, else by mail; neither name, nor place, nor reason."""
    signatory = Signatory.objects.select_related(
        "parent", "version__contract__adviser", "version__contract__agency"
    ).get(pk=row.object_id)
    parent, contract = signatory.parent, signatory.version.contract
    phone = (contract.adviser and contract.adviser.phone) or contract.agency.phone
    if parent.phone:
        mail.send_sms(parent.phone, stopped_sms(phone))
    elif parent.email:
        message = mail.Mail(parent.email, EMAILS + "parent_stopped", {"phone": phone})
        mail.send(message, key=row.key)


def stopped_sms(phone) -> str:
    """One message: something changes, and whom to call."""
    who = f"votre conseiller au {phone}" if phone else "votre conseiller"
    return say_in_sms(
        f"Avip : votre accueil au titre du label s’arrête. Pour la suite, appelez {who}."
    )


@outbox.handler("families.signing_code_sms")
@outbox.handler("families.signing_code_email")
def send_code(row):
    """Six digits, while they may still be used."""
    code = SigningCode.objects.select_related(
        "signatory__parent", "signatory__version__contract__provider"
    ).get(pk=row.object_id)
    if code.used_at or code.expires_at <= timezone.now():
        return
    digits = code_digits(code)
    if code.channel == Channel.SMS:
        code.message_id = mail.send_sms(phone_of(code.signatory), code_sms(digits))
    else:
        context = {"digits": digits, "minutes": SCHEDULES["signing_code_minutes"]}
        message = mail.Mail(email_of(code.signatory), EMAILS + "signing_code", context)
        code.message_id = mail.send(message, key=row.key)
    code.save(update_fields=["message_id"])


def link_url(link) -> str:
    """The secret address of a parent."""
    return settings.BASE_URL + reverse("families:parent_entry", args=[link_token(link)])


def link_sms(url, *, to_sign=True) -> str:
    """One message: that a document waits, and where. A long address leaves less room for words."""
    days = SCHEDULES["parent_link_days"]
    what = "à lire et à signer" if to_sign else "à relire et à garder"
    for words in (
        f"Avip : un document vous attend, {what}. Lien personnel, {days} jours : ",
        f"Avip : {what}, {days} jours : ",
        "Avip : ",
    ):
        if len(words) + len(url) <= SMS_LENGTH:
            break
    return say_in_sms(words + url)


def code_sms(digits) -> str:
    """One message: the digits first, so that they show without opening it."""
    minutes = SCHEDULES["signing_code_minutes"]
    return say_in_sms(
        f"{digits} est votre code Avip, valable {minutes} minutes. "
        "Il sert à signer : ne le donnez à personne par téléphone."
    )
