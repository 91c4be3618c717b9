"""The letters of the Caf: what they say, who reads them, made once."""

from datetime import date

import pytest
from django.template.loader import render_to_string
from django.urls import reverse

from avip.models import Outbox
from labels import workflow
from labels.grounds import GROUNDS
from labels.letters import letter_context
from labels.models import Label, LabelApplication, Letter
from labels.tasks.letters import make_letter
from tests.labels.factories import AT, CONFIRMER, ON, Proposal, Status, make_application


@pytest.fixture
def people(director, caf_agent, caf_manager):
    return {"by": director, "agent": caf_agent, "decider": caf_manager}


def html_of(letter):
    return render_to_string("labels/pdf/letter.html", letter_context(letter))


def text_of(letter):
    """Its words, with plain spaces between them."""
    return " ".join(html_of(letter).split())


def test_a_granted_label_makes_a_letter_with_its_dates(facility, people):
    application = make_application(Status.GRANTED, facility, **people)
    letter = Letter.objects.get()
    assert (letter.kind, letter.application, letter.issued_on) == ("granted", application, ON)
    assert letter.label == Label.objects.get()
    assert "du 2 mars 2026 au 1ᵉʳ mars 2029" in text_of(letter)
    assert letter.signed_by == "Marc Dubois, responsable, Caf de Paris"
    assert "appeal" not in letter.facts


def test_a_refusal_says_why_and_how_to_contest_it(facility, people):
    make_application(Status.REFUSED, facility, **people)
    letter = Letter.objects.get()
    text = text_of(letter)
    assert letter.kind == "refused"
    assert "<h2>Les motifs</h2>" in text and GROUNDS[0] in text and "<p>Vu.</p>" in text
    assert "2 mois" in text and "R. 421-1" in text
    assert "recours gracieux" in text and "tribunal administratif" in text


def test_a_label_with_reservations_says_by_when_to_lift_them(facility, people):
    application = make_application(Status.READY, facility, by=people["by"], agent=people["agent"])
    workflow.record_decision(
        application,
        by=people["decider"],
        on=ON,
        decision=Proposal.GRANT_WITH_RESERVATIONS,
        reasons="Signer la convention.",
        reservations_due_on=date(2026, 6, 30),
        decided_on=ON,
    )
    text = text_of(Letter.objects.get())
    assert "avec réserves" in text and "Signer la convention." in text
    assert "avant le <strong>30 juin 2026</strong>" in text
    assert "tribunal administratif" in text


def test_a_deferral_is_no_refusal(facility, people):
    make_application(Status.DEFERRED, facility, **people)
    text = text_of(Letter.objects.get())
    assert "ajourne" in text and "tribunal" not in text


def test_an_accepted_amendment_keeps_the_dates_of_the_label(facility, people):
    make_application(Status.GRANTED, facility, **people)
    application = make_application(Status.READY, facility, by=people["by"], agent=people["agent"])
    LabelApplication.objects.filter(pk=application.pk).update(
        kind="amendment", blocks=["hours"], current_label=Label.objects.get()
    )
    application.refresh_from_db()
    workflow.record_decision(
        application,
        by=people["decider"],
        on=ON,
        decision=Proposal.GRANT,
        reasons="",
        decided_on=ON,
    )
    label = Label.objects.get()
    certificates = Outbox.objects.filter(kind="labels.certificate", object_id=str(label.pk))
    assert label.certificate is None and certificates.count() == 2
    letter = Letter.objects.get(kind="amended")
    assert "les horaires d’ouverture" in text_of(letter)
    assert letter.label == Label.objects.get()


def test_a_decision_confirmed_by_link_is_signed_by_both(facility, director, caf_agent):
    application = make_application(Status.TO_CONFIRM, facility, by=director, agent=caf_agent)
    assert not Letter.objects.exists()
    workflow.confirm_decision(application.confirmations.get(), on=ON, at=AT)
    signed = Letter.objects.get().signed_by
    assert "Sophie Laurent, chargée de conseil" in signed
    assert f"confirmée par {CONFIRMER['name']}" in signed


def test_html_typed_in_the_reasons_is_shown_as_text(facility, people):
    application = make_application(Status.READY, facility, by=people["by"], agent=people["agent"])
    workflow.record_decision(
        application,
        by=people["decider"],
        on=ON,
        decision=Proposal.REFUSE,
        reasons="<script>alert(1)</script>\n<img src=x>",
        refusal_grounds=GROUNDS[:1],
        decided_on=ON,
    )
    html = html_of(Letter.objects.get())
    assert "&lt;script&gt;" in html and "<script>" not in html and "<img" not in html


def test_a_letter_says_what_was_true_the_day_it_was_written(facility, people):
    make_application(Status.REFUSED, facility, **people)
    facility.name = "Autre nom"
    facility.save()
    assert "Les Petits Rameurs" in text_of(Letter.objects.get())


def test_the_pdf_is_made_once(facility, people):
    make_application(Status.REFUSED, facility, **people)
    row = Outbox.objects.get(kind="labels.letter")
    make_letter(row)
    letter = Letter.objects.get()
    make_letter(row)
    assert bytes(letter.document.data).startswith(b"%PDF")
    assert letter.document.filename == "label-refuse-2026-03-02.pdf"
    letter.refresh_from_db()
    assert Letter.objects.get().document_id == letter.document_id


def test_a_letter_is_read_by_the_creche_and_its_caf(
    client, facility, people, other_facility, other_director, other_caf_agent
):
    make_application(Status.REFUSED, facility, **people)
    # The neighbours have a letter of their own.
    make_application(Status.REFUSED, other_facility, by=other_director, agent=other_caf_agent)
    letter = Letter.objects.get(provider=facility)
    url = reverse("labels:letter", args=[letter.pk])
    client.force_login(people["by"])
    waiting = client.get(url, follow=True).content.decode()
    assert "Le courrier est en préparation" in waiting
    make_letter(Outbox.objects.get(kind="labels.letter", object_id=letter.pk))
    for person, status in [
        (people["by"], 200),
        (people["agent"], 200),
        (other_director, 404),
        (other_caf_agent, 404),
    ]:
        client.force_login(person)
        assert client.get(url).status_code == status
    for person in (people["by"], people["agent"]):
        client.force_login(person)
        page = client.get(reverse("labels:application_detail", args=[letter.application_id]))
        assert url in page.content.decode()


def test_the_label_page_lists_its_letters_and_the_mail_says_so(
    client, facility, people, mailoutbox
):
    make_application(Status.GRANTED, facility, **people)
    label = Label.objects.get()
    client.force_login(people["by"])
    page = client.get(label.get_absolute_url()).content.decode()
    assert "Courriers de la Caf" in page
    from labels.tasks.applications import mail_decision

    for row in Outbox.objects.filter(kind="labels.decision"):
        mail_decision(row)
    assert "Le courrier de la Caf" in mailoutbox[0].body
