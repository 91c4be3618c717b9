"""A committee is prepared, convened, changed and cancelled; its dossiers follow."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from avip.models import Outbox
from avip.workflow import StepRefused
from labels import workflow
from labels.models import LabelCommittee
from labels.timeline import history_of
from labels.views.committees import ready_dossiers
from labels.workflow import COMMITTEE
from tests import factories as f
from tests.labels.factories import AT, ON, Proposal, Status, make_application, make_committee
from tests.labels.sittings import (
    CALLED,
    DAY,
    SAT,
    THEN,
    C,
    add_members,
    make_decided,
    make_ready,
    make_sitting,
)


def sitting_in(state, caf, agent, manager=None):
    """A committee in this state; `manager` closes it, a member confirms where there is none."""
    if state == C.PLANNED:
        return make_sitting(caf, agent=agent, convened=False)
    if state == C.CANCELLED:
        committee = make_sitting(caf, agent=agent)
        workflow.cancel_committee(committee, by=agent, **SAT)
        return committee
    committee = make_decided(caf, agent=agent)
    if state == C.CLOSED:
        manager = manager or f.make_user("Marc", "D", member_of=caf)
        workflow.close_committee(committee, by=manager, **SAT)
    if state == C.TO_CONFIRM:
        workflow.close_committee(committee, by=agent, confirmer=committee.members.first(), **SAT)
    return committee


def someone_for(step, committee, agent, second):
    if step in {"confirm", "decline_confirmation"}:
        return committee.confirmations.first() or agent
    return second if step == "close" else agent


FORBIDDEN = [
    (name, state) for name, step in COMMITTEE.steps.items() for state in C
    if state not in step.sources
]  # fmt: skip


@pytest.mark.parametrize(("name", "state"), FORBIDDEN)
def test_a_step_is_refused_from_a_state_it_does_not_start_from(name, state, caf, caf_agent):
    committee = sitting_in(state, caf, caf_agent)
    second = f.make_user("Zora", "Tiers", member_of=caf)
    by = someone_for(name, committee, caf_agent, second)
    with (
        pytest.raises((StepRefused, PermissionDenied)),
        COMMITTEE.take(name, committee, by=by, on=DAY),
    ):
        pass
    assert LabelCommittee.objects.get(pk=committee.pk).status == state


@pytest.mark.parametrize("name", COMMITTEE.steps)
def test_the_neighbouring_caf_takes_no_step(name, caf, caf_agent, other_caf, other_caf_agent):
    make_committee(other_caf, by=other_caf_agent)  # it has a committee of its own
    source = COMMITTEE.steps[name].sources[0]
    committee = sitting_in(source, caf, caf_agent)
    with (
        pytest.raises(PermissionDenied),
        COMMITTEE.take(name, committee, by=other_caf_agent, on=DAY),
    ):
        pass


@pytest.mark.parametrize("state", [C.PLANNED, C.CONVENED, C.TO_CONFIRM])
def test_somebody_always_has_a_next_step(state, caf, caf_agent):
    committee = sitting_in(state, caf, caf_agent)
    people = [caf_agent, committee.confirmations.first()]
    assert any(COMMITTEE.available(committee, by, DAY) for by in people if by)


def test_a_deferred_creche_may_file_again(facility, caf, caf_agent, caf_manager, director):
    application = make_application(Status.READY, facility, by=director, agent=caf_agent)
    committee = make_sitting(caf, agent=caf_agent, applications=[application])
    workflow.note_decision(
        committee.agenda.get(),
        by=caf_agent,
        decision=Proposal.DEFER,
        reasons="La convention manque.",
        deferred_until=date(2026, 6, 1),
        **SAT,
    )
    workflow.close_committee(committee, by=caf_manager, **SAT)
    application.refresh_from_db()
    assert application.status == Status.DEFERRED
    assert application.deferred_until == date(2026, 6, 1)
    assert make_application(Status.SUBMITTED, facility, by=director).status == Status.SUBMITTED


def test_an_empty_or_past_committee_is_not_convened(caf, caf_agent):
    committee = make_committee(caf, by=caf_agent, held_on=date(2026, 3, 1))
    with pytest.raises(StepRefused) as refusal:
        workflow.convene(committee, by=caf_agent, **CALLED)
    assert len(refusal.value.reasons) == 3


def test_a_quorum_above_the_number_of_members_is_said_before_convening(caf, caf_agent):
    committee = make_sitting(caf, agent=caf_agent, convened=False, quorum=4)
    with pytest.raises(StepRefused, match="Le quorum est de 4"):
        workflow.convene(committee, by=caf_agent, **CALLED)


def test_convening_tells_each_member_once_and_makes_the_pack(caf, caf_agent):
    committee = make_sitting(caf, agent=caf_agent)
    told = Outbox.objects.filter(kind="labels.convened").values_list("object_id", flat=True)
    assert sorted(told) == sorted(str(member.pk) for member in committee.members.all())
    assert Outbox.objects.filter(kind="labels.committee_pack").count() == 1


def test_another_date_is_told_to_those_already_convened(caf, caf_agent):
    committee = make_sitting(caf, agent=caf_agent)
    fields = {"kind": "session", "place": "Salle 2", "starts_at": None, "quorum": 2}
    change = {"by": caf_agent, "on": ON, "held_on": date(2026, 4, 2), **fields}
    workflow.update_committee(committee, seen=None, **change)
    assert Outbox.objects.filter(kind="labels.convened").count() == 6
    with pytest.raises(StepRefused, match="modifié entre-temps"):
        workflow.update_committee(committee, seen=0, **change)


def test_the_members_of_the_latest_committee_are_taken_up_again(caf, other_caf, caf_agent):
    former = make_committee(caf, by=caf_agent, held_on=date(2026, 2, 2))
    add_members(former, by=caf_agent)
    make_committee(other_caf)
    committee = make_committee(caf, by=caf_agent)
    workflow.add_member(
        committee, by=caf_agent, name="Jeanne", organisation="ML", email="JEANNE@comite.example.fr"
    )
    assert workflow.copy_members(committee, by=caf_agent) == 2
    assert committee.members.count() == 3
    with pytest.raises(StepRefused, match="déjà membre"):
        add_members(committee, by=caf_agent)


def test_a_dossier_sits_in_one_session_at_a_time(caf, caf_agent):
    [application] = make_ready(caf, agent=caf_agent)
    first, second = make_committee(caf, by=caf_agent), make_committee(caf, by=caf_agent)
    workflow.put_on_agenda(application, committee=first, by=caf_agent, **CALLED)
    with pytest.raises(StepRefused):
        workflow.put_on_agenda(application, committee=second, by=caf_agent, **CALLED)
    with pytest.raises(IntegrityError), transaction.atomic():
        second.agenda.create(application=application, position=1)


def test_a_dossier_of_another_caf_is_refused(caf, caf_agent, other_facility):
    foreign = make_application(Status.READY, other_facility)
    committee = make_committee(caf, by=caf_agent)
    with pytest.raises(StepRefused, match="autre Caf"):
        workflow.put_on_agenda(foreign, committee=committee, by=caf_agent, **CALLED)


def test_those_that_have_moved_on_are_named_and_the_others_go_on(caf, caf_agent):
    gone, *others = make_ready(caf, agent=caf_agent, count=3)
    workflow.withdraw(gone, by=gone.opened_by, **CALLED)
    committee = make_committee(caf, by=caf_agent)
    refused = workflow.put_all_on_agenda(
        [gone, *others], committee=committee, by=caf_agent, **CALLED
    )
    assert [application for application, _ in refused] == [gone]
    assert [item.application for item in committee.agenda.all()] == others


def test_the_agenda_is_put_in_order(caf, caf_agent):
    committee = make_sitting(caf, agent=caf_agent, count=4)
    last = committee.agenda.last()
    workflow.move_item(last, 2, by=caf_agent)
    names = [item.application.facility_name for item in committee.agenda.all()]
    assert names == ["Crèche 1", "Crèche 4", "Crèche 2", "Crèche 3"]
    assert [item.position for item in committee.agenda.all()] == [1, 2, 3, 4]


def test_a_dossier_taken_off_is_ready_again_and_may_come_back(caf, caf_agent):
    committee = make_sitting(caf, agent=caf_agent, count=2)
    item = committee.agenda.first()
    workflow.note_decision(item, by=caf_agent, decision="grant", **SAT)
    workflow.take_off_agenda(item, by=caf_agent, **SAT)
    item.refresh_from_db()
    assert item.application.status == Status.READY
    assert (item.outcome, item.decision) == ("Retiré de l’ordre du jour.", "")
    with pytest.raises(StepRefused, match="n’est plus à l’ordre du jour"):
        workflow.note_decision(item, by=caf_agent, decision="grant", **SAT)
    workflow.put_on_agenda(item.application, committee=committee, by=caf_agent, **SAT)
    item.refresh_from_db()
    assert item.settled_at is None and item.position == 3


def test_before_it_is_convened_a_dossier_taken_off_leaves_no_trace(caf, caf_agent):
    committee = make_sitting(caf, agent=caf_agent, convened=False)
    workflow.take_off_agenda(committee.agenda.get(), by=caf_agent, **CALLED)
    assert not committee.agenda.exists()


def test_a_cancelled_committee_gives_its_dossiers_back_and_tells_its_members(caf, caf_agent):
    committee = make_sitting(caf, agent=caf_agent, count=2)
    workflow.cancel_committee(committee, by=caf_agent, reasons="Grève.", **SAT)
    statuses = {item.application.status for item in committee.agenda.all()}
    assert statuses == {Status.READY}
    assert Outbox.objects.filter(kind="labels.committee_cancelled").count() == 3
    other = make_committee(caf, by=caf_agent)
    application = committee.agenda.first().application
    workflow.put_on_agenda(application, committee=other, by=caf_agent, **CALLED)


def test_a_past_committee_takes_no_more_dossiers(caf, caf_agent):
    committee = make_sitting(caf, agent=caf_agent)
    [late] = make_ready(caf, agent=caf_agent)
    with pytest.raises(StepRefused, match="est passée"):
        workflow.put_on_agenda(
            late, committee=committee, by=caf_agent, on=date(2026, 3, 24), at=THEN
        )


@pytest.mark.parametrize(
    ("decision", "words", "field"),
    [
        (Proposal.REFUSE, {"reasons": "Non."}, "motif de refus"),
        (Proposal.REFUSE, {"refusal_grounds": ["Autre."]}, "Écrivez les motifs"),
        (Proposal.DEFER, {"reasons": "Plus tard."}, "nouvel examen"),
        (Proposal.DEFER, {"reasons": "Plus tard.", "deferred_until": DAY}, "nouvel examen"),
        (Proposal.GRANT_WITH_RESERVATIONS, {"reasons": "Si."}, "lever les réserves"),
    ],
)
def test_a_decision_says_why_and_until_when(decision, words, field, caf, caf_agent):
    committee = make_sitting(caf, agent=caf_agent)
    with pytest.raises(StepRefused, match=field):
        workflow.note_decision(
            committee.agenda.get(), by=caf_agent, decision=decision, **words, **SAT
        )
    assert committee.agenda.get().decision == ""


def test_what_another_agent_has_noted_meanwhile_is_not_overwritten(caf, caf_agent, caf_manager):
    item = make_sitting(caf, agent=caf_agent).agenda.get()
    shown = workflow.mark_of(item)
    workflow.note_decision(item, by=caf_manager, decision="grant", **SAT)
    with pytest.raises(StepRefused, match="Marc Dubois a noté une décision"):
        workflow.note_decision(
            item, by=caf_agent, decision="defer", reasons="x", seen=shown,
            deferred_until=date(2026, 9, 1), **SAT,
        )  # fmt: skip


def test_the_proposals_to_grant_are_followed_at_once(caf, caf_agent):
    committee = make_sitting(caf, agent=caf_agent, count=3)
    workflow.take_off_agenda(committee.agenda.first(), by=caf_agent, **SAT)
    assert workflow.follow_proposals(committee, by=caf_agent, on=DAY, at=AT) == 2
    assert committee.agenda.filter(decision="grant", recorded_by=caf_agent).count() == 2


def test_the_database_refuses_a_quorum_of_nobody(caf, caf_agent):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_committee(caf, by=caf_agent, quorum=0)


def test_only_an_agent_of_the_caf_in_her_own_account_plans_a_committee(
    caf, caf_agent, other_caf_agent, director
):
    for person in (other_caf_agent, director):
        with pytest.raises(PermissionDenied):
            workflow.plan_committee(caf, by=person, held_on=DAY)
    caf_agent.is_hijacked = True
    with pytest.raises(PermissionDenied):
        workflow.plan_committee(caf, by=caf_agent, held_on=DAY)
    assert not LabelCommittee.objects.exists()


def test_the_history_of_a_committee_begins_in_words(caf, caf_agent):
    [planned] = history_of(make_committee(caf, by=caf_agent), COMMITTEE)
    assert planned["label"] == "Préparation commencée"


def test_an_agent_fills_an_agenda_without_the_creche_she_works_for(caf, caf_agent):
    committee = make_committee(caf, by=caf_agent)
    first, second, own = make_ready(caf, agent=caf_agent, count=3)
    both = f.make_user("Double", "Casquette", member_of=caf)
    f.make_membership(both, own.provider)
    offered = list(ready_dossiers(committee, both))
    assert set(offered) == {first, second}
    assert workflow.put_all_on_agenda(offered, committee=committee, by=both, on=ON, at=AT) == []
