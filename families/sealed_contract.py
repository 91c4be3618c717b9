"""The sealed contract and, beside it, its evidence file: each made once, stored, then served."""

import hashlib
import json

import segno
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from avip.models import Document
from avip.pdf import Attached, render_pdf
from avip.workflow import edit, lock
from families import seal
from families.contract_text import in_order, readable_code
from families.documents import frozen_text
from families.evidence import event_in_words, evidence, party_in_words, proof
from families.models import ContractVersion

SIGNED_BY_ALL = (ContractVersion.Status.IN_FORCE, ContractVersion.Status.SUPERSEDED)


def make(version):
    """What `documents.make_sealed_contract` promises."""
    if version.status not in SIGNED_BY_ALL or not version.is_fully_signed:
        raise ValueError("a version is sealed once every party has signed it")
    if hashlib.sha256(version.html.encode()).hexdigest() != version.text_sha256:
        raise ValueError("the text is not the one that was signed")
    store_once(version, "sealed_pdf", contract_file)
    store_once(version, "evidence_pdf", evidence_file)


@transaction.atomic
def store_once(version, field, make_file):
    """Keep the file that `make_file(version)` gives, unless there is one: two workers make one."""
    lock(version)
    if getattr(version, field) is not None:
        return
    name, data = make_file(version)
    with edit(version, by=None, seen=None, fields=[field]):
        setattr(version, field, Document.objects.write(filename=name, data=data))


def contract_file(version) -> tuple[str, bytes]:
    """(file name, bytes): the frozen text, the signatures, `proof.json` inside, sealed."""
    found = proof(version, timezone.now())
    attached = json_file("proof.json", found, "Preuves de signature du contrat")
    pdf = render_pdf("families/pdf/contract.html", printed(version), attachments=[attached])
    return f"contrat-{file_code(version)}.pdf", seal.seal(pdf)


def evidence_file(version, number=1) -> tuple[str, bytes]:
    """(file name, bytes): the evidence of a sealed contract, itself sealed, with its number."""
    found = evidence(version, version.sealed_pdf, timezone.now(), number=number)
    context = printed(version) | {
        "evidence": found,
        "sealed": version.sealed_pdf,
        "parties": [{"name": p["name"], "facts": party_in_words(p)} for p in found["parties"]],
        "events": [event_in_words(event) for event in found["events"]],
    }
    attached = json_file("evidence.json", found, "Dossier de preuve du contrat")
    attachments = [attached, *scans_of(version)]
    pdf = render_pdf("families/pdf/evidence.html", context, attachments=attachments)
    return f"preuve-{file_code(version)}-{number}.pdf", seal.seal(pdf)


def scans_of(version) -> list[Attached]:
    """The scan of each paper signed by hand, in the order they came."""
    papers = version.signatures.exclude(scan=None).select_related("scan")
    return [
        Attached(
            f"scan-{number}.pdf",
            bytes(paper.scan.data),
            f"Scan du contrat signé sur papier, SHA-256 {paper.scan.sha256}",
        )
        for number, paper in enumerate(papers, start=1)
    ]


def printed(version) -> dict:
    """What both documents print besides what is their own."""
    contract = version.contract
    address = settings.BASE_URL + reverse("families:verify", args=[contract.code])
    signatories = version.signatories.select_related("signature__attested_by")
    return {
        "version": version,
        "contract": contract,
        "caf": contract.caf,
        "text": frozen_text(version),
        "reference": readable_code(contract.code),
        "child_names": [child.first_name for child in contract.children.all()],
        "signatories": in_order(signatories),
        "address": address,
        "qr": segno.make(address, error="m").svg_data_uri(border=0),
    }


def json_file(name, content, description) -> Attached:
    """JSON that a person may read too."""
    data = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True).encode()
    return Attached(name, data, description)


def file_code(version) -> str:
    """The public code and the version: no name of anybody in a file name."""
    return f"{readable_code(version.contract.code)}-v{version.number}"
