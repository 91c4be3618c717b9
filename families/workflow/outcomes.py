"""What came of a contract: one category, said by a party once it is over; never a story."""

from datetime import date

from avip.workflow import Step, StepRefused, Workflow
from families.models import AvipContract
from families.permissions import takes_part

Status = AvipContract.Status


def _not_renewed(contract, on):
    if AvipContract.objects.live().filter(previous=contract.pk).exists():
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
