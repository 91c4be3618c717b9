"""What is kept of a signature as it was given: from which machine, on which paper."""

import io
import json
from datetime import timedelta

import pikepdf
import pytest
from django.template.loader import render_to_string
from django.urls import reverse

from avip.models import Document
from avip.templatetags.words import fr_date
from families import documents, sealed_contract, signature_rows
from families.evidence import parties_of, party_in_words
from families.models import Signatory, Signature
from tests import factories as base
from tests.families import factories as f
from tests.families.pages import signed_in, url

pytestmark = pytest.mark.django_db

SCAN = b"%PDF-1.7 the paper, page by page"


@pytest.fixture
def on_paper():
    """A version in force whose parent signed on paper, recorded the next day."""
    version = f.make_contract("to_sign").versions.get()
    f.sign_all(version, but=[Signatory.Role.PARENT])
    parent = version.signatories.get(role=Signatory.Role.PARENT)
    f.contracts.sign(
        version,
        signatory=parent,
        method=Signature.Method.PAPER,
        text_sha256=version.text_sha256,
        by=version.contract.adviser,
        on=f.ON + timedelta(days=1),
        at=f.AT + timedelta(days=1),
        scan=Document.objects.write(filename="contrat-signe.pdf", data=SCAN),
        signed_on_paper_on=f.ON.isoformat(),
        original_held_by="la crèche, bureau de la direction",
    )
    version.refresh_from_db()
    return version


def test_a_paper_says_its_own_day_and_no_tick_that_nobody_made(on_paper):
    (_, parent, _) = parties_of(on_paper)
    assert parent["consent_sentence"] is None and parent["consent_at"] is None
    words = dict(party_in_words(parent))
    assert "Accord" not in words
    assert f"signé le {fr_date(f.ON)}" in words["Papier"]
    assert "la crèche, bureau de la direction" in words["Papier"]
    assert words["Empreinte SHA-256 du scan"] == Signature.objects.get(method="paper").scan.sha256
    assert words["Signature"].startswith("enregistrée le")
    (care, _, _) = parties_of(on_paper)
    assert "coché" in dict(party_in_words(care))["Accord"]


def test_the_contract_and_its_page_say_the_day_of_the_paper(on_paper):
    printed = render_to_string("families/pdf/contract.html", sealed_contract.printed(on_paper))
    assert f"Signé sur papier le {fr_date(f.ON)}" in printed
    signature = Signature.objects.get(method="paper")
    said = signature_rows.how(signature)
    assert said.startswith(f"signé sur papier le {fr_date(f.ON)}") and "devant" not in said


@pytest.mark.pdf
def test_the_scan_of_a_paper_travels_with_the_evidence(on_paper):
    documents.make_sealed_contract(on_paper)
    on_paper.refresh_from_db()
    with pikepdf.open(io.BytesIO(bytes(on_paper.evidence_pdf.data))) as found:
        assert found.attachments["scan-1.pdf"].get_file().read_bytes() == SCAN
        evidence = json.loads(found.attachments["evidence.json"].get_file().read_bytes())
    assert evidence["parties"][1]["original_held_by"] == "la crèche, bureau de la direction"


def test_behind_a_proxy_the_address_kept_is_that_of_the_visitor(live, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    client = signed_in(live.adviser)
    sent = {"text_sha256": live.version.text_sha256, "consent": "on"}
    proxied = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.5, 192.0.2.9"}
    asked = client.post(url("contract_sign", live), sent, **proxied)
    assert asked.url.startswith(reverse("account_reauthenticate"))
    password = {"password": base.PASSWORD, "next": url("contract_sign", live)}
    client.post(asked.url, password, **proxied)
    assert Signature.objects.get().evidence["ip"] == "192.0.2.9"
