"""The frozen text, the sealed contract, its evidence: made once, complete, nothing from outside."""

import hashlib
import io
import json
import re
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Barrier, Thread
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pikepdf
import pytest
from django.db import connection

from avip import outbox
from avip.models import Document, Outbox
from families import contract_text, documents, seal, sealed_contract
from families.evidence import PARTY_FIELDS, RESERVED_PARTY_FIELDS, journal_head
from families.models import Channel, Child, ContractVersion, Parent, Signatory, Signature
from families.signing import CONSENT, code_digits, issue_link, send_code, try_code
from families.workflow import contracts
from labels.rules import rules_for
from tests import factories as f
from tests.families import factories as ff

pytestmark = pytest.mark.django_db

SIGNED_ON = date(2026, 1, 13)
SIGNED_AT = datetime(2026, 1, 13, 14, 25, tzinfo=ZoneInfo("Europe/Paris"))


@pytest.fixture
def version():
    return ff.make_contract("to_sign").versions.get()


@pytest.fixture
def signed(version):
    return sign_with_a_link(version)


def sign_with_a_link(version):
    """The professionals in their accounts, the parent by her link and a code on her phone."""
    ff.sign_all(version, at=SIGNED_AT - timedelta(hours=1), but=[Signatory.Role.PARENT])
    signatory = version.signatories.get(role=Signatory.Role.PARENT)
    Parent.objects.filter(pk=signatory.parent_id).update(
        email="fatoumata@example.fr", phone="06 12 34 56 78"
    )
    signatory.refresh_from_db()
    opened_at = SIGNED_AT - timedelta(minutes=9)
    link = issue_link(
        version.contract, signatory.parent, channel=Channel.EMAIL, by=None, at=opened_at
    )
    link.sent_at = link.opened_at = opened_at
    link.message_id = "<lien@example.fr>"
    link.save()
    code = send_code(
        signatory, channel=Channel.SMS, by=None, at=SIGNED_AT - timedelta(minutes=3), link=link
    )
    assert try_code(code, "12", at=SIGNED_AT - timedelta(minutes=2))
    assert not try_code(code, code_digits(code), at=SIGNED_AT - timedelta(minutes=1))
    code.refresh_from_db()
    code.message_id = "sms-1"
    contracts.sign(
        version,
        signatory=signatory,
        method=Signature.Method.LINK_CODE,
        text_sha256=version.text_sha256,
        by=link,
        on=SIGNED_ON,
        at=SIGNED_AT,
        code=code,
        ip="192.0.2.7",
        user_agent="Mozilla/5.0 (Android 15; Mobile)",
        text_shown_at="2026-01-12T09:30:00+00:00",
    )
    version.refresh_from_db()
    return version


def attached(pdf, name):
    """A file that travels inside a PDF."""
    with pikepdf.open(io.BytesIO(pdf)) as found:
        return json.loads(found.attachments[name].get_file().read_bytes())


def text_of(pdf, tmp_path, *pages):
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext (poppler-utils) is not installed")
    path = tmp_path / "document.pdf"
    path.write_bytes(pdf)
    command = ["pdftotext", "-layout", *pages, path, "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def deliver(version):
    """What a worker does with the row that the last signature wrote."""
    row = Outbox.objects.get(kind="families.contract_pdf", object_id=str(version.pk))
    return outbox.deliver(row.pk)


# The text


def test_the_frozen_text_is_what_its_fingerprint_says(version):
    assert hashlib.sha256(version.html.encode()).hexdigest() == version.text_sha256
    assert version.template in contract_text.TEMPLATES


def test_the_essential_comes_first_in_twelve_lines(version):
    essential = documents.essentials_of(version.html)
    assert version.html.startswith(essential)
    assert essential.count("<li>") == 12
    for said in [
        "Ce n’est ni votre contrat d’engagement avec France Travail, ni le contrat d’accueil",
        "gratuit et volontaire",
        "cela seul ne change aucune allocation",
        "lundi de 8\xa0h\xa030 à 12\xa0h",
        "Vous promettez",
        "La crèche promet",
        "Votre référent emploi promet",
        "Combien de temps",
        "Si vous trouvez un emploi",
        "Sans emploi ni formation",
        "Pour arrêter",
        "Qui voit quoi",
        "délégué à la protection des données (DPO)",
        "CNIL",
    ]:
        assert said in essential


def test_ten_articles_follow(version):
    numbers = re.findall(r"<h2>Article (\d+)\.", version.html)
    assert numbers == [str(number) for number in range(1, 11)]


def test_the_parent_of_a_child_at_a_childminder_s_reads_that_she_is_her_employer():
    contract = ff.make_contract(provider=ff.make_network_member(f.make_childminder()))
    html = contract.versions.get().html
    essential = documents.essentials_of(html)
    assert "vous êtes son employeur" in essential and essential.count("<li>") == 12
    rules = rules_for(contract.caf, contract.start_on)
    assert f"ne dépasse pas {rules.childminder_hours_month_cap} heures par mois" in html
    assert "la crèche" not in html


def test_what_people_typed_is_escaped():
    household = ff.make_household()
    household.parents.update(last_name="<script>alert(1)</script>")
    household.children.update(first_name="<img src=http://canari.example.fr/a.png>")
    html = ff.make_contract(household=household).versions.get().html
    assert "<script" not in html and "<img" not in html
    assert "&lt;script&gt;" in html and "&lt;img" in html


def test_the_dates_of_the_text_are_those_stored(version):
    contract = version.contract
    assert f"{contract.duration_months} mois" in version.html
    for day in [version.start_on, version.end_on]:
        assert contract_text.fr_date(day) in version.html


def test_a_renewal_says_that_there_is_no_other():
    contract = ff.make_contract("active")
    renewal = contracts.renew(contract, by=contract.adviser, on=contract.end_on)
    assert "Il renouvelle le contrat précédent." in renewal.html
    assert "Le contrat ne peut pas être renouvelé." in renewal.html


def test_hours_are_said_by_groups_of_days():
    slots = [
        SimpleNamespace(weekday=day, starts=time(8, 30), ends=ends)
        for day, ends in [(3, time(12, 30)), (0, time(17)), (1, time(17))]
    ]
    assert [line.replace("\xa0", " ") for line in contract_text.schedule_in_words(slots)] == [
        "lundi et mardi de 8 h 30 à 17 h",
        "jeudi de 8 h 30 à 12 h 30",
    ]


def test_children_of_two_years_keep_their_place_until_two_dates():
    rules = rules_for(None, date(2026, 1, 12))
    children = [
        Child(first_name="Awa", birth_date=date(2024, 3, 3)),
        Child(first_name="Ismaël", birth_date=date(2025, 3, 3)),
    ]
    said = contract_text.kept_until(children, rules).replace("\xa0", " ")
    assert said == "le 31 août 2027 pour Awa et le 31 août 2028 pour Ismaël"


# The sealed contract


@pytest.mark.pdf
def test_the_last_signature_leads_to_a_sealed_contract_and_its_evidence(signed):
    assert deliver(signed)
    signed.refresh_from_db()
    for document in [signed.sealed_pdf, signed.evidence_pdf]:
        data = bytes(document.data)
        assert seal.verify(data).valid
        assert hashlib.sha256(data).hexdigest() == document.sha256


@pytest.mark.pdf
def test_a_second_run_changes_nothing(signed):
    documents.make_sealed_contract(signed)
    signed.refresh_from_db()
    before = signed.sealed_pdf_id, signed.evidence_pdf_id, signed.revision
    documents.make_sealed_contract(signed)
    signed.refresh_from_db()
    assert (signed.sealed_pdf_id, signed.evidence_pdf_id, signed.revision) == before
    assert Document.objects.filter(filename__startswith="contrat-").count() == 1


@pytest.mark.pdf
def test_a_worker_stopped_in_the_middle_leaves_it_to_be_done_again(signed, monkeypatch):
    real = sealed_contract.seal.seal

    def stopped(pdf):
        raise MemoryError

    monkeypatch.setattr(sealed_contract.seal, "seal", stopped)
    assert not deliver(signed)
    signed.refresh_from_db()
    assert signed.sealed_pdf is None and signed.evidence_pdf is None
    row = Outbox.objects.get(kind="families.contract_pdf")
    assert row.done_at is None and row.error == "MemoryError"
    monkeypatch.setattr(sealed_contract.seal, "seal", real)
    Outbox.objects.update(next_try_at=SIGNED_AT)
    assert deliver(signed)


KILLED_WHILE_SEALING = """
import os, signal, sys, django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from avip import outbox
from families import seal
seal.seal = lambda pdf: os.kill(os.getpid(), signal.SIGKILL)
outbox.deliver(sys.argv[2])
"""


@pytest.mark.pdf
@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_while_sealing_leaves_it_to_the_next():
    version = ff.make_contract("active").versions.get()
    row = Outbox.objects.get(kind="families.contract_pdf")
    command = [sys.executable, "-c", KILLED_WHILE_SEALING, connection.settings_dict["NAME"]]
    killed = subprocess.run([*command, str(row.pk)], check=False)
    assert killed.returncode == -signal.SIGKILL
    version.refresh_from_db()
    assert version.sealed_pdf is None and not Document.objects.filter(
        filename__startswith="contrat"
    )
    Outbox.objects.update(next_try_at=ff.AT)  # the claim of the dead worker is over
    assert deliver(version)
    version.refresh_from_db()
    assert seal.verify(bytes(version.sealed_pdf.data)).valid


@pytest.mark.pdf
def test_stopped_between_the_two_only_the_evidence_is_made(signed, monkeypatch):
    monkeypatch.setattr(sealed_contract, "evidence_file", lambda version: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        documents.make_sealed_contract(signed)
    signed.refresh_from_db()
    kept = signed.sealed_pdf.sha256
    monkeypatch.undo()
    documents.make_sealed_contract(signed)
    signed.refresh_from_db()
    assert signed.sealed_pdf.sha256 == kept and signed.evidence_pdf is not None


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_one_document(monkeypatch):
    version = ff.make_contract("active").versions.get()
    monkeypatch.setattr(
        sealed_contract, "contract_file", lambda version: ("contrat-x.pdf", b"%PDF")
    )
    ready = Barrier(2)

    def work(_):
        mine = ContractVersion.objects.get(pk=version.pk)
        ready.wait()
        try:
            sealed_contract.store_once(mine, "sealed_pdf", sealed_contract.contract_file)
        finally:
            connection.close()
        return mine.sealed_pdf_id

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(work, range(2))
    assert first == second
    assert Document.objects.filter(filename="contrat-x.pdf").count() == 1


def test_nothing_is_sealed_before_everybody_has_signed(version):
    with pytest.raises(ValueError, match="signed"):
        documents.make_sealed_contract(version)


def test_a_text_that_is_not_the_signed_one_is_not_sealed(signed):
    signed.html = signed.html.replace("une fois", "deux fois")
    with pytest.raises(ValueError, match="not the one"):
        documents.make_sealed_contract(signed)


@pytest.mark.pdf
def test_proof_and_evidence_hold_every_field_of_every_party(signed):
    documents.make_sealed_contract(signed)
    signed.refresh_from_db()
    proof = attached(bytes(signed.sealed_pdf.data), "proof.json")
    evidence = attached(bytes(signed.evidence_pdf.data), "evidence.json")
    for found in [proof, evidence]:
        assert found["contract"]["code"] == signed.contract.code
        assert found["version"]["number"] == 1
        assert found["template"]["code"] == signed.template
        assert len(found["template"]["sha256"]) == 64
        assert found["text_sha256"] == signed.text_sha256
        assert found["seal_certificate"] == seal.certificate()
        assert found["journal_head_sha256"] == journal_head(found["events"])
    assert [set(party) for party in proof["parties"]] == [set(PARTY_FIELDS)] * 3
    every = {*PARTY_FIELDS, *RESERVED_PARTY_FIELDS}
    assert [set(party) for party in evidence["parties"]] == [every] * 3
    assert evidence["sealed_file"]["sha256"] == signed.sealed_pdf.sha256
    assert evidence["timestamp_token"] == "none"
    care, parent, adviser = evidence["parties"]
    assert (care["role"], adviser["role"]) == ("care", "adviser")
    paper = {"signed_on_paper_on", "original_held_by", "scan_sha256"}
    empty = {"attested_by", "interpreter", "signed_by"} | paper
    blank = {name for name, value in parent.items() if value in (None, "")}
    assert blank <= empty | {"organisation", "delegation"}
    assert parent["code_tries"] == 2
    assert parent["consent_sentence"] == CONSENT


@pytest.mark.pdf
def test_the_other_parties_do_not_read_the_machine_of_the_parent(signed):
    documents.make_sealed_contract(signed)
    signed.refresh_from_db()
    inside = json.dumps(attached(bytes(signed.sealed_pdf.data), "proof.json"))
    for reserved in ["192.0.2.7", "Mozilla", "fatoumata@example.fr", "06 12 34"]:
        assert reserved not in inside


@pytest.mark.pdf
def test_the_evidence_tells_all_that_happened_in_order(signed):
    documents.make_sealed_contract(signed)
    signed.refresh_from_db()
    events = attached(bytes(signed.evidence_pdf.data), "evidence.json")["events"]
    assert [event["number"] for event in events] == list(range(1, len(events) + 1))
    assert [event["at"] for event in events] == sorted(event["at"] for event in events)
    kinds = [event["kind"] for event in events]
    for kind in ["step.propose", "link.issued", "link.opened", "code.sent", "code.validated"]:
        assert kind in kinds
    assert kinds.count("signature") == 3
    assert kinds[-1] == "sealed" and "sealed" not in kinds[:-1]


def test_one_changed_event_changes_the_head_of_the_journal():
    events = [{"number": 1, "what": "a"}, {"number": 2, "what": "b"}]
    changed = [{"number": 1, "what": "A"}, {"number": 2, "what": "b"}]
    assert journal_head(events) != journal_head(changed) != journal_head(events[:1])


@pytest.mark.pdf
def test_the_contract_is_tagged_in_french_with_its_title(signed):
    _, pdf = sealed_contract.contract_file(signed)
    with pikepdf.open(io.BytesIO(pdf)) as found:
        assert str(found.Root.Lang) == "fr"
        assert found.Root.MarkInfo.Marked
        assert "/StructTreeRoot" in found.Root
        title = str(found.docinfo["/Title"])
        assert title.startswith("Contrat d’engagement réciproque")
        assert "Diallo" not in title


@pytest.mark.pdf
@pytest.mark.parametrize("provider", [f.make_facility, f.make_childminder])
def test_the_essential_fills_the_first_page_and_no_more(provider, tmp_path):
    """Even with two children, the fullest week and a childminder."""
    provider = provider()
    ready = ff.make_network_member if provider.is_childminder else ff.make_labelled
    version = ff.make_contract("active", provider=ready(provider)).versions.get()
    _, pdf = sealed_contract.contract_file(version)
    first, second = (text_of(pdf, tmp_path, "-f", n, "-l", n) for n in "12")
    assert "L’essentiel" in first and "cnil.fr" in first
    assert second.lstrip().startswith("Article 1.")


@pytest.mark.pdf
def test_the_page_of_signatures_says_who_how_and_when(signed, tmp_path):
    _, pdf = sealed_contract.contract_file(signed)
    page = " ".join(text_of(pdf, tmp_path).split("Les signatures")[-1].split())
    for said in [
        signed.text_sha256,
        "Signé le 13 janvier 2026 à 14 h 25",
        "Par son lien, code reçu sur un autre canal",
        "Dans son compte, mot de passe redemandé",
        "référent emploi",
        f"/verifier/{signed.contract.code}/",
    ]:
        assert said in page.replace("\xa0", " ")
    for signatory in signed.signatories.all():
        assert signatory.name in page


@pytest.mark.pdf
def test_who_attested_and_who_interpreted_are_printed(version, tmp_path):
    ff.sign_all(version, but=[Signatory.Role.PARENT])
    parent = version.signatories.get(role=Signatory.Role.PARENT)
    ff.sign_as(parent, interpreter="Mariam Traoré, Interservice Migrants")
    version.refresh_from_db()
    _, pdf = sealed_contract.contract_file(version)
    page = " ".join(text_of(pdf, tmp_path).split())
    assert "Attesté par Karim Belkacem" in page
    assert "Mariam Traoré, Interservice Migrants" in page


@pytest.mark.pdf
def test_no_file_name_and_no_public_word_names_the_family(signed):
    documents.make_sealed_contract(signed)
    signed.refresh_from_db()
    for document in [signed.sealed_pdf, signed.evidence_pdf]:
        assert re.fullmatch(r"(contrat|preuve)-(\w{4}-){4}v1(-1)?\.pdf", document.filename)


@pytest.mark.pdf
def test_nothing_is_fetched_and_no_file_is_read(version, tmp_path, monkeypatch):
    """Addresses in what people typed stay text, and the engine itself may open nothing."""
    asked = []

    class Canary(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *args):
            pass

    secret = tmp_path / "secret.txt"
    secret.write_text("canari-du-disque")
    server = HTTPServer(("127.0.0.1", 0), Canary)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    hostile = (
        f'<img src="{address}/image.png"><link rel="stylesheet" href="{address}/style.css">'
        f'<link rel="attachment" href="{secret.as_uri()}">'
        f'<object data="{secret.as_uri()}"></object>'
        f'<div style="background: url({address}/fond.png)">a</div>'
    )
    version.signatories.update(delegation=hostile[:160])
    ff.sign_all(version)
    try:
        # As typed by somebody, then as if the escaping had failed.
        pdfs = [sealed_contract.contract_file(version)[1]]
        monkeypatch.setattr(
            sealed_contract, "frozen_text", lambda v: documents.mark_safe(v.html + hostile)
        )
        pdfs.append(sealed_contract.contract_file(version)[1])
    finally:
        server.shutdown()
        server.server_close()
    assert asked == []
    for pdf in pdfs:
        with pikepdf.open(io.BytesIO(pdf)) as found:
            assert list(found.attachments) == ["proof.json"]
        assert b"canari-du-disque" not in pdf


@pytest.mark.pdf
def test_a_superseded_version_keeps_its_document(signed):
    """What was in force and is replaced before the worker came is sealed all the same."""
    ContractVersion.objects.filter(pk=signed.pk).update(status="superseded")
    signed.refresh_from_db()
    documents.make_sealed_contract(signed)
    assert signed.sealed_pdf is not None
