"""The certificate of a label, as a PDF that anybody can check."""

import segno
from django.conf import settings

from avip.pdf import render_pdf
from labels.rules import rules_for


def verification_url(label) -> str:
    """The public address that says whether this label holds; printed and in the QR code."""
    return f"{settings.BASE_URL}/verifier/{label.code}/"


def certificate_context(label) -> dict:
    """What the certificate says: the facts of the decision, and the rules of its day."""
    rules = rules_for(label.caf, label.granted_on)
    facility = label.provider.facility
    url = verification_url(label)
    return {
        "title": "Attestation de label",
        "caf": label.caf,
        "reference": label.code,
        "label": label,
        "provider": label.provider,
        "facility": facility,
        "operator": facility.operator,
        "quota": rules.entry("quota_rate"),
        "quota_points": int(rules.quota_rate * 10_000),
        "duration": rules.entry("label_duration_months"),
        "verification_url": url,
        "qr": segno.make(url, error="m").svg_data_uri(border=2, dark="#1b2230"),
    }


def render_certificate(label) -> bytes:
    """The PDF of the certificate; rendered once, then kept."""
    return render_pdf("labels/pdf/certificate.html", certificate_context(label))
