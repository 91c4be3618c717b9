"""Two people press at the same moment: one act, whatever the order."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connections

from avip.workflow import StepRefused
from labels import workflow
from labels.models import DecisionConfirmation, Label, LabelApplication
from labels.requests import confirm_request
from labels.takeover import take_over
from partners.models import Facility, User
from tests import factories as f
from tests.labels.factories import AT, ON, WORDS, Status, make_application, make_label_request

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts):
    """What each act returned or refused, all of them started together."""
    barrier = Barrier(len(acts))

    def run(act):
        try:
            barrier.wait()
            return act()
        except (StepRefused, PermissionDenied) as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def refusals(results):
    return [result for result in results if isinstance(result, Exception)]


@pytest.mark.parametrize("turn", range(3))
def test_two_members_record_the_decision_at_once(caf, facility, turn):
    agent, *deciders = [f.make_user(name, "D", member_of=caf) for name in ("Ana", "Bob", "Cléo")]
    application = make_application(Status.READY, facility, agent=agent)

    def record(person, decision):
        mine = LabelApplication.objects.get(pk=application.pk)
        workflow.record_decision(
            mine, by=person, on=ON, at=AT, decision=decision, reasons="Vu.", decided_on=ON,
            **WORDS.get(decision, {}),
        )  # fmt: skip

    results = at_once(lambda: record(deciders[0], "grant"), lambda: record(deciders[1], "refuse"))
    assert len(refusals(results)) == 1
    application.refresh_from_db()
    granted = application.status == Status.GRANTED
    assert Label.objects.count() == granted
    assert application.history.filter(step__in=["grant", "refuse"]).count() == 1


@pytest.mark.parametrize("turn", range(3))
def test_a_label_is_taken_over_while_the_same_creche_gets_one(caf, facility, turn):
    agent, decider = [f.make_user(name, "D", member_of=caf) for name in ("Ana", "Bob")]
    application = make_application(Status.READY, facility, agent=agent)
    paper = {"line": 1, "siret": facility.facility.siret}
    paper |= {"granted_on": "15/01/2025", "ends_on": "31/12/2027"}

    def grant():
        mine = LabelApplication.objects.get(pk=application.pk)
        workflow.record_decision(
            mine, by=decider, on=ON, at=AT, decision="grant", reasons="", decided_on=ON
        )

    (refusal,) = refusals(at_once(grant, lambda: take_over(caf, paper, by=agent, on=ON, at=AT)))
    assert "a déjà un label" in str(refusal)
    assert Label.objects.count() == 1


def test_the_dates_of_two_labels_are_held_apart_by_the_database_too(facility):
    dates = {"granted_on": ON, "starts_on": ON, "ends_on": ON}
    Label.objects.open(provider=facility, caf=facility.caf, **dates)
    with pytest.raises(StepRefused, match="déjà un label sur ces dates"):
        Label.objects.open(provider=facility, caf=facility.caf, **dates)
    assert Label.objects.count() == 1


@pytest.mark.parametrize("turn", range(3))
def test_the_creche_withdraws_while_the_committee_confirms(caf, facility, turn):
    director = f.make_user("Nadia", "B", member_of=facility)
    agent = f.make_user("Ana", "D", member_of=caf)
    application = make_application(Status.TO_CONFIRM, facility, by=director, agent=agent)
    confirmation = application.confirmations.get()

    def confirm():
        mine = DecisionConfirmation.objects.get(pk=confirmation.pk)
        workflow.confirm_decision(mine, on=ON, at=AT)

    def withdraw():
        mine = LabelApplication.objects.get(pk=application.pk)
        workflow.withdraw(mine, by=director, on=ON, at=AT)

    results = at_once(confirm, withdraw)
    assert len(refusals(results)) == 1
    application.refresh_from_db()
    assert Label.objects.count() == (application.status == Status.GRANTED)


@pytest.mark.parametrize("turn", range(3))
def test_two_directors_open_the_same_siret_at_once(caf, turn):
    siret = f.make_siret()
    requests = [
        make_label_request(caf, siret=siret, email=f"{name}@example.fr") for name in ("ana", "bob")
    ]
    commune = f.make_commune()

    def confirm(request):
        return confirm_request(
            request, password=f.PASSWORD, commune=commune, quality="directrice", on=ON
        )

    results = at_once(lambda: confirm(requests[0]), lambda: confirm(requests[1]))
    assert not refusals(results)
    assert Facility.objects.filter(siret=siret).count() == 1
    assert LabelApplication.objects.count() == 1
    assert User.objects.filter(memberships__isnull=False).count() == 1
    assert sum(result.application is None for result in results) == 1


@pytest.mark.parametrize("turn", range(3))
def test_a_double_press_on_the_link_opens_one_account(caf, turn):
    request = make_label_request(caf)
    commune = f.make_commune()

    def confirm():
        return confirm_request(
            request, password=f.PASSWORD, commune=commune, quality="directrice", on=ON
        )

    assert len(refusals(at_once(confirm, confirm))) == 1
    assert User.objects.count() == 1
