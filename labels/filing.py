"""What the crèche writes in its dossier: its draft, the answers of each section, the documents."""

from contextlib import contextmanager

from django.core.exceptions import PermissionDenied
from django.db import transaction

from avip.models import Document
from avip.workflow import StepRefused, edit, moment
from labels.models import (
    ApplicationStatusChange,
    CommitmentAnswer,
    LabelApplication,
    SupportingDocument,
)
from labels.permissions import applies, is_known_to_caf
from labels.workflow import running_label
from partners.models import Provider
from partners.permissions import runs_provider


@transaction.atomic
def open_application(provider, *, by, on, at=None):
    """The open first application of this crèche: the one that exists, else a new draft.

    It waits to be attached as long as the Caf has not said who works in this crèche.
    Raises StepRefused when a label runs already, PermissionDenied when `by` does not work there.
    """
    provider = Provider.objects.select_for_update(no_key=True).get(pk=provider.pk)
    if provider.is_childminder or not runs_provider(by, provider):
        raise PermissionDenied
    kind = LabelApplication.Kind.FIRST
    existing = LabelApplication.objects.open().filter(provider=provider, kind=kind).first()
    if existing:
        return existing
    held = running_label(provider, on)
    if held:
        raise StepRefused(f"Cette crèche a déjà un label jusqu’au {held.ends_on:%d/%m/%Y}.")
    attached = is_known_to_caf(provider) or provider.facility.operator_id in by.reach.operators
    return start_draft(provider, by=by, attached_at=moment(at) if attached else None, at=at)


def start_draft(provider, *, by, attached_at, at=None):
    """A new draft, filled in with what is known of the crèche."""
    application = LabelApplication.objects.create(
        provider=provider,
        caf=provider.caf,
        opened_by=by,
        attached_at=attached_at,
        created_at=moment(at),
        edited_at=moment(at),
        **_known_of(provider),
    )
    application.history.create(
        step="open",
        source="",
        target=application.status,
        at=moment(at),
        **ApplicationStatusChange.actor(by),
    )
    return application


def save_section(application, *, by, seen, values, at=None):
    """Write the answers of one section; StepRefused when the page was out of date (`seen`)."""
    with _writing(application, by=by, seen=seen, fields=list(values), at=at):
        for name, value in values.items():
            setattr(application, name, value)


def save_commitments(application, *, by, seen, answers, at=None):
    """Write the answers to the charter: {code: (agrees, how)}."""
    with _writing(application, by=by, seen=seen, fields=[], at=at):
        for code, (agrees, how) in answers.items():
            CommitmentAnswer.objects.update_or_create(
                application=application, code=code, defaults={"agrees": agrees, "how": how}
            )


def save_documents(application, *, by, seen, files, at=None):
    """Join documents, already checked: {kind: (filename, bytes)}; each replaces the one before."""
    with _writing(application, by=by, seen=seen, fields=[], at=at):
        for kind, (filename, data) in files.items():
            former = application.documents.filter(kind=kind).first()
            document = Document.objects.write(filename=filename, data=data)
            SupportingDocument.objects.update_or_create(
                application=application,
                kind=kind,
                defaults={"document": document, "uploaded_at": moment(at)},
            )
            # Nobody has read the pieces of a draft: the replaced one need not be kept.
            if former and application.submitted_at is None:
                Document.objects.only("pk").filter(pk=former.document_id).delete()


@contextmanager
def _writing(application, *, by, seen, fields, at):
    with edit(application, by=by, seen=seen, fields=fields, at=at):
        if not applies(by, application):
            raise PermissionDenied
        if application.status not in LabelApplication.EDITABLE:
            raise StepRefused(
                f"Ce dossier ne se modifie plus\xa0: {application.get_status_display()}."
            )
        yield


def _known_of(provider):
    facility = provider.facility
    days = {}
    for row in provider.opening_hours.all():
        days.setdefault((row.opens, row.closes), []).append(row.weekday)
    # The dossier describes an ordinary week: the hours kept on most days.
    (opens, closes), weekdays = max(
        days.items(), key=lambda item: len(item[1]), default=((None, None), [])
    )
    return {
        "facility_name": provider.name,
        "siret": facility.siret or "",
        "address": facility.address,
        "facility_type": facility.type,
        "funding": facility.funding,
        "operator_name": facility.operator.name if facility.operator else "",
        "operator_siren": facility.operator.siren if facility.operator else "",
        "licensed_capacity": facility.licensed_capacity,
        "in_qpv": facility.in_qpv or None,  # only what was ticked is known
        "opens": opens,
        "closes": closes,
        "open_days": weekdays,
    }
