"""What changes in a contract that runs: hours, a text taken back; parents read no name."""

from django.conf import settings
from django.urls import reverse

from avip import mail, outbox
from avip.templatetags.words import fr_date
from families.models import (
    Adjustment,
    AvipContract,
    ContractVersion,
    ReferentChange,
    Signatory,
)
from families.wording import say_in_sms, say_schedule
from partners.models import User

EMAILS = "families/email/"


@outbox.handler("families.contract_adjusted")
@outbox.handler("families.contract_unadjusted")
def write_of_adjustment(row):
    """The hours change inside the contract, or go back to what it says."""
    adjustment = Adjustment.objects.select_related("contract__provider__commune").get(
        pk=row.object_id
    )
    _write(
        row,
        adjustment.contract,
        adjustment=adjustment,
        hours=say_schedule(adjustment.slots.all()),
    )


@outbox.handler("families.revision_withdrawn")
def write_of_withdrawal(row):
    """The text that waited for signatures was taken back: the one in force goes on."""
    version = ContractVersion.objects.select_related("contract__provider__commune").get(
        pk=row.object_id
    )
    _write(row, version.contract, version=version)


def _write(row, contract, **context):
    person = User.objects.get(pk=row.recipient_id)
    if not AvipContract.objects.visible_to(person).filter(pk=contract.pk).exists():
        return  # she has left since
    template = EMAILS + row.kind.removeprefix("families.")
    context |= {
        "contract": contract,
        "person": person,
        "action_url": settings.BASE_URL + contract.get_absolute_url(),
    }
    mail.send(mail.Mail(person.email, template, context), key=row.key)


@outbox.handler("families.parent_hours_changed")
def tell_parent_of_hours(row):
    """The hours of the week change: from when, and whom to call; by SMS, else by mail."""
    signatory = Signatory.objects.select_related(
        "parent", "version__contract__adviser", "version__contract__agency"
    ).get(pk=row.object_id)
    adjustment = Adjustment.objects.get(pk=row.key.split(":")[1])
    parent, contract = signatory.parent, signatory.version.contract
    phone = (contract.adviser and contract.adviser.phone) or contract.agency.phone
    context = {
        "phone": phone,
        "from_on": adjustment.from_on,
        "cancelled": ":unadjusted:" in row.key,
    }
    if parent.phone:
        mail.send_sms(parent.phone, hours_sms(**context))
    elif parent.email:
        message = mail.Mail(parent.email, EMAILS + "parent_hours_changed", context)
        mail.send(message, key=row.key)


def hours_sms(*, phone, from_on, cancelled) -> str:
    """One message: that the hours change, and whom to call."""
    who = f"votre conseiller au {phone}" if phone else "votre conseiller"
    if cancelled:
        return say_in_sms(f"Avip : vos horaires d’accueil reviennent au contrat. Détail : {who}.")
    return say_in_sms(
        f"Avip : vos horaires d’accueil changent à partir du {fr_date(from_on)}. Détail : {who}."
    )


@outbox.handler("families.referent_proposed")
@outbox.handler("families.referent_changed")
@outbox.handler("families.referent_declined")
def write_of_referent(row):
    """A new référent emploi is asked for, has signed, or will not be."""
    change = ReferentChange.objects.select_related(
        "contract__provider__commune", "from_agency", "to_agency", "asked_by"
    ).get(pk=row.object_id)
    person = User.objects.get(pk=row.recipient_id)
    reads = AvipContract.objects.visible_to(person).filter(pk=change.contract_id).exists()
    is_asked = change.to_agency_id in person.reach.agencies
    if row.kind == "families.referent_proposed":
        if not is_asked or change.status != ReferentChange.Status.PROPOSED:
            return  # she has left, or it was answered meanwhile
        url = reverse("families:referent_change", args=[change.pk])
    else:
        url = change.contract.get_absolute_url() if reads else "/"
    context = {
        "change": change,
        "contract": change.contract,
        "person": person,
        "reads": reads,
        "action_url": settings.BASE_URL + url,
    }
    template = EMAILS + row.kind.removeprefix("families.")
    mail.send(mail.Mail(person.email, template, context), key=row.key)


@outbox.handler("families.parent_new_referent")
def tell_parent_of_referent(row):
    """Somebody else accompanies the family: who, and how to reach her; by SMS, else by mail."""
    signatory = Signatory.objects.select_related(
        "parent", "version__contract__adviser", "version__contract__agency"
    ).get(pk=row.object_id)
    parent, contract = signatory.parent, signatory.version.contract
    phone = (contract.adviser and contract.adviser.phone) or contract.agency.phone
    if parent.phone:
        mail.send_sms(parent.phone, referent_sms(phone))
    elif parent.email:
        context = {"adviser": contract.adviser, "agency": contract.agency, "phone": phone}
        message = mail.Mail(parent.email, EMAILS + "parent_new_referent", context)
        mail.send(message, key=row.key)


def referent_sms(phone) -> str:
    """One message: another adviser, the care goes on."""
    how = f" : {phone}" if phone else ", qui vous appelle"
    return say_in_sms(f"Avip : votre accueil continue, avec un nouveau conseiller{how}.")


@outbox.handler("families.contract_taken_over")
def write_of_takeover(row):
    """A contract signed on paper was recorded: the other party checks it."""
    contract = AvipContract.objects.select_related("provider__commune").get(pk=row.object_id)
    _write(row, contract, by=contract.history.filter(step="take_over").last().by)
