"""The electronic seal of a document (PAdES, certified: nothing may change after) and its check."""

import io
import logging
from dataclasses import dataclass

from asn1crypto import algos, cms
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.timestamps import HTTPTimeStamper
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from families.seal_key import known_certificates, sealing_certificates, signer

RESERVED_BYTES = 8192  # room in the file for the signature and its certificates
RESERVED_BYTES_WITH_TIMESTAMP = 24576
NO_TIMESTAMP = "none"

# A file that somebody else altered is no incident of ours: the verdict is enough.
logging.getLogger("pyhanko").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Verdict:
    """`valid`: this instance sealed it and not one byte has changed; `reason`: why, in French.

    `ours`: a seal of this instance is there, whatever was done to the file afterwards.
    """

    valid: bool
    reason: str
    ours: bool = False


def seal(pdf: bytes) -> bytes:
    """The same document, sealed: PAdES B-B, or B-T when a time-stamping authority is configured.

    Raises ImproperlyConfigured without a certificate in its time, an IOError when the authority
    does not answer.
    """
    key = signer()
    if key.signing_cert.not_valid_after < timezone.now():
        raise ImproperlyConfigured(
            "Le certificat du sceau a expiré : renouvelez-le et gardez l’ancien dans son fichier."
        )
    timestamper = HTTPTimeStamper(settings.TSA_URL) if settings.TSA_URL else None
    metadata = PdfSignatureMetadata(
        field_name="Sceau",
        md_algorithm="sha256",
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
        subfilter=SigSeedSubFilter.PADES,
    )
    sealed = PdfSigner(metadata, signer=key, timestamper=timestamper).sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(pdf)),
        bytes_reserved=RESERVED_BYTES_WITH_TIMESTAMP if timestamper else RESERVED_BYTES,
    )
    return sealed.getvalue()


def certificate() -> dict:
    """What recognises the certificate with which this instance seals today."""
    found = signer().signing_cert
    return {
        "subject": found.subject.native.get("common_name", found.subject.human_friendly),
        "serial": f"{found.serial_number:X}",
        "sha256": found.sha256.hex(),
        "valid_until": found.not_valid_after.isoformat(),
    }


def timestamp_token(pdf: bytes) -> str:
    """The RFC 3161 token of a sealed document, in hexadecimal; « none » without one."""
    (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    for attribute in signature.signer_info["unsigned_attrs"] or []:
        if attribute["type"].native == "signature_time_stamp_token":
            return attribute["values"][0].dump().hex()
    return NO_TIMESTAMP


def verify(pdf: bytes) -> Verdict:
    """Whether these bytes are, to the last one, a document that this instance sealed."""
    if not pdf.startswith(b"%PDF-"):
        return Verdict(False, "Ce n’est pas un PDF.")
    try:
        if not _marked(pdf):  # nothing of a stranger's file is parsed
            return Verdict(False, "Il ne porte pas notre sceau.")
        return _judge(pdf)
    except ImproperlyConfigured:
        return Verdict(False, "Les sceaux ne peuvent pas être vérifiés pour le moment.")
    except Exception:
        # The reader meets whatever people send: that it cannot be read is an answer, not a fault.
        return Verdict(False, "Il est abîmé, ou son sceau a été modifié.", True)


def _marked(pdf):
    """Our certificate, or the half of it that somebody left, is written in the file."""
    text = pdf.upper()
    digits = [found.dump().hex().upper().encode() for found in sealing_certificates()]
    halves = [half for d in digits for half in (d[: len(d) // 2], d[len(d) // 2 :])]
    return any(half in text for half in halves)


def _judge(pdf):
    signatures = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    ours = sealing_certificates()
    first = signatures[0]
    if first.signer_cert.dump() not in {found.dump() for found in ours}:
        return Verdict(False, "Son sceau n’est pas le nôtre.", True)
    if len(signatures) > 1:
        return Verdict(False, "Une signature a été ajoutée après le sceau.", True)
    # The certificate must have been in its time when it sealed, not still be.
    moment = first.self_reported_timestamp
    status = validate_pdf_signature(
        first, ValidationContext(trust_roots=ours, moment=moment, allow_fetching=False)
    )
    if not (status.intact and status.valid):
        return Verdict(False, "Le contenu a été modifié après le sceau.", True)
    whole = status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    if not whole or status.modification_level != ModificationLevel.NONE:
        return Verdict(False, "Quelque chose a été ajouté après le sceau.", True)
    if not status.trusted or first.docmdp_level != MDPPerm.NO_CHANGES:
        return Verdict(False, "Son sceau n’a pas la forme des nôtres.", True)
    timestamp = status.timestamp_validity
    if timestamp is not None and not (timestamp.intact and timestamp.valid):
        return Verdict(False, "L’horodatage de son sceau a été modifié.", True)
    if not _envelope_untouched(pdf, first):
        return Verdict(False, "Son sceau lui-même a été modifié.", True)
    return Verdict(True, "Pas un octet n’a changé depuis que ce fichier a été scellé.", True)


def _envelope_untouched(pdf, signature):
    """A signature does not cover its own envelope, where a changed byte would go unseen.

    So the envelope is written again from its proved parts, as RFC 5652 has it, and compared.
    """
    signed, info = signature.signed_data, signature.signer_info
    known = {found.dump() for found in known_certificates()}
    if any(found.chosen.dump() not in known for found in signed["certificates"]):
        return False
    digest = algos.DigestAlgorithm({"algorithm": info["digest_algorithm"]["algorithm"].native})
    mechanism = info["signature_algorithm"]["algorithm"].native
    signer_info = {
        "version": "v1",
        "sid": cms.SignerIdentifier(
            "issuer_and_serial_number",
            cms.IssuerAndSerialNumber(
                {
                    "issuer": signature.signer_cert.issuer,
                    "serial_number": signature.signer_cert.serial_number,
                }
            ),
        ),
        "digest_algorithm": digest,
        "signed_attrs": info["signed_attrs"],
        "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": mechanism}),
        "signature": info["signature"],
    }
    if info["unsigned_attrs"]:
        signer_info["unsigned_attrs"] = info["unsigned_attrs"]
    envelope = cms.ContentInfo(
        {
            "content_type": "signed_data",
            "content": cms.SignedData(
                {
                    "version": "v1",
                    "digest_algorithms": [digest],
                    "encap_content_info": {"content_type": "data"},
                    "certificates": signed["certificates"],
                    "signer_infos": [signer_info],
                }
            ),
        }
    )
    _, before, after, _ = signature.byte_range
    place = pdf[before:after]
    written = b"<" + envelope.dump().hex().encode().ljust(len(place) - 2, b"0") + b">"
    return place in (written, written.upper())
