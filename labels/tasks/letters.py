"""The PDF of the letters."""

from django.utils.text import slugify

from avip import outbox
from avip.models import Document
from labels.letters import render_letter
from labels.models import Letter


@outbox.handler("labels.letter")
def make_letter(row):
    """Render the letter once, and keep it."""
    letters = Letter.objects.select_for_update(of=("self",), no_key=True)
    letter = letters.get(pk=row.object_id)
    if letter.document_id:
        return
    name = f"{slugify(letter.get_kind_display())}-{letter.issued_on:%Y-%m-%d}.pdf"
    letter.document = Document.objects.write(filename=name, data=render_letter(letter))
    letter.save(update_fields=["document"])
