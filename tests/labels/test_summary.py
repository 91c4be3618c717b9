"""The summary of a dossier: what it says, and what it never does."""

import io

import pikepdf
import pytest
from django.template.loader import render_to_string
from django.urls import reverse

from labels.models import LabelApplication
from labels.summary import render_summary, summary_context
from tests import factories as f
from tests.labels.factories import ON, Status, make_application

FRAGMENT = "labels/pdf/_summary.html"


def shown(application):
    return render_to_string(FRAGMENT, {"summary": summary_context(application, ON)})


def test_the_summary_says_the_answers_the_findings_and_the_proposal(facility, caf_agent):
    application = make_application(Status.READY, facility, agent=caf_agent)
    page = shown(application).replace("\xa0", " ")
    assert "Proposition de Sophie Laurent : accorder le label" in page
    assert "7 enfants Avip sur 30" in page
    assert "C13. Mêmes tarifs, même qualité" in page and "Chaque semaine." in page
    assert "Décision attendue avant le" in page


def test_an_amendment_is_summed_up_by_what_changes(facility, caf_agent):
    application = make_application(Status.SUBMITTED, facility)
    application.kind, application.blocks = LabelApplication.Kind.AMENDMENT, ["hours"]
    names = [rubric.name for rubric in summary_context(application, ON)["rubrics"]]
    assert names == ["horaires", "documents"]


def test_what_is_typed_is_printed_as_text(facility, caf_agent):
    application = make_application(
        Status.READY,
        facility,
        agent=caf_agent,
        planned_periods="<script>alert(1)</script>",
        facility_name="<b>Gras</b>",
    )
    page = shown(application)
    assert "<script>" not in page and "<b>" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.pdf
def test_the_summary_is_a_readable_pdf(client, facility, caf_agent):
    application = make_application(Status.READY, facility, agent=caf_agent)
    with pikepdf.open(io.BytesIO(render_summary(application, ON))) as pdf:
        assert pdf.docinfo["/Title"] == "Résumé de la demande de label"
    client.force_login(caf_agent)
    response = client.get(reverse("labels:application_summary", args=[application.pk]))
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith("attachment")


def test_the_proposal_is_not_for_the_creche(client, facility, director, other_caf_agent):
    other = f.make_facility("Les Voisins", caf=other_caf_agent.memberships_today[0].caf)
    make_application(Status.SUBMITTED, other)
    application = make_application(Status.READY, facility, by=director)
    address = reverse("labels:application_summary", args=[application.pk])
    client.force_login(director)
    assert client.get(address).status_code == 403
    client.force_login(other_caf_agent)
    assert client.get(address).status_code == 404
