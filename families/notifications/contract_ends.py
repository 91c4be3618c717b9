"""A contract ends soon: what to do, by when, to the adviser and to who gives care."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from avip import jobs, mail, outbox
from families.checks import contracts_ending
from families.models import AvipContract
from families.recipients import people_of_contracts
from partners.models import User


@jobs.daily("families.contract_reminders")
@transaction.atomic
def remind_of_contract_ends(on):
    """One mail to each person of the two professional parties for each reminder due, once."""
    reminders = contracts_ending(on)
    people = people_of_contracts([reminder.contract for reminder in reminders], on=on)
    effects = [
        (reminder.contract.pk, f"{reminder.key}:{person}", person)
        for reminder in reminders
        for person in people[reminder.contract.pk]
    ]
    outbox.add_all("families.contract_ending", effects)
    return f"{len(reminders)} contrats bientôt finis"


@outbox.handler("families.contract_ending")
def tell_contract_ending(row):
    """The wording is that of the day it leaves, so a late mail does not lie."""
    person = User.objects.get(pk=row.recipient_id)
    contract = (
        AvipContract.objects.visible_to(person)
        .select_related("provider__commune", "agency")
        .filter(pk=row.object_id, status=AvipContract.Status.ACTIVE)
        .first()
    )
    if contract is None:
        return  # ended or stopped meanwhile, or she has left
    context = {
        "contract": contract,
        "person": person,
        "days_left": (contract.end_on - timezone.localdate()).days,
        "is_adviser": contract.agency_id in person.reach.agencies,
        "action_url": settings.BASE_URL + contract.get_absolute_url(),
    }
    mail.send(mail.Mail(person.email, "families/email/contract_ending", context), key=row.key)
