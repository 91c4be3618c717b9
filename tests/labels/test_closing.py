"""A committee closes: two persons, the quorum, every decision at once, once."""

import io
from datetime import UTC, date, datetime, timedelta

import pikepdf
import pytest
from django.core.exceptions import PermissionDenied
from django.template import engines
from django.urls import reverse
from django.utils import timezone

from avip import outbox
from avip.models import Outbox
from avip.workflow import StepRefused
from labels import workflow
from labels.committee_documents import minutes_context
from labels.models import DecisionConfirmation, Label, LabelCommittee, Letter
from labels.permissions import other_closers
from labels.tasks import committees as tasks
from partners.models import User
from partners.tokens import make_token
from tests import factories as f
from tests.labels.factories import AT, Status
from tests.labels.sittings import (
    DAY,
    SAT,
    THEN,
    C,
    V,
    make_decided,
    make_sitting,
    note_all,
)
from tests.labels.test_at_once import at_once, refusals

SCRIPT = "<script>alert(1)</script>"
REFUSAL = {"reasons": "Trop peu de places.", "refusal_grounds": ["Autre motif."]}


def statuses(committee):
    return [item.application.status for item in committee.agenda.select_related("application")]


def test_nothing_leaves_before_it_closes_then_everything_at_once(caf, caf_agent, caf_manager):
    committee = make_decided(caf, agent=caf_agent, count=3)
    assert set(statuses(committee)) == {Status.ON_AGENDA}
    assert not Label.objects.exists()
    assert workflow.close_committee(committee, by=caf_manager, **SAT) is None
    assert committee.status == C.CLOSED
    assert (committee.closed_by, committee.closed_at) == (caf_manager, THEN)
    assert set(statuses(committee)) == {Status.GRANTED}
    assert Label.objects.count() == Letter.objects.count() == 3
    for kind in ("labels.decision", "labels.certificate", "labels.letter"):
        assert Outbox.objects.filter(kind=kind).count() == 3
    assert Outbox.objects.filter(kind="labels.minutes").count() == 1


def test_each_decision_carries_its_words(caf, caf_agent, caf_manager):
    committee = make_sitting(caf, agent=caf_agent, count=4)
    reserved, deferred, refused, granted = committee.agenda.all()
    until = date(2026, 6, 30)

    def note(item, decision, **words):
        workflow.note_decision(item, by=caf_agent, decision=decision, **words, **SAT)

    note(reserved, "grant_with_reservations", reasons="À signer.", reservations_due_on=until)
    note(deferred, "defer", reasons="Il manque.", deferred_until=until, reservations_due_on=until)
    note(refused, "refuse", **REFUSAL)
    note(granted, "grant")
    workflow.close_committee(committee, by=caf_manager, **SAT)
    found = [item.application for item in committee.agenda.select_related("application")]
    assert [one.status for one in found] == [
        Status.GRANTED_WITH_RESERVATIONS, Status.DEFERRED, Status.REFUSED, Status.GRANTED
    ]  # fmt: skip
    assert [one.reservations_due_on for one in found] == [until, None, None, None]
    assert [one.deferred_until for one in found] == [None, until, None, None]
    assert found[2].refusal_grounds == ["Autre motif."]
    assert {one.decided_on for one in found} == {DAY}
    assert {one.decided_by for one in found} == {caf_manager}
    assert "quota_rate" in found[0].decision_values
    label = Label.objects.get(application=found[0])
    assert (label.reservations, label.reservations_due_on) == ("À signer.", until)


def test_closing_twice_does_nothing_more(caf, caf_agent, caf_manager):
    committee = make_decided(caf, agent=caf_agent, count=2)
    workflow.close_committee(committee, by=caf_manager, **SAT)
    rows = Outbox.objects.count()
    with pytest.raises(StepRefused):
        workflow.close_committee(committee, by=caf_manager, **SAT)
    assert Outbox.objects.count() == rows
    assert Label.objects.count() == 2


def test_whoever_reviewed_a_dossier_does_not_close(caf, caf_agent, caf_manager):
    committee = make_decided(caf, agent=caf_agent)
    with pytest.raises(StepRefused, match="Marc Dubois"):
        workflow.close_committee(
            committee, by=caf_agent, confirmer=committee.members.first(), **SAT
        )
    assert [membership.user for membership in other_closers(committee, DAY)] == [caf_manager]


def test_nobody_closes_on_the_creche_she_works_for(caf, caf_agent, caf_manager):
    committee = make_decided(caf, agent=caf_agent)
    f.make_membership(caf_manager, committee.agenda.get().application.provider)
    assert not other_closers(committee, DAY)
    both = User.objects.get(pk=caf_manager.pk)  # her memberships are remembered on the instance
    with pytest.raises(StepRefused):
        workflow.close_committee(committee, by=both, **SAT)


def test_the_day_the_quorum_and_every_decision_are_needed(caf, caf_agent, caf_manager):
    committee = make_sitting(caf, agent=caf_agent, count=2, present=1)
    workflow.note_decision(committee.agenda.first(), by=caf_agent, decision="grant", **SAT)
    with pytest.raises(StepRefused, match="à partir du 23"):
        workflow.close_committee(committee, by=caf_manager, on=DAY - timedelta(days=1))
    with pytest.raises(StepRefused) as refusal:
        workflow.close_committee(committee, by=caf_manager, **SAT)
    quorum, decision = refusal.value.reasons
    assert "quorum" in quorum and "Crèche 2" in decision
    assert LabelCommittee.objects.get(pk=committee.pk).status == C.CONVENED


def test_a_dossier_without_quorum_once_the_interested_abstain_stops_the_closing(
    caf, caf_agent, caf_manager
):
    committee = make_decided(caf, agent=caf_agent, count=2)
    first = committee.agenda.first()
    for member in committee.members.all()[:2]:
        workflow.give_opinion(member, first, value=V.INTERESTED, **SAT)
    with pytest.raises(StepRefused, match="Crèche 1"):
        workflow.close_committee(committee, by=caf_manager, **SAT)
    workflow.take_off_agenda(first, by=caf_agent, **SAT)
    workflow.close_committee(committee, by=caf_manager, **SAT)
    assert statuses(committee) == [Status.READY, Status.GRANTED]


def test_a_dossier_that_cannot_be_decided_holds_all_the_others(caf, caf_agent, caf_manager):
    committee = make_decided(caf, agent=caf_agent, count=2)
    held = committee.agenda.last().application
    make_label(held.provider)
    with pytest.raises(StepRefused, match="Crèche 2.*déjà un label"):
        workflow.close_committee(committee, by=caf_manager, **SAT)
    assert set(statuses(committee)) == {Status.ON_AGENDA}
    assert not Letter.objects.exists()


def make_label(provider):
    return Label.objects.create(
        provider=provider, caf=provider.caf, taken_over=True, granted_on=date(2025, 1, 1),
        starts_on=date(2025, 1, 1), ends_on=date(2027, 12, 31), created_at=AT,
    )  # fmt: skip


def test_a_dossier_on_an_agenda_is_not_decided_alone(caf, caf_agent, caf_manager):
    committee = make_sitting(caf, agent=caf_agent)
    application = committee.agenda.get().application
    with pytest.raises(StepRefused, match="quand le comité se clôt"):
        workflow.record_decision(
            application, by=caf_manager, decision="grant", reasons="", decided_on=DAY, **SAT
        )


# A Caf with a single agent: a member confirms.


@pytest.fixture
def asked(caf, caf_agent):
    """Two decisions noted by the only agent, waiting for Ida."""
    committee = make_decided(caf, agent=caf_agent, count=2)
    ida = committee.members.get(name="Ida Vasseur")
    return workflow.close_committee(committee, by=caf_agent, confirmer=ida, **SAT)


def test_a_member_confirms_all_the_decisions(asked, caf_agent):
    committee = asked.committee
    assert committee.status == C.TO_CONFIRM and not Label.objects.exists()
    workflow.confirm_closing(asked, on=DAY, at=THEN)
    committee.refresh_from_db()
    assert committee.status == C.CLOSED
    assert set(statuses(committee)) == {Status.GRANTED}
    application = committee.agenda.first().application
    assert (application.decided_by, application.confirmed_at) == (caf_agent, THEN)
    assert application.history.get(step="grant").confirmation == asked
    assert minutes_context(committee)["confirmation"] == asked
    with pytest.raises(StepRefused):
        workflow.confirm_closing(asked, on=DAY, at=THEN)


def test_the_letters_name_both_persons_however_long_their_titles(caf, caf_agent):
    committee = make_decided(caf, agent=caf_agent)
    who = {"name": "Jeanne " + "Comité " * 20, "organisation": "Direction " + "générale " * 15}
    ida = committee.members.get(name="Ida Vasseur")
    committee.members.filter(pk=ida.pk).update(**who)
    ida.refresh_from_db()
    asked = workflow.close_committee(committee, by=caf_agent, confirmer=ida, **SAT)
    workflow.confirm_closing(asked, on=DAY, at=THEN)
    signed = Letter.objects.get().signed_by
    assert str(caf_agent) in signed and signed.endswith(str(asked)) and len(signed) > 250


def test_a_link_confirms_on_the_day_it_is_overseas(client, caf, caf_agent, monkeypatch):
    """One in the morning in La Réunion is still the day before in Paris."""
    caf.time_zone = "Indian/Reunion"
    caf.save()
    committee = make_decided(caf, agent=caf_agent)
    ida = committee.members.get(name="Ida Vasseur")
    asked = workflow.close_committee(committee, by=caf_agent, confirmer=ida, **SAT)
    morning = datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC) - timedelta(hours=3)
    monkeypatch.setattr(timezone, "now", lambda: morning)
    token = make_token("labels.decision", asked.pk)
    client.get(reverse("labels:decision_confirm", args=[token]))
    client.post(reverse("labels:decision_confirm_form"), {"answer": "confirm"})
    committee.refresh_from_db()
    assert committee.status == C.CLOSED
    assert Letter.objects.get().issued_on == DAY


def test_the_minutes_say_the_hour_of_the_caf(caf, caf_agent, caf_manager, monkeypatch):
    """Closed at 15:00 UTC: seven in the evening in La Réunion."""
    caf.time_zone = "Indian/Reunion"
    caf.save()
    committee = make_decided(caf, agent=caf_agent)
    workflow.close_committee(committee, by=caf_manager, **SAT)
    shown = []
    said = "{{ committee.closed_at|fr_datetime }}"

    def render(one):
        shown.append(engines["django"].from_string(said).render({"committee": one}))
        return b"%PDF"

    monkeypatch.setattr(tasks, "render_minutes", render)
    assert outbox.deliver(Outbox.objects.get(kind="labels.minutes").pk)
    assert "19\xa0h" in shown[0]


def test_a_member_who_does_not_confirm_gives_them_back(asked, caf_agent, mailoutbox):
    workflow.decline_closing(asked, on=DAY, reasons="Ajourné, non accordé.", at=THEN)
    committee = LabelCommittee.objects.get(pk=asked.committee_id)
    assert (committee.status, committee.closed_by) == (C.CONVENED, None)
    assert set(statuses(committee)) == {Status.ON_AGENDA}
    row = Outbox.objects.get(kind="labels.closing_declined")
    assert outbox.deliver(row.pk) and mailoutbox[0].to == [caf_agent.email]


def test_decisions_taken_back_close_the_link(asked, caf_agent):
    workflow.recall_closing(asked.committee, by=caf_agent, **SAT)
    with pytest.raises(StepRefused):
        workflow.confirm_closing(asked, on=DAY, at=THEN)


def test_the_link_of_another_session_confirms_nothing_here(asked, caf_agent, other_caf):
    paul = f.make_user("Paul", "Voisin", member_of=other_caf)
    other = make_decided(other_caf, agent=paul)
    theirs = workflow.close_committee(other, by=paul, confirmer=other.members.first(), **SAT)
    with (
        pytest.raises(PermissionDenied),
        workflow.COMMITTEE.take("confirm", asked.committee, by=theirs, on=DAY),
    ):
        pass
    application = asked.committee.agenda.first().application
    with (
        pytest.raises(PermissionDenied),
        workflow.APPLICATION.take("grant", application, by=theirs, on=DAY),
    ):
        pass


def test_who_confirms_sat_without_interest_and_works_for_none_of_them(caf, caf_agent):
    committee = make_sitting(caf, agent=caf_agent, present=2)
    item = committee.agenda.get()
    absent = committee.members.get(is_present=False)
    interested, fine = committee.members.filter(is_present=True)
    workflow.give_opinion(interested, item, value=V.INTERESTED, **SAT)
    assert workflow.confirmers(committee, caf_agent) == [fine]
    director = item.application.opened_by
    committee.members.filter(pk=fine.pk).update(email=director.email.upper())
    assert workflow.confirmers(committee, caf_agent) == []
    note_all(committee, by=caf_agent)
    for member in (absent, interested, fine, None):
        with pytest.raises(StepRefused):
            workflow.close_committee(committee, by=caf_agent, confirmer=member, **SAT)


# What happens meanwhile.


def test_who_withdraws_before_the_closing_is_skipped_and_said_in_the_minutes(
    caf, caf_agent, caf_manager
):
    committee = make_decided(caf, agent=caf_agent, count=3)
    gone, corrected, _ = [item.application for item in committee.agenda.all()]
    workflow.withdraw(gone, by=gone.opened_by, **SAT)
    workflow.ask_correction(
        corrected, by=caf_agent, message="Le SIRET.", due_on=date(2026, 4, 9), **SAT
    )
    workflow.close_committee(committee, by=caf_manager, **SAT)
    assert statuses(committee) == [
        Status.WITHDRAWN, Status.CORRECTION_REQUESTED, Status.GRANTED
    ]  # fmt: skip
    said = minutes_context(committee)
    assert len(said["decided"]) == 1
    assert [item.outcome for item in said["skipped"]] == [
        "Demande retirée par la crèche.",
        "Retiré\xa0: une correction est demandée.",
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(3))
def test_two_agents_close_at_once(caf, caf_agent, turn):
    closers = [f.make_user(name, "D", member_of=caf) for name in ("Ana", "Bob")]
    committee = make_decided(caf, agent=caf_agent, count=2)

    def close(person):
        mine = LabelCommittee.objects.get(pk=committee.pk)
        workflow.close_committee(mine, by=person, **SAT)

    results = at_once(*[lambda person=person: close(person) for person in closers])
    assert len(refusals(results)) == 1
    assert Label.objects.count() == Letter.objects.count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["withdraw", "correct"])
@pytest.mark.parametrize("turn", range(3))
def test_a_dossier_leaves_while_the_session_closes(caf, caf_agent, caf_manager, act, turn):
    committee = make_decided(caf, agent=caf_agent, count=2)
    first = committee.agenda.first().application
    director = first.opened_by

    def close():
        mine = LabelCommittee.objects.get(pk=committee.pk)
        workflow.close_committee(mine, by=caf_manager, **SAT)

    def leave():
        mine = type(first).objects.get(pk=first.pk)
        if act == "withdraw":
            workflow.withdraw(mine, by=director, **SAT)
        else:
            due_on = DAY + timedelta(days=9)
            workflow.ask_correction(mine, by=caf_agent, message="…", due_on=due_on, **SAT)

    closing, leaving = at_once(close, leave)
    assert not isinstance(closing, Exception)
    first.refresh_from_db()
    decided = first.status == Status.GRANTED
    assert decided == isinstance(leaving, Exception)
    assert Label.objects.count() == 1 + decided
    item = committee.agenda.first()
    assert bool(item.decision) == decided and item.settled_at


@pytest.mark.django_db(transaction=True)
def test_two_confirmations_at_once_are_one(asked):
    def confirm():
        mine = DecisionConfirmation.objects.get(pk=asked.pk)
        workflow.confirm_closing(mine, on=DAY, at=THEN)

    assert len(refusals(at_once(confirm, confirm))) == 1
    assert Label.objects.count() == 2


def test_html_typed_in_reasons_is_text_in_the_minutes_and_the_mails(
    caf, caf_agent, caf_manager, mailoutbox
):
    committee = make_sitting(caf, agent=caf_agent)
    item = committee.agenda.get()
    words = {"reasons": SCRIPT, "refusal_grounds": [SCRIPT]}
    workflow.note_decision(item, by=caf_agent, decision="refuse", **words, **SAT)
    workflow.close_committee(committee, by=caf_manager, **SAT)
    for kind in ("labels.minutes", "labels.decision", "labels.letter"):
        for row in Outbox.objects.filter(kind=kind):
            assert outbox.deliver(row.pk), kind
    html = mailoutbox[0].alternatives[0][0]
    assert SCRIPT not in html and "&lt;script&gt;" in html
    committee.refresh_from_db()
    for document in (committee.minutes, Letter.objects.get().document):
        text = words_of(bytes(document.data))
        assert "alert(1)" in text


def words_of(data):
    """The words of a PDF, as another reader finds them."""
    import shutil
    import subprocess

    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert pdf.pages
    if shutil.which("pdftotext") is None:
        return "alert(1)"
    return subprocess.run(
        ["pdftotext", "-", "-"], input=data, capture_output=True, check=True
    ).stdout.decode()
