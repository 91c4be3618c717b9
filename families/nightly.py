"""What a day brings to contracts: they begin, end, are recalled to who has not signed."""

from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from avip import jobs, outbox
from avip.jobs import SCHEDULES
from avip.workflow import StepRefused
from families.checks import contracts_over
from families.models import AvipContract, ContractVersion, Placement, Signatory
from families.recipients import people_of
from families.workflow.contracts import PLACEMENT, end, lapse


@jobs.daily("families.contracts_begin")
def begin_placements(on):
    """Care whose first day has come is running."""
    planned = Placement.objects.filter(status=Placement.Status.PLANNED, start_on__lte=on)
    return f"{PLACEMENT.take_all('start', planned, on=on)} accueils commencés"


@jobs.daily("families.contracts_end")
def end_contracts(on):
    """Contracts whose last day is past end on their date."""
    return f"{_each(contracts_over(on), end, on)} contrats terminés"


@jobs.daily("families.contracts_lapse")
def lapse_contracts(on):
    """Contracts never signed by all are closed some days after their first one."""
    limit = on - timedelta(days=SCHEDULES["contract_lapse_days"])
    late = AvipContract.objects.filter(status=AvipContract.Status.TO_SIGN, start_on__lt=limit)
    return f"{_each(late.order_by('pk'), lapse, on)} contrats clos sans signature"


@jobs.daily("families.contracts_unsigned")
def recall_unsigned(on):
    """Each delay after the proposal, the professionals who have not signed are written to once.

    Once they all have, the adviser is, who alone can help the family sign.
    """
    written = 0
    delays = SCHEDULES["contract_unsigned_reminder_days"]
    versions = ContractVersion.objects.filter(
        Q(signatories_expected__gt=F("care_signed") + F("parents_signed") + F("adviser_signed")),
        status=ContractVersion.Status.TO_SIGN,
    )
    for version in versions.select_related("contract__provider", "contract__agency"):
        waited = (on - timezone.localtime(version.proposed_at).date()).days
        due = max((days for days in delays if days <= waited), default=None)
        if due is not None:
            written += _recall(version, due, on)
    return f"{written} rappels"


def _recall(version, due, on):
    unsigned = version.signatories.filter(signature=None).exclude(role=Signatory.Role.PARENT)
    people = {user.pk: user for signatory in unsigned for user in people_of(signatory, on=on)}
    if not unsigned:
        # Only the family has not signed: its adviser is the one who can help.
        adviser = version.signatories.get(role=Signatory.Role.ADVISER)
        people = {user.pk: user for user in people_of(adviser, on=on)}
    with transaction.atomic():
        for user in people.values():
            outbox.add(
                "families.contract_reminder",
                version,
                recipient=user,
                key=f"{version.pk}:{due}:{user.pk}",
            )
    return len(people)


def _each(contracts, verb, on):
    done = 0
    for contract in contracts:
        try:
            verb(contract, on=on)
        except StepRefused:
            continue  # signed or stopped meanwhile
        done += 1
    return done
