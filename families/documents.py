"""The documents of a contract: its frozen text for pages, its sealed file made by the worker."""

import io
import re

from django.utils.safestring import SafeString, mark_safe

from avip import outbox
from families.contract_text import freeze_text
from families.models import ContractVersion

__all__ = [
    "articles_of",
    "attached_to",
    "essentials_of",
    "freeze_text",
    "frozen_text",
    "make_sealed_contract",
]

ESSENTIALS = re.compile(r'<section class="essential".*?</section>', re.DOTALL)


def frozen_text(version) -> SafeString:
    """The text as it was frozen, for a page or a document: what people typed was escaped then."""
    return mark_safe(version.html)


def essentials_of(html: str) -> SafeString:
    """« L’essentiel » alone: the first part of a frozen text, as it was frozen."""
    found = ESSENTIALS.search(html)
    return mark_safe(found.group() if found else "")


def articles_of(html: str) -> SafeString:
    """All that follows « L’essentiel » in a frozen text, as it was frozen."""
    return mark_safe(ESSENTIALS.sub("", html, count=1))


def attached_to(pdf: bytes, name: str) -> bytes | None:
    """The file of that name inside a PDF, as it was attached; None when there is none."""
    # Reading a PDF takes its engine: only who exports pays for it.
    import pikepdf

    try:
        with pikepdf.open(io.BytesIO(pdf)) as document:
            found = document.attachments.get(name)
            return bytes(found.get_file().read_bytes()) if found else None
    except pikepdf.PdfError:
        return None


def make_sealed_contract(version):
    """The sealed contract and the evidence file of a version that all have signed; each once.

    Interrupted at any moment, it is called again and does what is missing. ValueError when a
    signature is missing, or when the text no longer has the fingerprint that was signed.
    """
    # The engines of rendering and sealing take seconds to import: only who makes a document pays.
    from families import sealed_contract

    sealed_contract.make(version)


@outbox.handler("families.contract_pdf")
def deliver_contract_pdf(row):
    """The documents of the version of this row."""
    make_sealed_contract(ContractVersion.objects.get(pk=row.object_id))
