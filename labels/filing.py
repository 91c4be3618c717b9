"""What the crèche writes in its dossier: its draft, the answers of each section, the documents."""

from contextlib import contextmanager

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Prefetch

from avip.models import Document
from avip.workflow import StepRefused, edit, moment
from labels.calls import why_closed
from labels.changes import known_of
from labels.checklist import FIELDS_OF_BLOCK, IDENTITY_FIELDS, fields_of
from labels.models import (
    ApplicationStatusChange,
    CommitmentAnswer,
    Label,
    LabelApplication,
    SupportingDocument,
)
from labels.permissions import applies, is_known_to_caf
from labels.workflow import running_label
from partners.models import Provider
from partners.permissions import is_hijacked, runs_provider

Kind = LabelApplication.Kind


@transaction.atomic
def open_application(provider, *, kind=Kind.FIRST, blocks=(), by, on, at=None):
    """The open dossier of this kind for this crèche: the one that exists, else a new draft.

    `blocks`: what an amendment changes; a draft taken up again opens those ticked now too.
    It waits to be attached as long as the Caf has not said who works in this crèche.
    Raises StepRefused when there is nothing to ask for now, PermissionDenied when `by` does not
    work there.
    """
    kind = Kind(kind)
    provider = _locked(provider)
    if provider.is_childminder or not runs_provider(by, provider) or is_hijacked(by):
        raise PermissionDenied
    existing = open_dossier(provider, kind)
    if existing:
        _tick(existing, blocks, by=by, at=at)
        return existing
    if reasons := why_not(provider, kind, on):
        raise StepRefused(*reasons)
    if kind == Kind.AMENDMENT and not blocks:
        raise StepRefused("Cochez ce qui change.")
    attached = is_known_to_caf(provider) or provider.facility.operator_id in by.reach.operators
    return start_draft(
        provider,
        by=by,
        attached_at=moment(at) if attached else None,
        at=at,
        kind=kind,
        label=label_concerned(provider, kind, on),
        blocks=blocks,
    )


@transaction.atomic
def open_renewal(label, figures, *, by, on, at=None):
    """The renewal of this label, opened with the figures known of it; the one there is, if any.

    `figures`: {key: {"label": French words, "value": text}}, in order. `by` is None when the
    application opens it by itself: then a renewal already closed is not opened a second time.
    Raises StepRefused when there is nothing to renew now.
    """
    provider = _locked(label.provider)
    if by is not None and (not runs_provider(by, provider) or is_hijacked(by)):
        raise PermissionDenied
    renewal = open_dossier(provider, Kind.RENEWAL)
    if renewal is None and by is None:
        renewal = label.later_applications.filter(kind=Kind.RENEWAL).first()
    if renewal is None:
        if reasons := why_not(provider, Kind.RENEWAL, on):
            raise StepRefused(*reasons)
        return start_draft(
            provider,
            by=by,
            attached_at=moment(at),
            at=at,
            kind=Kind.RENEWAL,
            label=label,
            figures=figures,
        )
    is_draft = renewal.status == LabelApplication.Status.DRAFT
    if figures and is_draft and not renewal.given_figures:
        with edit(renewal, by=None, seen=None, fields=["given_figures"], at=at):
            renewal.given_figures = figures
    return renewal


def why_not(provider, kind, on) -> list[str]:
    """Why this crèche may not open a dossier of this kind on that day, in sentences."""
    held = label_concerned(provider, kind, on)
    if kind == Kind.FIRST:
        if held:
            return [f"Cette crèche a déjà un label jusqu’au {held.ends_on:%d/%m/%Y}."]
        if open_dossier(provider, Kind.RENEWAL):
            return ["Un renouvellement est déjà ouvert pour cette crèche\xa0: reprenez-le."]
        return why_closed(provider.caf, on)
    if kind == Kind.AMENDMENT:
        return [] if held else ["Cette crèche n’a pas de label à modifier."]
    if held is None:
        return [_nothing_to_renew(provider)]
    if held.starts_on > on:
        return [f"Le label est déjà renouvelé, jusqu’au {held.ends_on:%d/%m/%Y}."]
    return []


def _nothing_to_renew(provider):
    last = provider.labels.order_by("ends_on").last()
    if last and last.status in (*Label.LIVE, Label.Status.EXPIRED):
        return (
            f"Le label est arrivé à échéance le {last.ends_on:%d/%m/%Y}\xa0: "
            "faites une nouvelle première demande."
        )
    return "Cette crèche n’a pas de label à renouveler."


def with_dossiers(providers):
    """These crèches, each with the labels it holds (`held`) and its open dossiers (`dossiers`)."""
    labels = Label.objects.filter(status__in=Label.LIVE).order_by("ends_on")
    dossiers = LabelApplication.objects.open().order_by("created_at")
    return (
        providers.select_related("caf", "commune", "facility")
        .prefetch_related(
            Prefetch("labels", labels, to_attr="held"),
            Prefetch("labelapplication_set", dossiers, to_attr="dossiers"),
        )
        .order_by("name", "pk")
    )


def open_dossier(provider, kind):
    """The open dossier of this kind for this crèche, or None."""
    return LabelApplication.objects.open().filter(provider=provider, kind=kind).first()


def label_concerned(provider, kind, on):
    """The label that a dossier of this kind is about: an amendment changes the one that runs."""
    if kind != Kind.AMENDMENT:
        return running_label(provider, on)
    held = Label.objects.filter(provider=provider, status__in=Label.LIVE, ends_on__gte=on)
    return held.order_by("ends_on").first()


def start_draft(
    provider, *, by, attached_at, at=None, kind=Kind.FIRST, label=None, blocks=(), figures=None
):
    """A new draft, filled in with what is known of the crèche and of the label it is about."""
    granted = label.application if label else None
    application = LabelApplication.objects.create(
        provider=provider,
        caf=provider.caf,
        opened_by=by,
        attached_at=attached_at,
        created_at=moment(at),
        edited_at=moment(at),
        kind=kind,
        current_label=label,
        blocks=_in_order(blocks),
        given_figures=figures or {},
        **known_of(provider) | (_answered_in(granted, label) if granted else {}),
    )
    if granted and kind == Kind.RENEWAL:
        CommitmentAnswer.objects.bulk_create(
            CommitmentAnswer(
                application=application, code=answer.code, agrees=answer.agrees, how=answer.how
            )
            for answer in granted.commitments.all()
        )
    application.history.create(
        step="open",
        source="",
        target=application.status,
        at=moment(at),
        **ApplicationStatusChange.actor(by),
    )
    return application


def _answered_in(granted, label):
    """The answers the label was granted on, with what was amended since."""
    fields = [*IDENTITY_FIELDS, *(name for names in FIELDS_OF_BLOCK.values() for name in names)]
    answers = {name: getattr(granted, name) for name in fields}
    amendments = label.later_applications.filter(
        kind=Kind.AMENDMENT, status__in=LabelApplication.GRANTED
    )
    for amendment in amendments.order_by("decided_on", "confirmed_at", "edited_at"):
        answers |= {name: getattr(amendment, name) for name in fields_of(amendment)}
    return answers


def _tick(application, blocks, *, by, at):
    """Open these sections too, in an amendment that is still a draft."""
    ticked = _in_order({*application.blocks, *blocks})
    is_draft = application.status == LabelApplication.Status.DRAFT
    if application.kind == Kind.AMENDMENT and is_draft and ticked != application.blocks:
        with edit(application, by=by, seen=None, fields=["blocks"], at=at):
            application.blocks = ticked


def _in_order(blocks):
    return [block.value for block in LabelApplication.Block if block in blocks]


def _locked(provider):
    return Provider.objects.select_for_update(no_key=True).get(pk=provider.pk)


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
