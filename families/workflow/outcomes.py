"""What came of a contract: one category, said by a party once it is over; never a story."""

from datetime import date

from django.db.models import F

from avip.templatetags.words import count_of
from avip.workflow import Step, StepRefused, Workflow
from families.models import AvipContract
from families.permissions import takes_part

Status = AvipContract.Status


def _not_renewed(contract, on):
    if not AvipContract.objects.not_renewed().filter(pk=contract.pk).exists():
        return ["Ce contrat a été renouvelé\xa0: l’issue se note à la fin du suivant."]
    return []


OUTCOME = Workflow(
    record=Step(
        "Noter l’issue",
        (Status.ENDED, Status.TERMINATED),
        "",
        takes_part,
        _not_renewed,
        done="Issue notée",
    )
)


def record(contract, *, by, on: date, outcome: str, at=None):
    """Note what came of a contract that is over; noted again, it replaces what was said before.

    `outcome` is one of `AvipContract.Outcome`. Raises StepRefused while the contract runs, and for
    one that another follows; PermissionDenied when `by` is no party.
    """
    with OUTCOME.take("record", contract, by=by, on=on, at=at):
        if outcome not in AvipContract.Outcome.values:
            raise StepRefused("Choisissez une issue de la liste.")
        contract.outcome = outcome
        contract.outcome_recorded_on = on


def is_positive(outcome: str, rules) -> bool:
    """Whether this outcome is among those the rules of the day call positive."""
    return AvipContract.OUTCOME_CATEGORY.get(outcome) in rules.positive_outcomes


def record_many(chosen: dict, *, by, on: date, at=None) -> dict:
    """Note the outcome of several families: {contract: outcome}; one refused stops no other.

    Returns the French reasons of those that were refused, by primary key.
    """
    refused = {}
    for contract, outcome in chosen.items():
        try:
            record(contract, by=by, on=on, outcome=outcome, at=at)
        except StepRefused as refusal:
            refused[contract.pk] = list(refusal.reasons)
    return refused


def say_noted(count: int) -> str:
    """After the press."""
    return f"{count_of(count, 'issue notée,issues notées')}."


def lived(contracts):
    """Those that had a day of care: one stopped before its first day is nobody's exit."""
    over = contracts.filter(status__in=[Status.ENDED, Status.TERMINATED])
    return over.filter(ended_on__gte=F("start_on")).not_renewed()


def waiting(contracts):
    """Of these, those that are over and of which nothing is said."""
    return lived(contracts).filter(outcome="")
