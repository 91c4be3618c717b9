"""The steps of a label's life: each says why, by letter, and reaches the crèche."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from avip.models import Outbox
from avip.outbox import deliver
from avip.workflow import StepRefused
from labels import workflow
from labels.models import Label, LabelApplication, Letter
from labels.tasks.life import let_creches_leave
from tests.labels.factories import AT, ON, Status, make_application, make_label

S = Label.Status
DAY = {"on": ON, "at": AT}
MONTH = timedelta(days=30)


def mails(mailoutbox, *kinds):
    """The mails that leave for these effects."""
    for row in Outbox.objects.filter(kind__in=kinds, done_at=None):
        assert deliver(row.pk)
    return mailoutbox


@pytest.fixture
def label(facility):
    return make_label(facility)


def test_a_suspension_writes_its_reasons_and_how_to_contest_it(
    label, director, caf_manager, mailoutbox
):
    workflow.suspend(label, by=caf_manager, reasons="Travaux.", **DAY)
    letter = Letter.objects.get()
    assert (letter.kind, letter.label, letter.facts["reasons"]) == ("suspended", label, "Travaux.")
    assert letter.facts["appeal"]["months"] == 2
    (mail,) = mails(mailoutbox, "labels.letter_sent")
    assert mail.to == [director.email] and mail.subject == "Votre label est suspendu"
    assert "Travaux" not in mail.subject + mail.body
    workflow.lift(label, by=caf_manager, **DAY)
    assert label.status == S.ACTIVE
    assert Letter.objects.filter(kind="lifted").count() == 1


def test_nobody_suspends_without_a_reason(label, caf_manager):
    with pytest.raises(StepRefused, match="motifs"):
        workflow.suspend(label, by=caf_manager, reasons=" ", **DAY)


def test_nobody_decides_on_the_label_of_her_own_creche(label, facility, caf_manager):
    from tests import factories as f

    f.make_membership(caf_manager, facility)
    for name in ("memberships_today", "reach"):
        caf_manager.__dict__.pop(name, None)
    with pytest.raises(PermissionDenied):
        workflow.suspend(label, by=caf_manager, reasons="Travaux.", **DAY)


def test_the_creche_replies_and_may_add_to_it(label, director, caf_manager, caf_agent, mailoutbox):
    workflow.give_notice(label, by=caf_manager, reasons="Quota.", reply_by=ON + MONTH, **DAY)
    workflow.reply_to_notice(label, by=director, text="Deux familles arrivent.", **DAY)
    workflow.reply_to_notice(label, by=director, text="Et une troisième.", **DAY)
    assert label.status == S.NOTICE_GIVEN
    assert label.notice_reply == "Deux familles arrivent.\n\nEt une troisième."
    sent = mails(mailoutbox, "labels.notice_replied")
    assert {mail.to[0] for mail in sent} == {caf_manager.email, caf_agent.email}
    assert len(sent) == 4
    workflow.close_notice(label, by=caf_manager, **DAY)
    assert label.status == S.ACTIVE and label.notice_reply_due_on is None
    closed = Letter.objects.get(kind="notice_closed")
    assert closed.facts["notice_on"] == "2\xa0mars\xa02026"


def test_the_creche_leaves_at_once(label, director, caf_agent, mailoutbox):
    workflow.relinquish(label, by=director, leaves_on=ON, **DAY)
    assert label.status == S.RELINQUISHED
    (mail,) = mails(mailoutbox, "labels.leaving")
    assert mail.to == [caf_agent.email] and "a rendu son label" in mail.body


def test_the_creche_leaves_on_the_day_it_announced(label, director, caf_agent):
    workflow.relinquish(label, by=director, leaves_on=ON + MONTH, **DAY)
    assert label.status == S.ACTIVE
    let_creches_leave(ON + MONTH - timedelta(days=1))
    label.refresh_from_db()
    assert label.status == S.ACTIVE
    let_creches_leave(ON + MONTH)
    let_creches_leave(ON + MONTH)
    label.refresh_from_db()
    assert label.status == S.RELINQUISHED
    assert [change.step for change in label.history.all()] == ["plan_leaving", "leave"]


def test_the_creche_may_keep_its_label_until_then(label, director):
    workflow.relinquish(label, by=director, leaves_on=ON + MONTH, **DAY)
    workflow.cancel_leaving(label, by=director, **DAY)
    let_creches_leave(ON + MONTH)
    label.refresh_from_db()
    assert label.status == S.ACTIVE
    with pytest.raises(StepRefused, match="Aucun départ"):
        workflow.cancel_leaving(label, by=director, **DAY)


def test_a_label_already_renewed_is_given_back_with_the_next(label, facility, director):
    following = make_label(facility, starts_on=date(2029, 3, 2), ends_on=date(2032, 3, 1))
    workflow.relinquish(label, by=director, leaves_on=ON, **DAY)
    following.refresh_from_db()
    assert following.status == S.RELINQUISHED


@pytest.mark.parametrize("day", [ON - timedelta(days=1), date(2029, 3, 2)])
def test_a_departure_falls_within_the_label(label, director, day):
    with pytest.raises(StepRefused):
        workflow.relinquish(label, by=director, leaves_on=day, **DAY)


def test_reservations_are_lifted_once(facility, director, caf_agent, mailoutbox):
    label = make_label(facility, reservations="La convention.", reservations_due_on=ON + MONTH)
    workflow.lift_reservations(label, by=caf_agent, lifted_on=ON, reasons="Reçue.", **DAY)
    assert label.reservations_lifted_on == ON
    (mail,) = mails(mailoutbox, "labels.reservations_lifted")
    assert mail.to == [director.email]
    with pytest.raises(StepRefused, match="déjà levées"):
        workflow.lift_reservations(label, by=caf_agent, lifted_on=ON, **DAY)


def test_reservations_are_not_lifted_in_the_future(facility, caf_agent):
    label = make_label(facility, reservations="La convention.")
    with pytest.raises(StepRefused, match="aujourd’hui"):
        workflow.lift_reservations(label, by=caf_agent, lifted_on=ON + MONTH, **DAY)


def test_the_page_of_the_label_offers_each_her_steps(client, label, director, caf_manager):
    seen = {}
    for person in (director, caf_manager):
        client.force_login(person)
        seen[person] = client.get(label.get_absolute_url()).content.decode()
    assert reverse("labels:label_relinquish", args=[label.pk]) in seen[director]
    assert reverse("labels:label_suspend", args=[label.pk]) not in seen[director]
    assert reverse("labels:label_suspend", args=[label.pk]) in seen[caf_manager]
    assert reverse("labels:label_relinquish", args=[label.pk]) not in seen[caf_manager]


def test_the_pages_take_the_steps(client, label, director, caf_manager):
    def post(person, name, **answers):
        client.force_login(person)
        response = client.post(reverse(f"labels:label_{name}", args=[label.pk]), answers)
        assert response.status_code == 302, response.context["form"].errors
        label.refresh_from_db()
        return label.status

    assert post(caf_manager, "suspend", reasons="Travaux.") == S.SUSPENDED
    assert post(caf_manager, "lift") == S.ACTIVE
    reply_by = date.today() + MONTH
    assert post(caf_manager, "notice", reasons="Quota.", reply_by=reply_by) == S.NOTICE_GIVEN
    assert post(director, "reply", text="<b>Bien.</b>") == S.NOTICE_GIVEN
    page = client.get(label.get_absolute_url()).content.decode()
    assert "&lt;b&gt;Bien.&lt;/b&gt;" in page and "<b>Bien" not in page
    assert post(caf_manager, "notice_close") == S.ACTIVE
    assert post(director, "relinquish", leaves_on=reply_by) == S.ACTIVE
    assert "Garder le label" in client.get(label.get_absolute_url()).content.decode()
    client.post(reverse("labels:label_step", args=[label.pk, "cancel_leaving"]))
    label.refresh_from_db()
    assert label.leaves_on is None
    assert post(director, "relinquish", leaves_on=date.today()) == S.RELINQUISHED


def test_a_step_that_is_no_longer_possible_says_so(client, label, caf_manager):
    client.force_login(caf_manager)
    url = reverse("labels:label_lift", args=[label.pk])
    page = client.get(url, follow=True).content.decode()
    assert "n’est plus possible" in page


def test_the_neighbours_and_the_creche_do_not_decide(
    client, label, director, other_caf_agent, other_facility
):
    make_label(other_facility)
    url = reverse("labels:label_suspend", args=[label.pk])
    for person, status in [(director, 403), (other_caf_agent, 404)]:
        client.force_login(person)
        assert client.get(url).status_code == status


@pytest.mark.parametrize(
    ("ends_on", "starts_on"),
    [
        (date(2026, 2, 20), ON),  # over before the decision: it starts that day, nothing is filled
        (ON, ON + timedelta(days=1)),  # decided on its last day, written once the night closed it
    ],
)
def test_a_renewal_decided_after_the_end_neither_overlaps_nor_fills_the_gap(
    facility, director, caf_agent, caf_manager, ends_on, starts_on
):
    held = make_label(facility, starts_on=date(2023, 3, 1), ends_on=ends_on)
    renewal = make_application(Status.READY, facility, by=director, agent=caf_agent)
    LabelApplication.objects.update(kind="renewal", current_label=held)
    renewal.refresh_from_db()
    workflow.expire(held, on=ends_on + timedelta(days=1))
    workflow.record_decision(
        renewal,
        by=caf_manager,
        on=ON + timedelta(days=1),
        decision="grant",
        reasons="",
        decided_on=ON,
    )
    assert Label.objects.get(application=renewal).starts_on == starts_on
    held.refresh_from_db()
    assert held.status == S.EXPIRED
