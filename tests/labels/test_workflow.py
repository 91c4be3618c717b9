"""The application from its draft to its decision, by whom and in which order."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from avip.models import Outbox
from avip.workflow import StepRefused
from labels import workflow
from labels.grounds import GROUNDS
from labels.models import Label, LabelApplication
from tests import factories as f
from tests.labels.factories import (
    AT,
    CONFIRMER,
    ON,
    WORDS,
    Proposal,
    Status,
    make_application,
    make_draft,
)


def test_every_step_is_recorded_with_who_and_why(facility, caf_agent, caf_manager, director):
    application = make_application(
        Status.GRANTED, facility, by=director, agent=caf_agent, decider=caf_manager
    )
    assert [(c.step, c.user, c.target) for c in application.history.all()] == [
        ("submit", director, "submitted"),
        ("start_review", caf_agent, "under_review"),
        ("declare_ready", caf_agent, "ready"),
        ("grant", caf_manager, "granted"),
    ]
    assert application.history.get(step="declare_ready").comment == "Complet."


def test_an_incomplete_dossier_is_not_submitted(facility, director):
    application = make_draft(facility, by=director, complete=False)
    with pytest.raises(StepRefused) as refusal:
        workflow.submit(application, by=director, on=ON)
    assert "Indiquez la capacité autorisée." in refusal.value.reasons


def test_a_dossier_is_submitted_only_once_the_caf_has_attached_its_author(
    facility, director, caf_agent
):
    application = make_draft(facility, by=director, attached=False)
    with pytest.raises(StepRefused):
        workflow.submit(application, by=director, on=ON)
    workflow.attach(application, by=caf_agent, on=ON)
    workflow.submit(application, by=director, on=ON)
    assert application.status == Status.SUBMITTED


def test_the_neighbouring_caf_cannot_review(facility, other_caf_agent, other_facility):
    make_application(Status.SUBMITTED, other_facility)  # it has a dossier of its own
    application = make_application(Status.SUBMITTED, facility)
    with pytest.raises(PermissionDenied):
        workflow.start_review(application, by=other_caf_agent, on=ON)


def test_nobody_reviews_the_creche_they_work_for(facility, caf):
    both = f.make_user("Ines", "Double", member_of=caf)
    f.make_membership(both, facility)
    application = make_application(Status.SUBMITTED, facility)
    with pytest.raises(PermissionDenied):
        workflow.start_review(application, by=both, on=ON)


def test_a_member_of_the_operator_may_submit_for_its_creche(caf):
    operator = f.make_operator()
    crèche = f.make_facility("Les Mousses", caf=caf, operator=operator)
    member = f.make_user("Rémi", "G", member_of=operator)
    application = make_draft(crèche, by=member)
    workflow.submit(application, by=member, on=ON)
    assert application.status == Status.SUBMITTED


def test_a_correction_gives_the_dossier_back_and_its_answer_resumes_the_review(
    facility, caf_agent, director
):
    application = make_application(
        Status.CORRECTION_REQUESTED, facility, by=director, agent=caf_agent
    )
    assert application.open_correction.message == "Le SIRET."
    workflow.resubmit(application, by=director, on=ON, at=AT + timedelta(days=2))
    assert application.status == Status.UNDER_REVIEW
    assert application.open_correction is None
    assert application.reviewer == caf_agent


def test_a_correction_leaves_the_creche_at_least_a_day(facility, caf_agent):
    application = make_application(Status.UNDER_REVIEW, facility, agent=caf_agent)
    with pytest.raises(StepRefused):
        workflow.ask_correction(application, by=caf_agent, on=ON, message="…", due_on=ON)


def test_a_second_open_application_of_the_same_kind_is_refused_by_the_database(facility, director):
    make_draft(facility, by=director)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_draft(facility, by=director)


@pytest.mark.parametrize(
    ("decision", "status"),
    [
        (Proposal.GRANT, Status.GRANTED),
        (Proposal.GRANT_WITH_RESERVATIONS, Status.GRANTED_WITH_RESERVATIONS),
        (Proposal.DEFER, Status.DEFERRED),
        (Proposal.REFUSE, Status.REFUSED),
    ],
)
def test_another_member_of_the_caf_records_the_decision(
    decision, status, facility, caf_agent, caf_manager
):
    application = make_application(Status.READY, facility, agent=caf_agent)
    said = {"reasons": "Vu.", "decided_on": ON} | WORDS.get(decision, {})
    workflow.record_decision(application, by=caf_manager, on=ON, at=AT, decision=decision, **said)
    assert application.status == status
    granted = decision in (Proposal.GRANT, Proposal.GRANT_WITH_RESERVATIONS)
    assert Label.objects.filter(application=application).exists() == granted


def test_the_reviewer_does_not_record_the_decision(facility, caf_agent, caf_manager):
    application = make_application(Status.READY, facility, agent=caf_agent)
    with pytest.raises(StepRefused) as refusal:
        workflow.record_decision(
            application,
            by=caf_agent,
            on=ON,
            decision=Proposal.GRANT,
            reasons="",
            decided_on=ON,
            confirmer=CONFIRMER,
        )
    assert "Marc Dubois" in refusal.value.reasons[0]


def test_somebody_who_reviewed_earlier_does_not_decide_either(facility, caf_agent, caf_manager):
    application = make_application(Status.SUBMITTED, facility)
    day = {"on": ON, "at": AT}
    workflow.start_review(application, by=caf_manager, **day)
    workflow.declare_ready(
        application, by=caf_agent, proposal=Proposal.GRANT, reasons="Complet.", **day
    )
    third = f.make_user("Zora", "Tiers", member_of=facility.caf)
    with pytest.raises(StepRefused):
        workflow.record_decision(
            application, by=caf_manager, decision="grant", reasons="", decided_on=ON, **day
        )
    workflow.record_decision(
        application, by=third, decision="grant", reasons="", decided_on=ON, **day
    )
    assert application.status == Status.GRANTED


def test_the_database_refuses_a_decision_by_the_reviewer_alone(facility, caf_agent, caf_manager):
    application = make_application(Status.GRANTED, facility, agent=caf_agent, decider=caf_manager)
    with pytest.raises(IntegrityError), transaction.atomic():
        LabelApplication.objects.filter(pk=application.pk).update(decided_by=caf_agent)


@pytest.mark.parametrize("decided_on", [ON + timedelta(days=1), date(2026, 3, 1)])
def test_the_committee_meets_between_the_submission_and_today(
    decided_on, facility, caf_agent, caf_manager
):
    application = make_application(Status.READY, facility, agent=caf_agent)
    with pytest.raises(StepRefused):
        workflow.record_decision(
            application, by=caf_manager, on=ON, decision="grant", reasons="", decided_on=decided_on
        )
    assert LabelApplication.objects.get(pk=application.pk).decided_on is None


@pytest.mark.parametrize(
    ("decision", "words", "sentence"),
    [
        ("refuse", {"reasons": " ", "refusal_grounds": GROUNDS[:1]}, "Écrivez les motifs"),
        ("refuse", {}, "au moins un motif"),
        ("defer", {}, "date du nouvel examen"),
        ("defer", {"deferred_until": ON}, "date du nouvel examen"),
        ("grant_with_reservations", {}, "date où lever"),
    ],
)
def test_a_decision_without_its_words_is_refused(
    decision, words, sentence, facility, caf_agent, caf_manager
):
    application = make_application(Status.READY, facility, agent=caf_agent)
    said = {"reasons": "Vu.", "decided_on": ON} | words
    with pytest.raises(StepRefused, match=sentence):
        workflow.record_decision(application, by=caf_manager, on=ON, decision=decision, **said)
    assert LabelApplication.objects.get().status == Status.READY


def test_the_creche_may_withdraw_until_the_decision(facility, caf_agent, director):
    application = make_application(
        Status.CORRECTION_REQUESTED, facility, by=director, agent=caf_agent
    )
    workflow.withdraw(application, by=director, on=ON, reasons="Fermeture.")
    assert application.status == Status.WITHDRAWN
    assert application.open_correction is None


def test_a_support_agent_in_somebody_s_place_takes_no_step(facility, caf_agent):
    application = make_application(Status.SUBMITTED, facility)
    caf_agent.is_hijacked = True
    with pytest.raises(PermissionDenied):
        workflow.start_review(application, by=caf_agent, on=ON)


def test_those_who_wait_for_it_are_told_once(facility, caf_agent, caf_manager, director):
    application = make_application(
        Status.GRANTED, facility, by=director, agent=caf_agent, decider=caf_manager
    )
    label = Label.objects.get(application=application)
    rows = Outbox.objects.values_list("kind", "recipient_id", "object_id")
    assert sorted(rows) == sorted(
        [
            ("labels.submitted", str(caf_agent.pk), str(application.pk)),
            ("labels.submitted", str(caf_manager.pk), str(application.pk)),
            ("labels.ready", str(caf_manager.pk), str(application.pk)),
            ("labels.decision", str(director.pk), str(application.pk)),
            ("labels.certificate", "", str(label.pk)),
            ("labels.letter", "", str(application.letters.get().pk)),
        ]
    )


def test_a_decision_on_a_day_without_rules_says_so(facility, caf_agent, caf_manager):
    application = make_application(Status.READY, facility, agent=caf_agent)
    early = date(2016, 4, 1)
    LabelApplication.objects.update(submitted_at="2016-03-20T10:00:00Z")
    with pytest.raises(StepRefused, match="n’a pas de valeur"):
        workflow.record_decision(
            application, by=caf_manager, on=ON, decision="grant", reasons="", decided_on=early
        )
