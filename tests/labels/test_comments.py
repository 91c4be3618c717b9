"""Remarks on an answer: written by the reviewer, corrected by the crèche, closed."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from avip.workflow import StepRefused
from labels import workflow
from labels.models import FieldComment
from labels.workflow import COMMENT
from tests import factories as f
from tests.labels.factories import ON, Status, make_application

DUE = date(2026, 3, 20)
C = FieldComment.Status


@pytest.fixture
def application(facility, director, caf_agent):
    return make_application(Status.UNDER_REVIEW, facility, by=director, agent=caf_agent)


def remark(application, by, field="licensed_capacity", section="capacite", text="Vérifiez."):
    return workflow.add_comment(application, section=section, field=field, text=text, by=by, on=ON)


def ask(application, by):
    workflow.ask_correction(application, by=by, on=ON, message="Voir.", due_on=DUE)


def test_a_remark_goes_from_the_reviewer_to_the_creche_and_back(application, caf_agent, director):
    comment = remark(application, caf_agent)
    ask(application, caf_agent)
    comment.refresh_from_db()
    workflow.resolve_comment(comment, by=director, on=ON, reply="C’est 24.")
    workflow.close_comment(comment, by=caf_agent, on=ON)
    comment.refresh_from_db()
    assert (comment.status, comment.reply) == (C.CLOSED, "C’est 24.")
    steps = list(comment.history.values_list("step", flat=True))
    assert steps == ["open", "resolve", "close"]


def test_the_creche_reads_a_remark_once_it_is_sent(application, caf_agent, director):
    comment = remark(application, caf_agent)
    assert not FieldComment.objects.visible_to(director).exists()
    assert FieldComment.objects.visible_to(caf_agent).get() == comment
    ask(application, caf_agent)
    assert FieldComment.objects.visible_to(director).get() == comment


def test_a_remark_not_sent_yet_is_not_answered(application, caf_agent, director):
    comment = remark(application, caf_agent)
    with pytest.raises(PermissionDenied):
        workflow.resolve_comment(comment, by=director, on=ON)


def test_only_the_caf_writes_remarks(application, director, other_caf_agent):
    for person in (director, other_caf_agent):
        with pytest.raises(PermissionDenied):
            remark(application, person)


@pytest.mark.parametrize(
    ("section", "field"),
    [("capacite", "siret"), ("inconnue", "siret"), ("engagements", "C99"), ("documents", "x")],
)
def test_a_remark_is_about_an_answer_of_the_dossier(application, caf_agent, section, field):
    with pytest.raises(StepRefused, match="n’a pas cette réponse"):
        remark(application, caf_agent, field, section)


@pytest.mark.parametrize(
    ("section", "field"), [("engagements", "C3"), ("documents", "rules"), ("horaires", "opens")]
)
def test_commitments_and_documents_are_remarked_too(application, caf_agent, section, field):
    assert remark(application, caf_agent, field, section).status == C.OPEN


def test_the_dossier_is_not_sent_back_while_a_remark_is_open(application, caf_agent, director):
    comment = remark(application, caf_agent)
    ask(application, caf_agent)
    with pytest.raises(StepRefused, match="remarques de la Caf.*Places et enfants accueillis"):
        workflow.resubmit(application, by=director, on=ON)
    comment.refresh_from_db()
    workflow.resolve_comment(comment, by=director, on=ON)
    workflow.resubmit(application, by=director, on=ON)
    assert application.status == Status.UNDER_REVIEW


def test_a_remark_written_during_the_correction_does_not_hold_it_back(
    application, caf_agent, director
):
    ask(application, caf_agent)
    remark(application, caf_agent)
    workflow.resubmit(application, by=director, on=ON)
    assert application.status == Status.UNDER_REVIEW


def test_nothing_goes_to_the_committee_while_a_remark_is_not_closed(application, caf_agent):
    comment = remark(application, caf_agent)
    proposal = {"by": caf_agent, "on": ON, "proposal": "grant", "reasons": "Complet."}
    with pytest.raises(StepRefused, match="une n’est pas close"):
        workflow.declare_ready(application, **proposal)
    workflow.close_comment(comment, by=caf_agent, on=ON)
    workflow.declare_ready(application, **proposal)
    assert application.status == Status.READY


def test_a_correction_that_is_not_enough_is_asked_again(application, caf_agent, director):
    comment = remark(application, caf_agent)
    ask(application, caf_agent)
    comment.refresh_from_db()
    workflow.resolve_comment(comment, by=director, on=ON, reply="Fait.")
    workflow.resubmit(application, by=director, on=ON)
    workflow.reopen_comment(comment, by=caf_agent, on=ON)
    with pytest.raises(StepRefused, match="La Caf a le dossier entre les mains"):
        workflow.resolve_comment(comment, by=director, on=ON)
    application.refresh_from_db()
    ask(application, caf_agent)
    comment = FieldComment.objects.get(pk=comment.pk)
    workflow.resolve_comment(comment, by=director, on=ON)
    assert comment.status == C.RESOLVED


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.GRANTED, Status.WITHDRAWN])
def test_a_dossier_nobody_reviews_is_not_remarked(facility, caf_agent, status):
    application = make_application(status, facility, agent=caf_agent)
    with pytest.raises(StepRefused):
        remark(application, caf_agent)


@pytest.mark.parametrize("name", COMMENT.steps)
@pytest.mark.parametrize("status", C.values)
def test_every_step_of_a_remark_from_every_state(application, caf_agent, director, name, status):
    comment = remark(application, caf_agent)
    ask(application, caf_agent)
    comment.refresh_from_db()
    if status != C.OPEN:
        workflow.resolve_comment(comment, by=director, on=ON)
    if status == C.CLOSED:
        workflow.close_comment(comment, by=caf_agent, on=ON)
    verbs = {
        "resolve": lambda: workflow.resolve_comment(comment, by=director, on=ON),
        "close": lambda: workflow.close_comment(comment, by=caf_agent, on=ON),
        "reopen": lambda: workflow.reopen_comment(comment, by=caf_agent, on=ON),
    }
    if status in COMMENT.steps[name].sources:
        verbs[name]()
        assert comment.status == COMMENT.steps[name].target
    else:
        with pytest.raises(StepRefused):
            verbs[name]()


def test_the_remark_is_beside_the_answer_and_beside_the_question(
    client, application, caf_agent, director
):
    client.force_login(caf_agent)
    add = reverse("labels:comment_add", args=[application.pk, "capacite", "licensed_capacity"])
    answer = client.post(add, {"text": "24 ou <b>42</b> ?"})
    assert answer["Location"].endswith("#capacite-licensed_capacity")
    page = client.get(application.get_absolute_url()).content.decode()
    assert "24 ou &lt;b&gt;42&lt;/b&gt; ?" in page and "pas encore envoyée" in page
    ask(application, caf_agent)

    client.force_login(director)
    tasks = client.get(application.get_absolute_url()).content.decode()
    assert "Capacité autorisée</a>" in tasks and "24 ou &lt;b&gt;" in tasks
    section = reverse("labels:application_section", args=[application.pk, "capacite"])
    form = client.get(section).content.decode()
    assert "Remarque de la Caf" in form and "Marquer comme corrigé" in form
    assert form.count("24 ou &lt;b&gt;42") >= 2  # the remark, and beside its question
    comment = FieldComment.objects.get()
    back = client.post(reverse("labels:comment_resolve", args=[comment.pk]), {"reply": "24."})
    assert back["Location"] == section

    client.force_login(caf_agent)
    page = client.get(application.get_absolute_url()).content.decode()
    assert "corrigé, à relire" in page and "24." in page
    client.post(reverse("labels:comment_step", args=[comment.pk, "close"]))
    comment.refresh_from_db()
    assert comment.status == C.CLOSED


def test_an_empty_remark_is_asked_for_again(client, application, caf_agent):
    client.force_login(caf_agent)
    add = reverse("labels:comment_add", args=[application.pk, "horaires", "opens"])
    assert "obligatoire" in client.post(add, {"text": " "}).content.decode()
    assert not FieldComment.objects.exists()


def test_what_is_foreign_does_not_exist_and_what_is_not_one_s_own_is_refused(
    client, application, caf_agent, director, other_caf_agent, other_facility
):
    own = make_application(Status.UNDER_REVIEW, other_facility, agent=other_caf_agent)
    remark(own, other_caf_agent)
    comment = remark(application, caf_agent)
    add = reverse("labels:comment_add", args=[application.pk, "capacite", "licensed_capacity"])
    close = reverse("labels:comment_step", args=[comment.pk, "close"])
    client.force_login(other_caf_agent)
    assert client.post(add, {"text": "Non."}).status_code == 404
    assert client.post(close).status_code == 404
    client.force_login(director)
    assert client.post(add, {"text": "Non."}).status_code == 403
    assert client.post(close).status_code == 404  # not sent yet: it does not exist for her
    ask(application, caf_agent)
    assert client.post(close).status_code == 403
    client.force_login(caf_agent)
    assert client.post(reverse("labels:comment_resolve", args=[comment.pk])).status_code == 403


def test_an_agent_who_works_for_the_creche_writes_no_remark(application, caf, facility):
    both = f.make_user("Double", "Casquette", member_of=caf)
    f.make_membership(both, facility)
    with pytest.raises(PermissionDenied):
        remark(application, both)
