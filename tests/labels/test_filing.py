"""The dossier as the director fills it in: it saves although incomplete, and refuses in words."""

from datetime import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from pikepdf import Dictionary, Encryption, Name, Pdf

from avip.models import Document
from avip.workflow import StepRefused, edit
from labels import filing
from labels.models import LabelApplication, SupportingDocument
from tests import factories as f
from tests.labels.factories import ON, Status, a_pdf, make_application, make_draft


def section(application, name):
    return reverse("labels:application_section", args=[application.pk, name])


@pytest.fixture
def draft(facility, director, client):
    client.force_login(director)
    return make_draft(facility, by=director, complete=False)


def test_opening_a_request_fills_in_what_is_known_and_attaches_a_member(client, facility, director):
    client.force_login(director)
    response = client.post(reverse("labels:application_create"), {"kind": "first"})
    application = LabelApplication.objects.get()
    assert response.url == application.get_absolute_url()
    assert application.siret == facility.facility.siret
    assert (application.opens, application.closes) == (time(8), time(18, 30))
    assert application.open_days == [0, 1, 2, 3, 4]
    assert application.attached_at
    page = client.get(application.get_absolute_url()).content.decode()
    assert "Brouillon, pas encore déposé" in page


def test_opening_again_takes_up_the_open_request(client, facility, director):
    client.force_login(director)
    for _ in range(2):
        client.post(reverse("labels:application_create"), {"kind": "first"})
    assert LabelApplication.objects.count() == 1


def test_somebody_else_s_creche_cannot_be_chosen(client, director, other_facility):
    client.force_login(director)
    url = f"{reverse('labels:application_create')}?creche={other_facility.pk}"
    assert client.post(url, {"kind": "first"}).status_code == 404
    assert not LabelApplication.objects.exists()


def test_a_labelled_creche_opens_no_first_request(facility, director):
    make_application(Status.GRANTED, facility, by=director)
    with pytest.raises(StepRefused, match="déjà un label"):
        filing.open_application(facility, by=director, on=ON)


def test_a_section_saves_although_incomplete(client, draft):
    response = client.post(
        section(draft, "capacite"), {"seen": draft.revision, "licensed_capacity": 24}, follow=True
    )
    draft.refresh_from_db()
    assert draft.licensed_capacity == 24
    assert draft.planned_children is None
    assert "est enregistré" in response.content.decode()


@pytest.mark.parametrize(
    ("name", "answers", "said"),
    [
        ("identite", {"siret": "12345678901234"}, "Ce numéro SIRET n’existe pas"),
        ("capacite", {"licensed_capacity": 0}, "au moins une place"),
        (
            "capacite",
            {"planned_children": 3, "planned_avip_children": 4},
            "Vous prévoyez 4 enfants",
        ),
        ("horaires", {"opens": "18:00", "closes": "08:00"}, "vient après l’ouverture"),
    ],
)
def test_a_wrong_answer_is_refused_beside_its_field_and_kept(client, draft, name, answers, said):
    response = client.post(section(draft, name), {"seen": draft.revision, **answers})
    page = response.content.decode()
    assert said in page
    assert "error-summary" in page
    for value in answers.values():
        assert f'value="{value}"' in page
    draft.refresh_from_db()
    assert draft.revision == 0


def test_a_siret_copied_with_its_spaces_is_read(client, draft):
    siret = f.make_siret()
    spaced = f"{siret[:3]} {siret[3:6]} {siret[6:9]} {siret[9:]}"
    client.post(section(draft, "identite"), {"seen": 0, "siret": spaced})
    draft.refresh_from_db()
    assert draft.siret == siret


def test_the_siret_of_another_creche_is_refused(client, draft, other_facility):
    siret = other_facility.facility.siret
    response = client.post(section(draft, "identite"), {"seen": 0, "siret": siret})
    assert "Une autre crèche est déjà enregistrée" in response.content.decode()


def test_commitments_are_kept_one_by_one(client, draft):
    client.post(section(draft, "engagements"), {"seen": 0, "agrees_C1": "yes", "how_C1": "Ainsi."})
    client.post(section(draft, "engagements"), {"seen": 1, "agrees_C8": "no", "how_C8": "Non."})
    answers = {a.code: (a.agrees, a.how) for a in draft.commitments.all()}
    assert answers == {"C8": (False, "Non."), "C1": (True, "Ainsi.")}


def test_a_stale_page_is_refused_saying_by_whom_and_the_input_is_kept(client, draft, facility):
    colleague = f.make_user("Rémi", "Collègue", member_of=facility)
    with edit(draft, by=colleague, seen=0, fields=["address"]):
        draft.address = "9 rue Neuve"
    response = client.post(section(draft, "capacite"), {"seen": 0, "licensed_capacity": 31})
    page = response.content.decode()
    assert "modifié entre-temps par Rémi Collègue" in page
    assert 'value="31"' in page
    draft.refresh_from_db()
    assert draft.licensed_capacity is None
    # Read again, then saved: the page now carries the present revision.
    client.post(section(draft, "capacite"), {"seen": draft.revision, "licensed_capacity": 31})
    draft.refresh_from_db()
    assert (draft.licensed_capacity, draft.address) == (31, "9 rue Neuve")


def test_a_submitted_dossier_is_no_longer_written(client, facility, director):
    application = make_application(Status.SUBMITTED, facility, by=director)
    client.force_login(director)
    response = client.post(
        section(application, "capacite"), {"seen": application.revision, "licensed_capacity": 99}
    )
    assert "ne se modifie plus" in response.content.decode()
    assert client.get(section(application, "capacite")).status_code == 302
    application.refresh_from_db()
    assert application.licensed_capacity == 24


def test_an_unknown_section_does_not_exist(client, draft):
    assert client.get(section(draft, "inconnue")).status_code == 404


def upload(client, application, data, name="projet.pdf", content_type="application/pdf"):
    return client.post(
        section(application, "documents"),
        {
            "seen": application.revision,
            "project": SimpleUploadedFile(name, data, content_type=content_type),
        },
        follow=True,
    )


def encrypted_pdf():
    import io

    pdf, data = Pdf.new(), io.BytesIO()
    pdf.add_blank_page()
    pdf.save(data, encryption=Encryption(owner="a", user="b"))
    return data.getvalue()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"MZ not a pdf", "n’est pas un PDF"),
        (encrypted_pdf(), "mot de passe"),
        (
            a_pdf(OpenAction=Dictionary(S=Name("/JavaScript"), JS="app.alert(1)")),
            "éléments actifs",
        ),
        (b"%PDF-" + b"0" * (10 * 1024 * 1024), "10"),
    ],
    ids=["not a PDF", "encrypted", "JavaScript", "too heavy"],
)
def test_a_document_that_is_not_a_plain_pdf_is_refused(client, draft, data, said):
    response = upload(client, draft, data)
    assert said in response.content.decode()
    assert "error-summary" in response.content.decode()
    assert not SupportingDocument.objects.exists()


def test_a_document_is_kept_under_our_own_name_and_replaced_by_the_next(client, draft):
    upload(client, draft, a_pdf(), name="CV de Mme Martin.pdf")
    draft.refresh_from_db()
    upload(client, draft, a_pdf(Lang="fr"))
    document = SupportingDocument.objects.get().document
    assert document.filename == "projet-detablissement.pdf"
    assert Document.objects.count() == 1


def test_a_document_read_by_the_caf_is_kept_when_another_replaces_it(facility, director, client):
    application = make_application(Status.CORRECTION_REQUESTED, facility, by=director)
    client.force_login(director)
    upload(client, application, a_pdf(Lang="fr"))
    assert Document.objects.count() == 3


def test_the_check_page_lists_what_is_missing_with_a_link_to_each_field(client, draft):
    page = client.get(reverse("labels:application_check", args=[draft.pk])).content.decode()
    assert section(draft, "capacite") + "#id_licensed_capacity" in page
    assert "Déposer la demande" not in page
    refused = client.post(reverse("labels:application_check", args=[draft.pk]))
    assert refused.status_code == 422
    draft.refresh_from_db()
    assert draft.status == Status.DRAFT


def test_submitting_says_what_happens_next(client, facility, director):
    application = make_draft(facility, by=director)
    client.force_login(director)
    url = reverse("labels:application_check", args=[application.pk])
    assert "Déposer la demande" in client.get(url).content.decode()
    page = client.post(url, follow=True).content.decode()
    assert "Votre demande est déposée" in page and "Et maintenant" in page


def test_a_corrected_dossier_is_sent_back(client, facility, director):
    application = make_application(Status.CORRECTION_REQUESTED, facility, by=director)
    client.force_login(director)
    page = client.get(application.get_absolute_url()).content.decode()
    assert "Le SIRET." in page
    check = reverse("labels:application_check", args=[application.pk])
    client.post(section(application, "referent"), {"seen": application.revision})
    assert client.post(check).status_code == 422  # the section was emptied: it is asked again
    application.refresh_from_db()
    client.post(
        section(application, "referent"),
        {
            "seen": application.revision,
            "family_referent_name": "Lina Roux",
            "family_referent_role": "éducatrice",
        },
    )
    client.post(check)
    application.refresh_from_db()
    assert application.status == Status.UNDER_REVIEW


def test_the_creche_withdraws_from_a_page_that_says_what_it_means(client, facility, director):
    application = make_application(Status.SUBMITTED, facility, by=director)
    client.force_login(director)
    url = reverse("labels:application_withdraw", args=[application.pk])
    assert "arrête de l’étudier" in client.get(url).content.decode()
    client.post(url, {"reasons": ""})
    application.refresh_from_db()
    assert application.status == Status.WITHDRAWN


def test_a_corrected_dossier_goes_back_to_whoever_studies_it(client, facility, director):
    application = make_application(Status.CORRECTION_REQUESTED, facility, by=director)
    client.force_login(director)
    url = reverse("labels:application_check", args=[application.pk])
    page = client.post(url, follow=True).content.decode()
    assert "Votre demande est renvoyée" in page and "Un agent de la Caf prend" not in page
    page = client.get(application.get_absolute_url()).content.decode()
    assert "À la Caf de Paris" in page
