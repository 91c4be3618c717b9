"""What the Caf and the crèche say to each other about a dossier, and the Caf’s own notes."""

from django.core.exceptions import PermissionDenied
from django.db import transaction

from avip.models import Document
from avip.workflow import StepRefused, lock, moment
from labels import notifications
from labels.checklist import sections_of
from labels.models import ContactNote, Correction, FieldComment, Message
from labels.permissions import applies, reviews
from labels.reading import form_field
from partners.permissions import is_caf_agent, is_hijacked

RECENT = 5  # contacts shown on the page of a dossier or of a label

# The section where the answer to a request most likely is, when no remark says it.
SECTION_OF_REASON = {
    Correction.Reason.MISSING_DOCUMENT: "documents",
    Correction.Reason.COMMITMENT: "engagements",
}


def may_talk(by, application):
    """The crèche and its Caf, from the submission until the decision; the thread stays readable."""
    talks = applies(by, application) or reviews(by, application)
    return talks and application.submitted_at is not None and application.is_open


@transaction.atomic
def post_message(application, *, by, on, text, file=None, at=None):
    """Write in the thread of a dossier, and tell the other side.

    `file` is (filename, bytes) of a PDF already checked. Raises StepRefused once it is closed.
    """
    lock(application)
    from_creche = applies(by, application)
    if is_hijacked(by) or not (from_creche or reviews(by, application)):
        raise PermissionDenied
    if not may_talk(by, application):
        state = application.get_status_display()
        raise StepRefused(f"On n’écrit plus au sujet de ce dossier\xa0: {state}.")
    document = None
    if file:
        filename, data = file
        document = Document.objects.write(filename=filename, data=data)
    message = Message.objects.create(
        application=application,
        author=by,
        from_caf=not from_creche,
        text=text,
        document=document,
        sent_at=moment(at),
    )
    tell = notifications.tell_reviewer if from_creche else notifications.tell_facility
    tell("labels.message", application, on=on, key=message.pk, at=at)
    return message


def thread_of(application):
    """The messages of a dossier, the oldest first, without the bytes of their documents."""
    rows = application.messages.select_related("author", "document")
    return rows.defer("document__data").order_by("sent_at")


def note_contact(provider, *, by, on, kind, held_on, text, at=None):
    """The Caf writes down a call, a visit or a note about a crèche; no crèche reads it."""
    if is_hijacked(by) or not is_caf_agent(by, provider):
        raise PermissionDenied
    if held_on > on:
        raise StepRefused("Notez ce qui a eu lieu\xa0: cette date est dans le futur.")
    return ContactNote.objects.create(
        caf=provider.caf,
        provider=provider,
        kind=kind,
        held_on=held_on,
        text=text,
        author=by,
        created_at=moment(at),
    )


def contacts_of(provider, user) -> dict:
    """What `labels/_contacts.html` shows of a crèche to an agent of its Caf; nothing to others."""
    if not is_caf_agent(user, provider):
        return {}
    notes = ContactNote.objects.visible_to(user).filter(provider=provider)
    return {"contacts": notes.select_related("author")[:RECENT], "contacts_provider": provider}


def correction_target(application, correction) -> tuple:
    """The page where the crèche corrects, as a URL name and its arguments: straight to the form."""
    remark = (
        application.field_comments.filter(status=FieldComment.Status.OPEN, sent_at__isnull=False)
        .order_by("created_at")
        .first()
    )
    section = remark.section if remark else SECTION_OF_REASON.get(correction.reason)
    if section in sections_of(application):
        return "labels:application_section", application.pk, section
    return "labels:application_detail", application.pk


def show_remarks(form, section, remarks):
    """Say each remark beside the question it is about, in the form of a section."""
    for remark in remarks:
        question = form.fields.get(form_field(section, remark.field))
        if question and remark.status == FieldComment.Status.OPEN:
            said = f"Remarque de la Caf\xa0: «\xa0{remark.text}\xa0»"
            question.help_text = f"{said} {question.help_text}".strip()
