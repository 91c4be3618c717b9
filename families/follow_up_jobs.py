"""What a day brings after a contract: outcomes recalled, kept places that end, one question."""

from datetime import timedelta

from django.db import transaction

from avip import jobs, outbox
from avip.jobs import SCHEDULES
from families.models import AvipContract, Placement
from families.recipients import people_of_contracts, people_of_providers
from families.workflow import outcomes, work_checks
from families.workflow.contract_steps import PLACEMENT

Care = Placement.Status


@jobs.daily("families.outcome_reminders")
@transaction.atomic
def remind_of_outcomes(on):
    """Counted from the end of the contract: the adviser first, then who gives care as well.

    One reminder for each delay and person; after days without a tick, the latest due alone.
    """
    delays = SCHEDULES["outcome_reminder_days"]
    over = outcomes.waiting(AvipContract.objects.filter(ended_on__lte=on - timedelta(min(delays))))
    contracts = list(over.select_related("provider").order_by("ended_on", "pk"))
    everybody = people_of_contracts(contracts, on=on)
    care = people_of_providers([contract.provider for contract in contracts], on=on)
    effects = []
    for contract in contracts:
        delay = max(days for days in delays if days <= (on - contract.ended_on).days)
        first = delay == min(delays)
        skipped = set(care[contract.provider_id]) if first else set()
        effects += [
            (contract.pk, f"{contract.pk}:{delay}:{person}", person)
            for person in everybody[contract.pk]
            if person not in skipped
        ]
    outbox.add_all("families.outcome_due", effects)
    return f"{len(contracts)} issues attendues"


@jobs.daily("families.care_ends")
def end_care(on):
    """Care whose last day is past ends: after a notice, or with the school for a kept place."""
    over = [AvipContract.Status.ENDED, AvipContract.Status.TERMINATED]
    past = Placement.objects.filter(
        status__in=[Care.RUNNING, Care.KEPT], end_on__lt=on, contract__status__in=over
    )
    return f"{PLACEMENT.take_all('end', past, on=on)} accueils terminés"


@jobs.daily("families.work_checks")
@transaction.atomic
def ask_about_work(on):
    """Where the adviser has not said, the family is asked once, by one link."""
    late = work_checks.due(on - timedelta(days=SCHEDULES["work_check_parent_days"]))
    effects = [(pk, str(pk), "") for pk in late.values_list("pk", flat=True)]
    outbox.add_all("families.parent_still_in_work", effects)
    return f"{len(effects)} familles à interroger"
