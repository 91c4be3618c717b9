"""Every step of every workflow: from which states, by whom, and never a dossier without a next act.

The dossiers are those of the demonstration, in every state that the real steps lead to; for each
one, a person of each trade is invented who has a dossier of hers elsewhere.
"""

import importlib
import pkgutil
from itertools import product

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

import families.workflow
import labels.workflow
from avip.workflow import StepRefused, Workflow
from partners.models import Membership
from tests import factories as f
from tests.rights import FINAL, MODELS, NOT_SHOWN, ONLY_THEN, REOPENING, RIGHTS
from tests.world import build_world

# One process builds the world, for the whole file.
pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("workflows")]


def _workflows():
    """{name: workflow} of every table of steps of the project."""
    found = {}
    for package in (labels.workflow, families.workflow):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, Workflow):
                    found[name] = value
    return found


WORKFLOWS = _workflows()
STEPS = [(name, step) for name, table in WORKFLOWS.items() for step in table.steps]
STATES = [(name, status) for name, model in MODELS.items() for status in model.Status]


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """Built once for the module, in a transaction that is rolled back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield build_world()
        transaction.set_rollback(True)


def dossier_in(name, status):
    """A dossier of this workflow in this state; the demonstration shows nearly all of them."""
    rows = MODELS[name].objects.order_by("created_at", "pk")
    neighbour = NOT_SHOWN.get(name, {}).get(status)
    found = rows.filter(status=status).first() or rows.filter(status=neighbour).first()
    assert found, f"la démonstration ne montre aucun dossier {name} {status}"
    if found.status != status:  # the test alone, in a transaction that is rolled back
        rows.filter(pk=found.pk).update(status=status)
        found.refresh_from_db()
    return found


def people_around(dossier):
    """{trade: person} of those who may be concerned by a dossier, and of their neighbours."""
    subject = getattr(dossier, "contract", None) or getattr(dossier, "application", None) or dossier
    provider, caf = getattr(subject, "provider", None), subject.caf
    elsewhere = f.make_caf("2A", "Caf de la Corse-du-Sud")
    people = {
        "system": None,
        "caf": f.make_user("Une", "Agente", member_of=caf),
        "caf_manager": f.make_user(
            "Une", "Responsable", member_of=caf, role=Membership.Role.MANAGER
        ),
        "other_caf": f.make_user("Autre", "Caf", member_of=elsewhere),
        "other_care": f.make_user(
            "Autre", "Crèche", member_of=f.make_facility("Ailleurs", caf=elsewhere)
        ),
        "other_agency": f.make_user("Autre", "Agence", member_of=f.make_agency("Ailleurs")),
    }
    if provider:
        people["care"] = f.make_user("Une", "Directrice", member_of=provider)
    if provider and provider.is_childminder:
        service = provider.childminder.service
        people["coordinator"] = f.make_user("Une", "Coordinatrice", member_of=service)
    elif provider and provider.facility.operator:
        operator = provider.facility.operator
        people["operator"] = f.make_user("Un", "Gestionnaire", member_of=operator)
    if counter := getattr(dossier, "counter", None):
        people["counter"] = f.make_user("Un", "Guichet", member_of=counter)
    if newcomer := getattr(dossier, "to_agency", None):
        people["new_agency"] = f.make_user("Une", "Reprise", member_of=newcomer)
    if agency := getattr(subject, "agency", None):
        people["agency"] = f.make_user("Une", "Conseillère", member_of=agency)
    return people


def test_every_workflow_and_every_step_has_its_line():
    assert set(WORKFLOWS) == set(MODELS)
    assert {(name, step) for name, steps in RIGHTS.items() for step in steps} == set(STEPS)


@pytest.mark.parametrize(("name", "status"), STATES)
def test_a_step_starts_from_its_states_alone_and_for_its_people_alone(world, name, status):
    """Whoever has the right enters a step from its states; anybody else changes nothing."""
    dossier = dossier_in(name, status)
    people = people_around(dossier)
    on, history, wrong = timezone.localdate(), dossier.history.count(), {}
    for step, line in WORKFLOWS[name].steps.items():
        declared = ONLY_THEN.get((name, step, status), RIGHTS[name][step]).split()
        for trade, person in people.items():
            answer = _try(WORKFLOWS[name], step, dossier, person, on)
            if status not in line.sources:
                expected = {"state", "right"}
            elif trade in declared:
                expected = {"entered", "needs"}
            else:
                expected = {"right"}
            if answer not in expected:
                wrong[step, trade] = f"{answer}, expected {sorted(expected)}"
    assert not wrong
    dossier.refresh_from_db()
    assert (dossier.status, dossier.history.count()) == (status, history)


class _Undo(Exception):
    """The step would have been taken: leave everything as it was."""


def _try(table, step, dossier, by, on):
    """What becomes of a person who takes a step: entered, needs something, no right, too late."""
    try:
        with transaction.atomic(), table.take(step, dossier, by=by, on=on):
            raise _Undo
    except _Undo:
        return "entered"
    except PermissionDenied:
        return "right"
    except StepRefused as refusal:
        return "state" if "n’est plus possible" in refusal.reasons[0] else "needs"


OPEN = [
    (name, status)
    for name, model in MODELS.items()
    for status in model.Status
    if status not in FINAL[name]
]


@pytest.mark.parametrize(("name", "status"), OPEN)
def test_somebody_always_has_a_next_act(world, name, status):
    """From each state that is not an end, somebody can act now, or the night will on its day."""
    dossier, on = dossier_in(name, status), timezone.localdate()
    steps = [
        table.steps[step]
        for other, table in WORKFLOWS.items()
        if MODELS[other] is MODELS[name]
        for step in table.steps
        if status in table.steps[step].sources
    ]
    able = {
        trade
        for (trade, person), step in product(people_around(dossier).items(), steps)
        if step.allowed(person, dossier) and (trade == "system" or not step.requires(dossier, on))
    }
    confirmations = getattr(dossier, "confirmations", None)
    if confirmations and confirmations.waiting().exists():
        able.add("confirmer")
    assert able


@pytest.mark.parametrize("name", MODELS)
def test_an_end_is_an_end(name):
    """No step leaves a final state, except to reopen it on purpose."""
    for status in FINAL[name]:
        leaving = [
            step
            for step, line in WORKFLOWS[name].steps.items()
            if status in line.sources
            and line.target not in ("", status)
            and (name, step) not in REOPENING
        ]
        assert not leaving, (status, leaving)
