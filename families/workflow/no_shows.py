"""A family that never came: its place goes to the next one, its contract stops."""

from datetime import timedelta

from django.db import transaction

from avip.jobs import SCHEDULES
from avip.templatetags.words import fr_date
from avip.workflow import StepRefused
from families.models import AvipContract, Placement, Referral
from families.recipients import advisers_of, people_who_answer
from families.workflow import contracts
from families.workflow.endings import end_kept
from families.workflow.referral_steps import NOT_FINAL, REFERRAL, give_back, tell, tell_family
from families.workflow.siblings import lock_family, lock_providers_of_obsolete, revive_all

Contract = AvipContract.Status
NEVER_CAME = "La famille n’est jamais venue."


def last_day_to_say(referral):
    """Until when « jamais venu » may be said of care that has begun."""
    return referral.from_on + timedelta(days=SCHEDULES["no_show_days"])


def no_show(referral, *, by, on, at=None):
    """Nobody came: the place is given back, whoever waits first is signalled, the family told.

    A contract to sign is cancelled; one in force since a few days is stopped.
    """
    with transaction.atomic():
        lock_providers_of_obsolete(referral)
        lock_family(referral, statuses=NOT_FINAL)
        with REFERRAL.take("no_show", referral, by=by, on=on, at=at):
            if referral.status == Referral.Status.PLACED and on > last_day_to_say(referral):
                raise StepRefused(
                    "«\xa0Jamais venu\xa0» se dit dans les premiers jours, jusqu’au "
                    f"{fr_date(last_day_to_say(referral))}\xa0: arrêtez plutôt le contrat."
                )
            live = [Contract.DRAFT, Contract.TO_SIGN, Contract.ACTIVE]
            for contract in referral.contracts.filter(status__in=live).order_by("-number", "pk"):
                _stop(contract, by=by, on=on, at=at)
            kept = Placement.objects.filter(contract__referral=referral, status="kept")
            for placement in kept.select_related("contract__referral"):
                end_kept(placement, on, by=by, on=on, at=at)
            give_back(referral, "no_show", on, at)
            people = {
                person.pk: person
                for person in [
                    *people_who_answer(referral.provider, on=on),
                    *advisers_of(referral, on=on),
                ]
                if person != by
            }
            tell("referral_no_show", referral, "no_show", list(people.values()), at)
            tell_family(referral, "no_show", at)
        revive_all(referral, on=on, at=at)


def _stop(contract, *, by, on, at):
    if contract.status == Contract.ACTIVE:
        contracts.terminate(contract, by=by, on=on, at=at, reason=NEVER_CAME, stop_reason="no_show")
    else:
        contracts.cancel(contract, by=by, on=on, at=at)
