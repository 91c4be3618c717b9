"""A correction is asked for, recalled in time, and may always be answered."""

from datetime import date, timedelta

import pytest
from django.core import mail

from avip import outbox
from avip.models import Outbox
from labels import workflow
from labels.models import AgendaItem, Correction
from labels.tasks.review import remind_of_corrections
from labels.workflow import APPLICATION
from tests import factories as f
from tests.labels.factories import AT, ON, Status, make_application

DUE = date(2026, 3, 20)


@pytest.fixture
def corrected(facility, director, caf_agent):
    """A correction asked on 2 March, due on the 20th."""
    return make_application(Status.CORRECTION_REQUESTED, facility, by=director, agent=caf_agent)


def mails(kind):
    return Outbox.objects.filter(kind=kind).order_by("created_at")


@pytest.mark.parametrize("status", [Status.UNDER_REVIEW, Status.READY, Status.ON_AGENDA])
def test_a_correction_is_asked_from_every_state_before_the_decision(facility, caf_agent, status):
    application = make_application(status, facility, agent=caf_agent)
    workflow.ask_correction(
        application,
        by=caf_agent,
        on=ON,
        message="Le règlement.",
        due_on=DUE,
        reason=Correction.Reason.MISSING_DOCUMENT,
    )
    assert application.status == Status.CORRECTION_REQUESTED
    assert application.open_correction.get_reason_display() == "pièce manquante ou périmée"


def test_a_dossier_to_correct_leaves_the_agenda_and_may_come_back(facility, caf_agent, director):
    application = make_application(Status.ON_AGENDA, facility, by=director, agent=caf_agent)
    workflow.ask_correction(application, by=caf_agent, on=ON, message="Le SIRET.", due_on=DUE)
    item = AgendaItem.objects.get(application=application)
    assert item.settled_at is not None and "correction" in item.outcome
    workflow.resubmit(application, by=director, on=ON)
    assert application.status == Status.UNDER_REVIEW


def test_a_dossier_withdrawn_leaves_the_agenda(facility, caf_agent, director):
    application = make_application(Status.ON_AGENDA, facility, by=director, agent=caf_agent)
    workflow.withdraw(application, by=director, on=ON)
    assert not AgendaItem.objects.filter(application=application, settled_at=None).exists()


def test_the_creche_is_reminded_before_the_deadline_once_each_time(corrected, director):
    for _ in range(2):  # a job runs twice, a machine sleeps
        for day in (DUE - timedelta(days=left) for left in (10, 5, 4, 1, 0)):
            remind_of_corrections(day)
    rows = mails("labels.correction_due")
    assert [row.recipient_id for row in rows] == [str(director.pk)] * 3
    assert not mails("labels.correction_late").exists()


def test_the_reviewer_learns_the_day_after_that_nothing_came(corrected, caf_agent):
    remind_of_corrections(DUE + timedelta(days=1))
    remind_of_corrections(DUE + timedelta(days=2))
    assert [row.recipient_id for row in mails("labels.correction_late")] == [str(caf_agent.pk)]


def test_a_late_answer_is_still_an_answer(corrected, director):
    late = DUE + timedelta(days=40)
    remind_of_corrections(late)
    corrected.refresh_from_db()
    assert corrected.status == Status.CORRECTION_REQUESTED
    workflow.resubmit(corrected, by=director, on=late)
    assert corrected.status == Status.UNDER_REVIEW


def test_no_reminder_once_the_creche_has_answered(corrected, director):
    remind_of_corrections(DUE - timedelta(days=5))
    workflow.resubmit(corrected, by=director, on=ON)
    outbox.deliver_due()
    subjects = [message.subject for message in mail.outbox if director.email in message.to]
    assert not any("Rappel" in subject for subject in subjects)
    assert remind_of_corrections(DUE) == "0 échéances proches, 0 dépassées"


def test_a_short_delay_is_not_recalled_on_the_day_it_is_given(facility, caf_agent):
    application = make_application(Status.UNDER_REVIEW, facility, agent=caf_agent)
    due_on = ON + timedelta(days=3)
    workflow.ask_correction(application, by=caf_agent, on=ON, message="X", due_on=due_on, at=AT)
    remind_of_corrections(ON + timedelta(days=1))
    assert not mails("labels.correction_due").exists()
    remind_of_corrections(ON + timedelta(days=2))
    assert mails("labels.correction_due").exists()


def test_the_mail_leads_straight_to_the_form(facility, director, caf_agent):
    application = make_application(Status.UNDER_REVIEW, facility, by=director, agent=caf_agent)
    workflow.add_comment(
        application,
        section="horaires",
        field="closes",
        text="Fermez-vous à 18 h ?",
        by=caf_agent,
        on=ON,
    )
    workflow.ask_correction(
        application, by=caf_agent, on=ON, message="<b>Vos horaires</b>", due_on=DUE
    )
    outbox.deliver_due()
    message = next(m for m in mail.outbox if "à corriger" in m.subject)
    assert f"/demandes-label/{application.pk}/horaires/" in message.body
    html = message.alternatives[0].content
    assert "&lt;b&gt;Vos horaires" in html


def test_a_ready_dossier_is_taken_up_again(client, facility, caf_agent, director):
    application = make_application(Status.READY, facility, by=director, agent=caf_agent)
    client.force_login(caf_agent)
    assert "Reprendre l’instruction" in client.get(application.get_absolute_url()).content.decode()
    workflow.resume_review(application, by=caf_agent, on=ON)
    assert application.status == Status.UNDER_REVIEW
    assert set(APPLICATION.available(application, caf_agent, ON)) >= {"declare_ready", "reassign"}


def test_those_who_left_the_creche_are_not_reminded(corrected, facility, director):
    former = f.make_user("Ex", "Directrice", member_of=facility)
    former.memberships.update(ends_on=date(2026, 3, 1), starts_on=date(2026, 1, 1))
    remind_of_corrections(DUE)
    assert str(former.pk) not in mails("labels.correction_due").values_list(
        "recipient_id", flat=True
    )
