"""A dossier passes from hand to hand, with a trace, and is never left alone."""

from datetime import date, timedelta

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from avip import outbox
from avip.workflow import StepRefused
from labels import workflow
from labels.models import LabelApplication
from partners.models import User
from reporting.todo import todo
from tests import factories as f
from tests.labels.factories import AT, ON, Status, make_application

IN_HAND = [Status.UNDER_REVIEW, Status.CORRECTION_REQUESTED, Status.READY, Status.ON_AGENDA]


def url(name, application, *args):
    return reverse(f"labels:application_{name}", args=[application.pk, *args])


def leaves(user):
    """She no longer works for the Caf since the end of last month."""
    user.memberships.update(starts_on=date(2020, 1, 1), ends_on=date(2026, 2, 28))
    return User.objects.get(pk=user.pk)


def again(user):
    """As the next request reads her: what she belongs to is remembered on the instance."""
    return User.objects.get(pk=user.pk)


@pytest.mark.parametrize("status", IN_HAND)
def test_a_dossier_is_handed_to_a_colleague_with_a_trace(facility, caf_agent, caf_manager, status):
    application = make_application(status, facility, agent=caf_agent)
    workflow.reassign(application, by=caf_agent, on=ON, reviewer=caf_manager)
    application.refresh_from_db()
    assert (application.status, application.reviewer) == (status, caf_manager)
    assert application.history.last().comment == "de Sophie Laurent à Marc Dubois"
    outbox.deliver_due()
    assert [m.to for m in mail.outbox if "vous est confiée" in m.subject] == [[caf_manager.email]]


def test_a_dossier_stays_within_the_caf(facility, caf_agent, other_caf_agent, director):
    application = make_application(Status.UNDER_REVIEW, facility, by=director, agent=caf_agent)
    for stranger in (other_caf_agent, director):
        with pytest.raises(StepRefused, match="ne travaille pas pour cette Caf"):
            workflow.reassign(application, by=caf_agent, on=ON, reviewer=stranger)
        colleague = f.make_user("Une", "Collègue", member_of=application.caf)
        with pytest.raises(PermissionDenied):
            workflow.reassign(application, by=stranger, on=ON, reviewer=colleague)


def test_nobody_is_given_the_dossier_of_the_creche_she_runs(facility, caf, caf_agent):
    both = f.make_user("Double", "Casquette", member_of=caf)
    f.make_membership(both, facility)
    application = make_application(Status.UNDER_REVIEW, facility, agent=caf_agent)
    with pytest.raises(StepRefused):
        workflow.reassign(application, by=caf_agent, on=ON, reviewer=both)


def test_the_form_offers_the_colleagues_of_today(client, facility, caf, caf_agent, caf_manager):
    former = f.make_user("Ex", "Collègue", member_of=caf)
    leaves(former)
    application = make_application(Status.UNDER_REVIEW, facility, agent=caf_agent)
    client.force_login(caf_agent)
    page = client.get(url("reassign", application)).content.decode()
    assert "Marc Dubois" in page and "Ex Collègue" not in page
    assert client.post(url("reassign", application), {"reviewer": former.pk}).status_code == 200
    client.post(url("reassign", application), {"reviewer": caf_manager.pk})
    application.refresh_from_db()
    assert application.reviewer == caf_manager


def test_a_closed_dossier_is_not_handed_over(client, facility, caf_agent, caf_manager):
    application = make_application(Status.GRANTED, facility, agent=caf_agent, decider=caf_manager)
    client.force_login(caf_agent)
    page = client.get(url("reassign", application), follow=True).content.decode()
    assert "n’est plus possible" in page


@pytest.mark.parametrize("status", IN_HAND)
def test_a_reviewer_leaves_and_a_colleague_is_offered_the_dossier(
    client, facility, caf, caf_agent, caf_manager, status
):
    """Never orphaned: it waits in « À traiter » of a colleague, and one button takes it over."""
    application = make_application(status, facility, agent=caf_agent)
    leaves(caf_agent)
    LabelApplication.objects.filter(pk=application.pk).update(
        submitted_at=timezone.now() - timedelta(days=3)
    )
    colleague = again(caf_manager)
    offered = [item.url for _, items in todo(colleague, timezone.now()) for item in items]
    assert application.get_absolute_url() in offered
    client.force_login(colleague)
    to_take = client.get(reverse("labels:application_list"), {"reviewer": "none"})
    assert application in to_take.context["applications"]
    page = client.get(application.get_absolute_url()).content.decode()
    assert "Prendre la suite" in page
    client.post(url("step", application, "take_over"))
    application.refresh_from_db()
    assert (application.status, application.reviewer) == (status, caf_manager)
    assert "de Sophie Laurent à Marc Dubois" in application.history.last().comment


def test_whoever_took_over_does_not_decide_alone(facility, caf_agent, caf_manager):
    application = make_application(Status.READY, facility, agent=caf_agent)
    workflow.reassign(application, by=caf_agent, on=ON, reviewer=caf_manager)
    with pytest.raises(StepRefused):
        workflow.record_decision(
            application,
            by=again(caf_manager),
            on=ON,
            decision="grant",
            reasons="Vu.",
            decided_on=ON,
        )


def test_a_dossier_deposited_is_claimed(client, facility, caf_agent):
    application = make_application(Status.SUBMITTED, facility)
    client.force_login(caf_agent)
    client.post(url("step", application, "start_review"))
    application.refresh_from_db()
    assert application.reviewer == caf_agent


def decide(application, by):
    return workflow.record_decision(
        application, by=again(by), on=ON, decision="grant", reasons="Vu.", decided_on=ON
    )


def test_whoever_took_over_then_handed_on_does_not_decide_alone(facility, caf, caf_agent):
    application = make_application(Status.READY, facility, agent=caf_agent)
    second = f.make_user("Zoé", "Relais", member_of=caf)
    f.make_user("Ana", "Tierce", member_of=caf)
    workflow.take_over(application, by=second, on=ON)
    workflow.reassign(application, by=second, on=ON, reviewer=caf_agent)
    with pytest.raises(StepRefused, match="Ana Tierce"):
        decide(application, second)


def test_whoever_wrote_or_closed_a_remark_does_not_decide_alone(facility, caf, caf_agent):
    application = make_application(Status.UNDER_REVIEW, facility, agent=caf_agent)
    writes = f.make_user("Zoé", "Remarque", member_of=caf)
    closes = f.make_user("Yves", "Relecture", member_of=caf)
    other = f.make_user("Ana", "Tierce", member_of=caf)
    remark = workflow.add_comment(
        application, section="capacite", field="licensed_capacity", text="?", by=writes, on=ON
    )
    workflow.close_comment(remark, by=closes, on=ON)
    workflow.declare_ready(application, by=caf_agent, on=ON, proposal="grant", reasons="Complet.")
    for person in (writes, closes):
        with pytest.raises(StepRefused, match="Ana Tierce"):
            decide(application, person)
        deciding = [item.action for _, items in todo(again(person), AT) for item in items]
        assert "Décider" not in deciding
    assert "Décider" in [i.action for _, items in todo(again(other), AT) for i in items]
    assert decide(application, other) is None


def test_when_everybody_reviewed_the_decision_still_waits_for_somebody(facility, caf, caf_agent):
    """Two agents, both of them reviewers: each may have it confirmed by a member."""
    application = make_application(Status.READY, facility, agent=caf_agent)
    second = f.make_user("Zoé", "Relais", member_of=caf)
    workflow.take_over(application, by=second, on=ON)
    workflow.reassign(application, by=second, on=ON, reviewer=caf_agent)
    for person in (caf_agent, second):
        assert "Décider" in [i.action for _, items in todo(again(person), AT) for i in items]
