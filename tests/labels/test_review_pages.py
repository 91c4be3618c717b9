"""What the Caf sees and does; what its neighbour does not."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from labels.models import LabelApplication
from tests import factories as f
from tests.labels.factories import Status, make_application, make_draft


def url(name, application, *args):
    return reverse(f"labels:application_{name}", args=[application.pk, *args])


def test_the_caf_sees_no_draft_of_an_attached_director(client, facility, caf_agent):
    draft = make_draft(facility)
    client.force_login(caf_agent)
    assert client.get(url("detail", draft)).status_code == 404


def test_the_caf_reads_no_answer_of_a_draft_to_attach(client, facility, caf_agent):
    draft = make_draft(facility, attached=False)
    client.force_login(caf_agent)
    page = client.get(url("detail", draft)).content.decode()
    assert "Lina Roux" not in page
    piece = reverse("labels:supporting_document", args=[draft.pk, "project"])
    assert client.get(piece).status_code == 404


def test_a_withdrawn_draft_stays_with_the_creche(client, facility, director, caf_agent):
    draft = make_application(Status.WITHDRAWN, facility, by=director)
    client.force_login(caf_agent)
    assert client.get(url("detail", draft)).status_code == 404
    unattached = LabelApplication.objects.filter(pk=draft.pk)
    unattached.update(attached_at=None)
    assert "Lina Roux" not in client.get(url("detail", draft)).content.decode()
    piece = reverse("labels:supporting_document", args=[draft.pk, "project"])
    assert client.get(piece).status_code == 404
    client.force_login(director)
    assert client.get(url("detail", draft)).status_code == 200


PAGES = ["detail", "check", "submitted", "withdraw", "dismiss", "correction", "ready", "decision"]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("persona", ["other_caf_agent", "other_director", "adviser"])
def test_a_stranger_s_dossier_does_not_exist(
    request, client, facility, other_facility, name, persona
):
    person = request.getfixturevalue(persona)
    make_application(Status.SUBMITTED, other_facility)  # the neighbours have one of their own
    application = make_application(Status.SUBMITTED, facility)
    client.force_login(person)
    assert client.get(url(name, application)).status_code == 404
    assert client.post(url("step", application, "start_review")).status_code == 404
    piece = reverse("labels:supporting_document", args=[application.pk, "project"])
    assert client.get(piece).status_code == 404


@pytest.mark.parametrize("name", ["check", "withdraw"])
def test_the_acts_of_the_creche_are_not_those_of_the_caf(client, facility, caf_agent, name):
    application = make_application(Status.SUBMITTED, facility)
    client.force_login(caf_agent)
    assert client.get(url(name, application)).status_code == 403


@pytest.mark.parametrize("name", ["correction", "ready", "decision", "dismiss"])
def test_the_acts_of_the_caf_are_not_those_of_the_creche(client, facility, director, name):
    application = make_application(Status.UNDER_REVIEW, facility, by=director)
    client.force_login(director)
    assert client.get(url(name, application)).status_code == 403
    assert client.post(url("step", application, "recall_decision")).status_code == 403


def test_a_review_from_the_queue_to_the_decision(client, facility, caf_agent, caf_manager):
    application = make_application(Status.SUBMITTED, facility)
    client.force_login(caf_agent)
    queue = client.get(reverse("labels:application_list"), {"status": "submitted"})
    assert application.get_absolute_url() in queue.content.decode()
    client.post(url("step", application, "start_review"))
    page = client.get(url("detail", application)).content.decode()
    assert "7 enfants Avip sur 30" in page
    assert "Ouverte 11" in page
    assert "Demander une correction" in page
    client.post(url("ready", application), {"proposal": "grant", "reasons": "Complet."})
    page = client.get(url("detail", application)).content.decode()
    assert "Marc Dubois" in page  # who must act now

    client.force_login(caf_manager)
    form = client.get(url("decision", application)).content.decode()
    assert "Complet." in form and "La seconde personne" not in form
    application.refresh_from_db()
    decided_on = application.submitted_at.date()
    client.post(
        url("decision", application), {"decided_on": decided_on, "decision": "grant", "reasons": ""}
    )
    application.refresh_from_db()
    assert application.status == Status.GRANTED
    page = client.get(url("detail", application)).content.decode()
    assert "Voir le label" in page


def test_a_correction_is_asked_with_a_message_and_a_date(client, facility, caf_agent, director):
    application = make_application(Status.UNDER_REVIEW, facility, by=director, agent=caf_agent)
    client.force_login(caf_agent)
    form = url("correction", application)
    refused = client.post(form, {"message": "", "due_on": "2020-01-01"}).content.decode()
    assert "Laissez à la crèche" in refused and "obligatoire" in refused
    words = {"reason": "unclear", "message": "Précisez C3.", "due_on": "2099-01-01"}
    client.post(form, words)
    client.force_login(director)
    assert "Précisez C3." in client.get(url("detail", application)).content.decode()


def test_the_creche_does_not_read_the_proposal_before_the_decision(client, facility, director):
    application = make_application(Status.READY, facility, by=director)
    client.force_login(director)
    assert "Complet." not in client.get(url("detail", application)).content.decode()


def test_the_creche_reads_the_reasons_of_a_refusal(client, facility, director, caf_agent):
    application = make_application(Status.REFUSED, facility, by=director, agent=caf_agent)
    client.force_login(director)
    page = client.get(url("detail", application)).content.decode()
    assert "label refusé" in page and "Vu." in page


def test_an_act_that_is_no_longer_possible_says_so(client, facility, caf_agent):
    application = make_application(Status.READY, facility, agent=caf_agent)
    client.force_login(caf_agent)
    page = client.get(url("ready", application), follow=True).content.decode()
    assert "n’est plus possible" in page


def test_the_reviewer_who_is_not_alone_is_sent_back_from_the_decision(
    client, facility, caf_agent, caf_manager
):
    application = make_application(Status.READY, facility, agent=caf_agent)
    client.force_login(caf_agent)
    page = client.get(url("decision", application), follow=True).content.decode()
    assert "une autre personne saisit la décision (Marc Dubois)" in page


def test_a_document_is_downloaded_never_shown_in_the_page(client, facility, caf_agent):
    application = make_application(Status.SUBMITTED, facility)
    client.force_login(caf_agent)
    response = client.get(reverse("labels:supporting_document", args=[application.pk, "rules"]))
    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response.content.startswith(b"%PDF-")
    unknown = reverse("labels:supporting_document", args=[application.pk, "inconnu"])
    assert client.get(unknown).status_code == 404


def test_what_is_typed_is_shown_as_text(client, facility, caf_agent):
    application = make_application(
        Status.SUBMITTED, facility, planned_periods="<script>alert(1)</script>"
    )
    client.force_login(caf_agent)
    page = client.get(url("detail", application)).content.decode()
    assert "<script>alert(1)" not in page and "&lt;script&gt;alert(1)" in page


def test_the_filters_are_kept_in_the_address_and_offer_only_what_is_seen(
    client, caf, facility, other_facility, caf_agent
):
    commune = f.make_commune("75119", "Paris 19e Arrondissement", postal_codes="75019")
    second = f.make_facility("Les Buttes", caf=caf, commune=commune)
    make_application(Status.SUBMITTED, second)
    make_application(Status.UNDER_REVIEW, facility, agent=caf_agent)
    make_application(Status.SUBMITTED, other_facility)
    client.force_login(caf_agent)
    listing = reverse("labels:application_list")
    everything = client.get(listing)
    names = [a.facility_name for a in everything.context["applications"]]
    assert sorted(names) == ["Les Buttes", "Les Petits Rameurs"]
    assert "Montreuil" not in everything.content.decode()
    found = client.get(listing, {"commune": "75119"})
    assert [a.facility_name for a in found.context["applications"]] == ["Les Buttes"]
    assert "Commune : Paris 19e Arrondissement" in found.content.decode().replace("\xa0", " ")
    mine = client.get(listing, {"reviewer": caf_agent.pk})
    assert [a.facility_name for a in mine.context["applications"]] == ["Les Petits Rameurs"]
    nobody = client.get(listing, {"status": "refused"})
    assert "Aucune demande ne correspond" in nobody.content.decode()


@pytest.mark.parametrize("page", ["application_list", "label_list"])
def test_a_list_asks_as_many_queries_for_ten_rows_as_for_one(
    client, caf, caf_agent, caf_manager, page
):
    client.force_login(caf_agent)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse(f"labels:{page}")).status_code == 200
        return len(captured)

    def add(number):
        for index in range(number):
            provider = f.make_facility(f"Crèche {number} {index}", caf=caf)
            make_application(Status.GRANTED, provider, agent=caf_agent, decider=caf_manager)

    add(1)
    queries()
    one = queries()
    add(9)
    assert queries() == one


def test_a_director_sees_her_own_and_no_other(client, facility, other_facility, director):
    make_application(Status.SUBMITTED, other_facility)
    make_application(Status.SUBMITTED, facility, by=director)
    client.force_login(director)
    page = client.get(reverse("labels:application_list"))
    assert [a.provider for a in page.context["applications"]] == [facility]
    assert LabelApplication.objects.count() == 2


def test_a_dossier_is_shown_in_few_queries_and_without_the_bytes_of_its_documents(
    client, facility, director, caf_agent, caf_manager
):
    application = make_application(Status.READY, facility, by=director, agent=caf_agent)
    for person in (caf_agent, caf_manager, director):
        client.force_login(person)
        with CaptureQueriesContext(connection) as captured:
            client.get(application.get_absolute_url())
        # The answers, what the rules say, the remarks, the thread, the contacts, the territory.
        assert len(captured) <= 22
        assert not any('"avip_document"."data"' in query["sql"] for query in captured)
