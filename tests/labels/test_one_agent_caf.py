"""Where a Caf has one agent, a member of the committee confirms by a secret link."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from avip import outbox
from avip.models import Outbox
from avip.workflow import StepRefused
from labels import workflow
from labels.grounds import GROUNDS
from labels.models import DecisionConfirmation, Label
from labels.permissions import decides, other_deciders
from partners.tokens import make_token
from tests import factories as f
from tests.labels.factories import AT, CONFIRMER, ON, Status, make_application

FORM = reverse("labels:decision_confirm_form")


@pytest.fixture
def application(facility, caf_agent):
    """Decided by the only agent, waiting for its confirmation since this morning."""
    application = make_application(Status.READY, facility, agent=caf_agent)
    workflow.record_decision(
        application,
        by=caf_agent,
        on=timezone.localdate(),
        decision="grant",
        reasons="Avis favorable.",
        decided_on=ON,
        confirmer=CONFIRMER,
    )
    return application


@pytest.fixture
def confirmation(application):
    return application.confirmations.get()


def open_link(client, confirmation):
    token = make_token("labels.decision", confirmation.pk)
    return client.get(reverse("labels:decision_confirm", args=[token]), follow=True)


def test_the_only_agent_needs_somebody_to_confirm(facility, caf_agent):
    application = make_application(Status.READY, facility, agent=caf_agent)
    with pytest.raises(StepRefused):
        workflow.record_decision(
            application, by=caf_agent, on=ON, decision="grant", reasons="", decided_on=ON
        )


def test_who_confirms_neither_reviewed_nor_works_for_the_creche(caf, caf_agent):
    operator = f.make_operator()
    facility = f.make_facility(caf=caf, operator=operator)
    director = f.make_user(member_of=facility)
    runs = f.make_user(member_of=operator)
    left = f.make_user(member_of=facility, ends_on=ON)
    application = make_application(Status.READY, facility, by=director, agent=caf_agent)
    for person in (caf_agent, director, runs, left):
        with pytest.raises(StepRefused, match="Deux personnes"):
            workflow.record_decision(
                application,
                by=caf_agent,
                on=ON,
                decision="grant",
                reasons="",
                decided_on=ON,
                confirmer=CONFIRMER | {"email": person.email.upper()},
            )
    application.refresh_from_db()
    assert application.status == Status.READY and application.decision == ""


def test_those_offered_to_decide_are_those_who_may(caf, caf_agent):
    operator = f.make_operator()
    facility = f.make_facility(caf=caf, operator=operator)
    runs, works, worked = (f.make_user(last_name=n, member_of=caf) for n in "ABC")
    f.make_membership(runs, operator)
    f.make_membership(works, facility)
    f.make_membership(worked, facility, ends_on=date(2021, 1, 1))
    f.make_user("Parti", member_of=caf, ends_on=date(2021, 1, 1))
    application = make_application(Status.READY, facility, agent=caf_agent)
    assert [m.user for m in other_deciders(application, ON)] == [worked]
    assert [p for p in (runs, works, worked) if decides(p, application)] == [worked]
    told = Outbox.objects.filter(kind="labels.ready").values_list("recipient_id", flat=True)
    assert list(told) == [str(worked.pk)]


def test_nothing_is_granted_before_the_confirmation(application):
    assert application.status == Status.TO_CONFIRM
    assert not Label.objects.exists()
    assert not Outbox.objects.filter(kind="labels.decision").exists()


def test_the_link_leaves_by_mail_without_naming_anybody_in_its_subject(confirmation, mailoutbox):
    row = Outbox.objects.get(kind="labels.confirmation")
    outbox.deliver(row.pk)
    [mail] = mailoutbox
    assert mail.to == [CONFIRMER["email"]]
    assert make_token("labels.decision", confirmation.pk) in mail.body
    assert confirmation.application.facility_name not in mail.subject


def test_the_token_leaves_the_address_and_reading_changes_nothing(client, confirmation):
    response = open_link(client, confirmation)
    assert response.redirect_chain == [(FORM, 302)]
    assert client.session["decision_confirmation"] == confirmation.token_sha256
    assert "no-store" in response["Cache-Control"]
    page = response.content.decode()
    assert "Les Petits Rameurs" in page and "accorder le label" in page
    confirmation.refresh_from_db()
    assert confirmation.confirmed_at is None
    assert confirmation.application.status == Status.TO_CONFIRM


def test_the_committee_member_confirms(client, confirmation):
    open_link(client, confirmation)
    response = client.post(FORM, {"answer": "confirm"}, follow=True)
    assert "La décision est confirmée" in response.content.decode()
    application = confirmation.application
    application.refresh_from_db()
    assert application.status == Status.GRANTED
    assert application.confirmed_at
    step = application.history.get(step="grant")
    assert step.by == "Jeanne Comité, représentante de la Mission Locale"
    assert Label.objects.get().starts_on == ON


def test_pressing_twice_confirms_once(client, confirmation):
    open_link(client, confirmation)
    client.post(FORM, {"answer": "confirm"})
    assert client.post(FORM, {"answer": "confirm"}).status_code == 200
    assert Label.objects.count() == 1


def test_the_committee_member_declines_and_the_caf_takes_it_up_again(
    client, confirmation, mailoutbox
):
    open_link(client, confirmation)
    client.post(FORM, {"answer": "decline", "reasons": "Le comité a ajourné."})
    application = confirmation.application
    application.refresh_from_db()
    assert application.status == Status.READY
    assert application.decision == ""
    assert application.history.get(step="decline_confirmation").comment == "Le comité a ajourné."
    assert Outbox.objects.filter(kind="labels.declined").count() == 1


def test_a_recalled_decision_is_no_longer_confirmed(client, application, confirmation, caf_agent):
    workflow.recall_decision(application, by=caf_agent, on=timezone.localdate())
    response = open_link(client, confirmation)
    assert "n’attend plus votre confirmation" in response.content.decode()
    client.post(FORM, {"answer": "confirm"})
    application.refresh_from_db()
    assert application.status == Status.READY


def test_an_expired_link_offers_a_new_one_to_the_same_address(client, confirmation):
    DecisionConfirmation.objects.update(
        expires_at=timezone.now(), created_at=timezone.now() - timedelta(days=20)
    )
    assert "n’est plus valable" in open_link(client, confirmation).content.decode()
    client.post(FORM, {"answer": "confirm"})
    assert not Label.objects.exists()
    client.post(FORM, {"answer": "renew"})
    new = confirmation.application.confirmations.first()
    assert new != confirmation and new.email == CONFIRMER["email"]
    open_link(client, new)
    client.post(FORM, {"answer": "confirm"})
    assert Label.objects.exists()


def test_new_links_leave_some_minutes_apart(confirmation):
    with pytest.raises(StepRefused):
        workflow.renew_confirmation(confirmation)


def test_an_older_link_asks_for_no_new_one_at_another_address(application, confirmation, caf_agent):
    today = timezone.localdate()
    workflow.recall_decision(application, by=caf_agent, on=today)
    workflow.record_decision(
        application,
        by=caf_agent,
        on=today,
        decision="refuse",
        reasons="Non.",
        refusal_grounds=GROUNDS[:1],
        decided_on=ON,
        confirmer=CONFIRMER | {"email": "autre@example.fr"},
    )
    with pytest.raises(StepRefused):
        workflow.renew_confirmation(confirmation, at=timezone.now() + timedelta(hours=1))


def test_the_link_of_another_decision_confirms_nothing_here(application, other_facility):
    other = make_application(Status.TO_CONFIRM, other_facility).confirmations.get()
    with (
        pytest.raises(PermissionDenied),
        workflow.APPLICATION.take("grant", application, by=other, on=ON),
    ):
        pass


@pytest.mark.parametrize("token", ["", "inconnu"])
def test_an_unknown_link_says_so(client, db, token):
    if token:
        client.get(reverse("labels:decision_confirm", args=[token]))
    assert "ne s’ouvre pas" in client.get(FORM).content.decode()
    assert client.post(FORM, {"answer": "confirm"}).status_code == 404


def test_the_agent_asks_for_the_second_person_on_the_decision_page(client, facility, caf_agent):
    application = make_application(Status.READY, facility, agent=caf_agent)
    client.force_login(caf_agent)
    url = reverse("labels:application_decision", args=[application.pk])
    assert "La seconde personne" in client.get(url).content.decode()
    answers = {"decided_on": ON, "decision": "grant", "reasons": ""}
    own = client.post(url, answers | CONFIRMER | {"email": caf_agent.email})
    assert "Deux personnes" in own.content.decode()
    response = client.post(url, answers | CONFIRMER, follow=True)
    assert "Confirmation attendue" in response.content.decode()
    assert AT
