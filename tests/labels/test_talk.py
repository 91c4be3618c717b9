"""The thread of a dossier, the contacts of the Caf, the territory."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from avip import outbox
from avip.workflow import StepRefused
from labels.models import ContactNote, Message
from labels.talk import note_contact, post_message
from labels.territory import surroundings
from partners.models import PriorityNeighbourhood
from tests import factories as f
from tests.labels.factories import ON, Status, a_pdf, make_application


@pytest.fixture
def application(facility, director, caf_agent):
    return make_application(Status.UNDER_REVIEW, facility, by=director, agent=caf_agent)


def add_url(application):
    return reverse("labels:message_add", args=[application.pk])


def test_each_side_writes_and_the_other_is_told(client, application, director, caf_agent):
    client.force_login(caf_agent)
    client.post(add_url(application), {"text": "Avez-vous signé la convention ?"})
    client.force_login(director)
    page = client.get(application.get_absolute_url()).content.decode()
    assert "Avez-vous signé la convention ?" in page
    client.post(add_url(application), {"text": "<script>Oui</script>"})
    outbox.deliver_due()
    told = [m.to[0] for m in mail.outbox if "Un message" in m.subject]
    assert told == [director.email, caf_agent.email]
    assert not any("convention" in m.body for m in mail.outbox)
    client.force_login(caf_agent)
    page = client.get(application.get_absolute_url()).content.decode()
    assert "&lt;script&gt;Oui" in page and "<script>Oui" not in page


def test_a_message_carries_a_pdf_for_both_sides_alone(
    client, application, director, caf_agent, other_caf_agent, other_facility
):
    make_application(Status.UNDER_REVIEW, other_facility, agent=other_caf_agent)
    file = SimpleUploadedFile("nom<b>.pdf", a_pdf(), content_type="application/pdf")
    client.force_login(director)
    client.post(add_url(application), {"text": "Voici.", "document": file})
    message = Message.objects.get()
    piece = reverse("labels:message_document", args=[message.pk])
    assert message.document.filename == "piece-jointe.pdf"
    for person, status in [(director, 200), (caf_agent, 200), (other_caf_agent, 404)]:
        client.force_login(person)
        assert client.get(piece).status_code == status


def test_another_file_than_a_pdf_is_refused_in_words(client, application, director):
    client.force_login(director)
    file = SimpleUploadedFile("x.pdf", b"MZ", content_type="application/pdf")
    page = client.post(add_url(application), {"text": "Voici.", "document": file})
    assert "n’est pas un PDF" in page.content.decode()
    assert not Message.objects.exists()


def test_the_thread_closes_with_the_decision_and_stays_readable(
    client, application, director, caf_agent
):
    post_message(application, by=director, on=ON, text="Bonjour.")
    from labels import workflow

    workflow.withdraw(application, by=director, on=ON)
    with pytest.raises(StepRefused, match="On n’écrit plus"):
        post_message(application, by=caf_agent, on=ON, text="Trop tard.")
    client.force_login(director)
    page = client.get(application.get_absolute_url()).content.decode()
    assert "Bonjour." in page and "Écrire un message" not in page


def test_nobody_writes_before_the_submission_nor_from_outside(
    facility, director, other_caf_agent, application
):
    with pytest.raises(PermissionDenied):
        post_message(application, by=other_caf_agent, on=ON, text="Bonjour.")
    draft = make_application(Status.DRAFT, f.make_facility("Autre"), by=director)
    f.make_membership(director, draft.provider)
    with pytest.raises((PermissionDenied, StepRefused)):
        post_message(draft, by=director, on=ON, text="Bonjour.")


def test_calls_and_visits_are_the_caf_s_own(client, application, facility, caf_agent, director):
    page = reverse("labels:contact_list", args=[facility.pk])
    client.force_login(caf_agent)
    today = timezone.localdate()
    client.post(page, {"kind": "visit", "held_on": today, "text": "Visite <b>utile</b>."})
    assert "Visite &lt;b&gt;utile&lt;/b&gt;." in client.get(page).content.decode()
    assert "Visite &lt;b&gt;utile" in client.get(application.get_absolute_url()).content.decode()
    tomorrow = today + timedelta(days=1)
    refused = client.post(page, {"kind": "call", "held_on": tomorrow, "text": "Demain."})
    assert "dans le futur" in refused.content.decode()
    assert ContactNote.objects.count() == 1
    client.force_login(director)
    assert client.get(page).status_code == 403
    assert "utile" not in client.get(application.get_absolute_url()).content.decode()
    assert not ContactNote.objects.visible_to(director).exists()


def test_nobody_else_notes_a_contact(facility, director, other_caf_agent):
    for person in (director, other_caf_agent):
        with pytest.raises(PermissionDenied):
            note_contact(facility, by=person, on=ON, kind="call", held_on=ON, text="Non.")


def test_the_territory_gives_the_nearest_first(client, facility, caf, caf_agent, caf_manager):
    commune = facility.commune
    for index in range(7):
        provider = f.make_facility(f"Labellisée {index}", caf=caf, commune=commune)
        provider.lat, provider.lon = 48.86 + index / 100, 2.39
        provider.save()
        make_application(Status.GRANTED, provider, agent=caf_agent, decider=caf_manager)
    facility.lat, facility.lon = 48.86, 2.39
    facility.save()
    quartier = PriorityNeighbourhood.objects.create(
        code="QN07501I", name="Les Portes", department_code="75", lat=48.87, lon=2.4
    )
    quartier.communes.add(commune)
    around = surroundings(facility, ON)
    assert [place.name for place in around.labelled] == [f"Labellisée {i}" for i in range(5)]
    assert around.neighbourhoods == [quartier]
    application = make_application(Status.SUBMITTED, facility)
    client.force_login(caf_agent)
    page = client.get(application.get_absolute_url()).content.decode()
    assert "Labellisée 4" in page and "Les Portes" in page


def test_a_creche_without_a_point_is_seen_from_its_commune(facility):
    facility.lat = facility.lon = None
    assert surroundings(facility, ON).is_commune


def test_a_long_thread_asks_no_more_queries(client, application, director, caf_agent):
    client.force_login(caf_agent)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get(application.get_absolute_url())
        return len(captured)

    post_message(application, by=director, on=ON, text="Bonjour.")
    queries()
    one = queries()
    for index in range(10):
        post_message(application, by=director, on=ON, text=f"Message {index}.")
        note_contact(
            application.provider, by=caf_agent, on=ON, kind="call", held_on=ON, text="Appel."
        )
    assert queries() == one + 0
