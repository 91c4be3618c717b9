"""PDF out and PDF in: the only import of the rendering engine, the check of what people send us."""

import io
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string

from avip.jobs import SCHEDULES


@dataclass(frozen=True)
class Attached:
    """A file that travels inside a PDF."""

    name: str
    data: bytes
    description: str = ""


def render_pdf(template, context, *, attachments=()) -> bytes:
    """Render a template to a tagged PDF whose language and title are those of the page.

    Nothing is read but what the page itself carries: no address is fetched, no file opened.
    `attachments` are `Attached` files.
    """
    # Importing the engine takes more than a second: only the worker pays for it.
    from weasyprint import HTML, Attachment
    from weasyprint.urls import URLFetcher

    now = datetime.now(UTC)
    # Fonts are configured anew for each document: the engine's cache is not safe between threads.
    page = HTML(
        string=render_to_string(template, context),
        base_url=settings.BASE_URL,
        url_fetcher=URLFetcher(allowed_protocols={"data"}),
    )
    return page.write_pdf(
        pdf_variant="pdf/ua-1",
        attachments=[
            Attachment(
                file_obj=io.BytesIO(file.data),
                name=file.name,
                description=file.description,
                created=now,
                modified=now,
            )
            for file in attachments
        ],
    )


# What a supporting document never needs and an attack does.
ACTIVE_KEYS = {"/JavaScript", "/JS", "/EmbeddedFiles", "/RichMedia", "/XFA"}
ACTIVE_ACTIONS = {"/JavaScript", "/Launch", "/SubmitForm", "/ImportData"}


def check_uploaded_pdf(upload) -> bytes:
    """The bytes of an uploaded PDF; ValidationError: too big, another kind, encrypted, active."""
    import pikepdf

    limit = SCHEDULES["upload_max_megabytes"]
    if upload.size > limit * 1024 * 1024:
        raise ValidationError(
            f"Ce fichier pèse plus de {limit}\xa0Mo. Réduisez-le ou scannez-le en noir et blanc."
        )
    data = upload.read()
    if not data.startswith(b"%PDF-"):
        raise ValidationError(
            "Ce fichier n’est pas un PDF. Enregistrez votre document au format PDF, puis réessayez."
        )
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            if pdf.is_encrypted:
                raise ValidationError(
                    "Ce PDF est protégé par un mot de passe. Retirez la protection, puis réessayez."
                )
            if any(_active_keys(pdf)):
                raise ValidationError(
                    "Ce PDF contient des éléments actifs (script, fichier joint, formulaire "
                    "dynamique). Imprimez-le au format PDF, puis réessayez."
                )
    except pikepdf.PasswordError as error:
        raise ValidationError(
            "Ce PDF est protégé par un mot de passe. Retirez la protection, puis réessayez."
        ) from error
    except pikepdf.PdfError as error:
        raise ValidationError(
            "Ce PDF est abîmé\xa0: il ne s’ouvre pas. Enregistrez-le de nouveau, puis réessayez."
        ) from error
    return data


def _active_keys(pdf):
    for obj in pdf.objects:
        for dictionary in _dictionaries_in(obj):
            yield from ACTIVE_KEYS.intersection(dictionary.keys())
            if str(dictionary.get("/S", "")) in ACTIVE_ACTIONS:
                yield "/S"


def _dictionaries_in(obj):
    """This object and those written inside it; what it refers to is visited on its own."""
    import pikepdf

    if isinstance(obj, pikepdf.Dictionary | pikepdf.Stream):
        yield obj
        inside = [child for _, child in obj.items()]
    elif isinstance(obj, pikepdf.Array):
        inside = list(obj)
    else:
        return
    for child in inside:
        if isinstance(child, pikepdf.Object) and not child.is_indirect:
            yield from _dictionaries_in(child)
