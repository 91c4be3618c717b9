"""Propose, sign, revise, correct, adjust, renew, stop, keep, wait: in any order, all stays true."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.families import machine
from tests.families.crossroads import build_world

pytestmark = pytest.mark.django_db
ACTS, PARTS = 20_000, 4
QUIET = {
    "stateful_step_count": 50,
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
    "print_blob": False,
}


@pytest.fixture(autouse=True)
def files_of_its_own(settings, tmp_path):
    settings.PRIVATE_DIR = tmp_path


def live(lives, **more):
    """That many lives of the machine; the steps pressed and those taken."""
    contracts = type("Contracts", (machine.ContractMachine,), {"world": build_world()})
    run_state_machine_as_test(contracts, settings=settings(max_examples=lives, **QUIET, **more))
    return contracts.steps, contracts.taken


def test_some_hundred_acts_in_any_order_leave_one_truth():
    steps, taken = live(7, derandomize=True, phases=[Phase.generate])
    assert steps >= 300 and taken >= 200


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_twenty_thousand_acts_in_any_order_leave_one_truth(part, record_property):
    """Each part draws its own lives: together, more acts than that."""
    steps, taken = live(140, phases=[Phase.generate, Phase.shrink])
    record_property("acts", steps)
    record_property("taken", taken)
    assert steps >= ACTS / PARTS and taken >= ACTS / PARTS / 2
