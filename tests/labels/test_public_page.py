"""The public page of a Caf, and the Caf that keeps it."""

import re

import pytest
from django.urls import reverse

from labels.models import Label, PublicQuestion
from tests.labels.factories import ON, Status, make_application


def make_question(caf, question="Est-ce gratuit ?", answer="Oui.", **fields):
    return PublicQuestion.objects.create(caf=caf, question=question, answer=answer, **fields)


def test_anybody_reads_what_the_label_is_and_whom_to_ask(client, caf):
    caf.phone = "01 02 03 04 05"
    caf.save()
    make_question(caf)
    page = client.get(caf.get_absolute_url()).content.decode()
    for words in (
        "à vocation d’insertion professionnelle",
        "Pour qui",
        "Comment cela se passe",
        "Ce à quoi la crèche s’engage",
        "Est-ce gratuit",
        caf.email,
        caf.phone,
        "Demander le label",
    ):
        assert words in page
    assert "Modifier cette page" not in page


def test_the_page_counts_the_labels_that_run_in_this_caf_alone(
    client, caf, facility, director, other_facility
):
    make_application(Status.GRANTED, facility, by=director)
    make_application(Status.GRANTED, other_facility)
    Label.objects.update(ends_on=ON.replace(year=2099))
    page = client.get(caf.get_absolute_url()).content.decode()
    assert re.search(r"1\scrèche porte", page)


def test_html_typed_by_the_caf_is_shown_as_text(client, caf, caf_manager):
    client.force_login(caf_manager)
    typed = "<script>alert(1)</script> Bienvenue"
    client.post(
        reverse("labels:caf_edit", args=[caf.pk]),
        {
            "public_text": typed,
            "email": "label@caf.example.fr",
            "phone": "",
            "takes_calls_only": "all",
        },
    )
    client.post(
        reverse("labels:question_create", args=[caf.pk]),
        {"question": "<b>Qui</b> ?", "answer": "<i>Vous</i>"},
    )
    page = client.get(caf.get_absolute_url()).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; Bienvenue" in page
    assert "&lt;b&gt;Qui&lt;/b&gt;" in page and "&lt;i&gt;Vous&lt;/i&gt;" in page
    assert "<script>alert" not in page and "label@caf.example.fr" in page
    assert "Modifier cette page" in page


def test_the_caf_says_that_it_takes_dossiers_by_calls_only(client, caf, caf_manager):
    client.force_login(caf_manager)
    url = reverse("labels:caf_edit", args=[caf.pk])
    client.post(url, {"takes_calls_only": "calls"})
    caf.refresh_from_db()
    assert caf.takes_calls_only
    assert "Aucune première demande" in client.get(url).content.decode()
    client.post(url, {"takes_calls_only": "all"})
    caf.refresh_from_db()
    assert not caf.takes_calls_only


def test_questions_are_put_in_order_changed_and_taken_off(client, caf, caf_manager):
    client.force_login(caf_manager)
    for text in ("Une", "Deux", "Trois"):
        answers = {"question": text, "answer": "Voilà."}
        client.post(reverse("labels:question_create", args=[caf.pk]), answers)

    def order():
        return [question.question for question in caf.questions.all()]

    assert order() == ["Une", "Deux", "Trois"]
    last = caf.questions.get(question="Trois")
    client.post(reverse("labels:question_move", args=[caf.pk, last.pk]))
    assert order() == ["Une", "Trois", "Deux"]
    url = reverse("labels:question_update", args=[caf.pk, last.pk])
    client.post(url, {"question": "Trois bis", "answer": "Autre."})
    assert order() == ["Une", "Trois bis", "Deux"]
    client.post(reverse("labels:question_delete", args=[caf.pk, last.pk]))
    assert order() == ["Une", "Deux"]


@pytest.mark.parametrize("name", ["question_update", "question_move", "question_delete"])
def test_the_questions_of_another_caf_are_out_of_reach(client, caf, caf_manager, other_caf, name):
    theirs = make_question(other_caf)
    make_question(caf)
    client.force_login(caf_manager)
    for of in (caf, other_caf):
        url = reverse(f"labels:{name}", args=[of.pk, theirs.pk])
        assert client.post(url, {"question": "x", "answer": "y"}).status_code == 404
    theirs.refresh_from_db()
    assert theirs.question == "Est-ce gratuit ?"


def test_an_agent_changes_no_question(client, caf, caf_agent):
    question = make_question(caf)
    client.force_login(caf_agent)
    url = reverse("labels:question_delete", args=[caf.pk, question.pk])
    assert client.post(url).status_code == 403
    assert caf.questions.exists()


def test_the_menu_leads_the_caf_to_its_own_page(client, caf_agent, caf, director):
    client.force_login(caf_agent)
    url = reverse("labels:own_caf_page")
    assert client.get(url).url == reverse("labels:caf_edit", args=[caf.pk])
    client.force_login(director)
    assert client.get(url).status_code == 404
    assert client.get(reverse("labels:caf_edit", args=[caf.pk])).status_code == 404


def test_a_director_with_an_account_goes_straight_to_her_dossier(client, caf, director):
    client.force_login(director)
    page = client.get(caf.get_absolute_url()).content.decode()
    assert reverse("labels:application_create") in page
