"""A label is withdrawn in steps, by two persons, never in one click."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.template.loader import render_to_string
from django.urls import reverse

from avip.workflow import StepRefused
from labels import workflow
from labels.letters import letter_context
from labels.models import Label, Letter
from tests.labels.factories import AT, ON, make_label

S = Label.Status
MONTH = timedelta(days=30)
DAY = {"on": ON, "at": AT}
LATER = {"on": ON + MONTH + timedelta(days=1)}


@pytest.fixture
def label(facility, caf_manager):
    label = make_label(facility)
    workflow.give_notice(label, by=caf_manager, reasons="Quota.", reply_by=ON + MONTH, **DAY)
    return label


def test_the_withdrawal_waits_for_the_reply_or_its_deadline(label, caf_agent, director):
    with pytest.raises(StepRefused, match="peut répondre jusqu’au 01/04/2026"):
        workflow.withdraw_label(label, by=caf_agent, on=ON + MONTH, reasons="Sans suite.")
    workflow.reply_to_notice(label, by=director, text="Nous n’y arrivons pas.", **DAY)
    workflow.withdraw_label(label, by=caf_agent, reasons="Sans suite.", **DAY)
    assert label.status == S.WITHDRAWN


def test_without_a_reply_the_deadline_is_enough(label, caf_agent):
    workflow.withdraw_label(label, by=caf_agent, reasons="Sans réponse.", **LATER)
    assert label.status == S.WITHDRAWN
    letter = Letter.objects.get(kind="withdrawn")
    text = " ".join(render_to_string("labels/pdf/letter.html", letter_context(letter)).split())
    assert "n’a pas reçu de réponse" in text and "Sans réponse." in text
    assert "tribunal administratif" in text and "2 mois" in text
    assert "contrats d’engagement déjà signés" in text
    assert letter.signed_by == "Sophie Laurent, chargée de conseil, Caf de Paris"


def test_a_label_is_never_withdrawn_without_notice(facility, caf_agent):
    label = make_label(facility)
    with pytest.raises(StepRefused, match="n’est plus possible"):
        workflow.withdraw_label(label, by=caf_agent, reasons="Quota.", **LATER)


def test_a_withdrawal_is_motivated(label, caf_agent):
    with pytest.raises(StepRefused, match="motifs"):
        workflow.withdraw_label(label, by=caf_agent, reasons="  ", **LATER)


def test_whoever_gave_notice_does_not_withdraw_while_a_colleague_may(label, caf_manager, caf_agent):
    for committee in ("", "12 avril, n° 4"):
        with pytest.raises(StepRefused, match="une autre personne .*Sophie Laurent"):
            workflow.withdraw_label(
                label, by=caf_manager, reasons="Sans suite.", committee=committee, **LATER
            )
    label.refresh_from_db()
    assert label.status == S.NOTICE_GIVEN


def test_alone_in_her_caf_she_names_the_committee(label, caf_manager):
    with pytest.raises(StepRefused, match="la référence du comité"):
        workflow.withdraw_label(label, by=caf_manager, reasons="Sans suite.", **LATER)
    workflow.withdraw_label(
        label, by=caf_manager, reasons="Sans suite.", committee="12 avril, n° 4", **LATER
    )
    assert Letter.objects.get(kind="withdrawn").facts["committee"] == "12 avril, n° 4"
    assert "12 avril, n° 4" in label.history.last().comment


def test_a_colleague_who_works_for_the_creche_does_not_count(
    label, facility, caf_manager, caf_agent
):
    from tests import factories as f

    f.make_membership(caf_agent, facility)
    for name in ("memberships_today", "reach"):
        caf_agent.__dict__.pop(name, None)
    with pytest.raises(PermissionDenied):
        workflow.withdraw_label(label, by=caf_agent, reasons="Sans suite.", **LATER)
    with pytest.raises(StepRefused, match="personne d’autre"):
        workflow.withdraw_label(label, by=caf_manager, reasons="Sans suite.", **LATER)


def test_the_label_granted_to_follow_falls_with_it(label, facility, caf_agent):
    following = make_label(facility, starts_on=date(2029, 3, 2), ends_on=date(2032, 3, 1))
    workflow.withdraw_label(label, by=caf_agent, reasons="Sans suite.", **LATER)
    following.refresh_from_db()
    assert following.status == S.WITHDRAWN


def test_the_form_says_who_decides_and_how_it_is_contested(client, label, caf_manager, caf_agent):
    Label.objects.update(notice_replied_at=AT, notice_reply="Rien à dire.")
    url = reverse("labels:label_withdraw", args=[label.pk])
    client.force_login(caf_manager)
    refused = client.get(url, follow=True).content.decode()
    assert "une autre personne de votre Caf décide" in refused
    client.force_login(caf_agent)
    page = client.get(url).content.decode()
    assert "tribunal administratif" in page and "R. 421-1" in page
    assert "Rien à dire." in page and "continuent" in page
    assert "committee" not in client.get(url).context["form"].fields
    assert client.post(url, {"reasons": ""}).status_code == 200
    assert client.post(url, {"reasons": "Sans suite."}).status_code == 302
    label.refresh_from_db()
    assert label.status == S.WITHDRAWN


def test_alone_the_form_asks_for_the_committee(client, label, caf_manager):
    Label.objects.update(notice_replied_at=AT)
    client.force_login(caf_manager)
    url = reverse("labels:label_withdraw", args=[label.pk])
    page = client.get(url)
    assert "committee" in page.context["form"].fields
    assert "personne d’autre" in page.content.decode()


def test_a_withdrawn_certificate_says_so_when_it_is_scanned(client, label, caf_agent):
    from labels.documents import verification_url

    workflow.withdraw_label(label, by=caf_agent, reasons="Motif secret.", **LATER)
    path = verification_url(label).partition("/verifier/")[2]
    page = client.get(f"/verifier/{path}")
    assert page.status_code == 200  # the address of the QR code is the page itself
    text = page.content.decode()
    assert "Ce label a été retiré" in text and "ne vaut plus" in text
    assert "Motif secret" not in text
