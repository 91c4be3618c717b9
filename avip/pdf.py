"""PDF out and PDF in: the only import of the rendering engine, and the check of what people send us."""

import io

from django.conf import settings
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string

from avip.jobs import SCHEDULES


def render_pdf(template, context) -> bytes:
    """Render a template of `pdf/` to a tagged PDF; nothing is fetched from outside the project."""
    # Importing the engine takes more than a second: only the worker pays for it.
    from weasyprint import HTML

    html = render_to_string(template, context)
    document = HTML(string=html, base_url=str(settings.BASE_DIR), url_fetcher=_fetch)
    return document.write_pdf(pdf_variant="pdf/ua-1")


def _fetch(url, *args, **kwargs):
    """Only pictures written in the page itself and our own style sheet may be read."""
    from weasyprint.urls import default_url_fetcher

    if url.startswith("data:"):
        return default_url_fetcher(url)
    raise ValueError("outside address refused")


# What a supporting document never needs and an attack does.
ACTIVE_KEYS = {"/JavaScript", "/JS", "/EmbeddedFiles", "/RichMedia", "/XFA"}
ACTIVE_ACTIONS = {"/JavaScript", "/Launch", "/SubmitForm", "/ImportData"}


def check_uploaded_pdf(upload) -> bytes:
    """The bytes of an uploaded PDF, or a ValidationError in words: size, magic bytes, encryption, active content."""
    import pikepdf

    limit = SCHEDULES["upload_max_megabytes"]
    if upload.size > limit * 1024 * 1024:
        raise ValidationError(f"Ce fichier pèse plus de {limit}\xa0Mo. Réduisez-le ou scannez-le en noir et blanc.")
    data = upload.read()
    if not data.startswith(b"%PDF-"):
        raise ValidationError("Ce fichier n’est pas un PDF. Enregistrez votre document au format PDF, puis réessayez.")
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            if pdf.is_encrypted:
                raise ValidationError("Ce PDF est protégé par un mot de passe. Retirez la protection, puis réessayez.")
            if any(_active_keys(pdf)):
                raise ValidationError(
                    "Ce PDF contient des éléments actifs (script, fichier joint, formulaire dynamique). "
                    "Imprimez-le au format PDF, puis réessayez."
                )
    except pikepdf.PasswordError as error:
        raise ValidationError(
            "Ce PDF est protégé par un mot de passe. Retirez la protection, puis réessayez."
        ) from error
    except pikepdf.PdfError as error:
        raise ValidationError("Ce PDF est abîmé : il ne s’ouvre pas. Enregistrez-le de nouveau, puis réessayez.") from error
    return data


def _active_keys(pdf):
    import pikepdf

    for obj in pdf.objects:
        if isinstance(obj, pikepdf.Dictionary | pikepdf.Stream):
            yield from ACTIVE_KEYS.intersection(obj.keys())
            if str(obj.get("/S", "")) in ACTIVE_ACTIONS:
                yield "/S"
