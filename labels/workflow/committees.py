"""The committee: its members, its agenda, what it decides of each dossier until it closes."""

import hashlib
from contextlib import contextmanager

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max

from avip import outbox
from avip.templatetags.words import and_list, count_of, fr_date
from avip.workflow import Step, StepRefused, Workflow, edit, moment
from labels.grounds import EMPTY, kept_words, missing_words
from labels.models import AgendaItem, CommitteeStatusChange, LabelApplication, LabelCommittee
from labels.opinions import counts_of, taking_part
from labels.permissions import closes, confirms_committee, other_closers, runs_committee
from labels.workflow.applications import APPLICATION
from partners.permissions import is_hijacked

C = LabelCommittee.Status
NAMED = 5  # dossiers named in a refusal; the others are counted


# What each step needs, in sentences.


def _ready_to_convene(committee, on):
    reasons = []
    if committee.held_on < on:
        reasons.append("La date de ce comité est passée\xa0: choisissez-en une autre.")
    members = committee.members.count()
    if members < committee.quorum:
        there = count_of(members, "membre,membres,aucun membre")
        reasons.append(f"Le quorum est de {committee.quorum}\xa0: ce comité compte {there}.")
    if not committee.agenda.filter(settled_at=None).exists():
        reasons.append("Inscrivez au moins un dossier à l’ordre du jour.")
    return reasons


def _ready_to_close(committee, on):
    """The day has come, the quorum is reached for each dossier, each one has its decision."""
    if committee.held_on > on:
        return [f"Ce comité se clôt à partir du {fr_date(committee.held_on)}."]
    items = list(committee.agenda.filter(settled_at=None).select_related("application"))
    reasons = []
    here = taking_part(committee)
    if here < committee.quorum:
        reasons.append(
            f"Le quorum n’est pas atteint\xa0: {count_of(here, 'membre,membres,aucun membre')} "
            f"sur {committee.quorum} attendus."
        )
    else:
        counts = counts_of(committee, items)
        short = [item for item in items if counts[item.pk].voters < committee.quorum]
        if short:
            reasons.append(
                "Sans les membres intéressés, le quorum n’est pas atteint pour "
                f"{_named(short)}\xa0: retirez ce point ou complétez les avis."
            )
    undecided = [item for item in items if not item.decision]
    if undecided:
        reasons.append(f"Notez la décision, ou retirez le dossier\xa0: {_named(undecided)}.")
    return reasons


def _nobody_else_closes(committee, on):
    """Why whoever reviewed may not have it confirmed by a member: somebody of her Caf closes."""
    others = [membership.user for membership in other_closers(committee, on)]
    if others:
        names = " ou ".join(str(user) for user in others[:3])
        return [
            f"Vous avez instruit un dossier de ce comité\xa0: une autre personne clôt ({names})."
        ]
    return _ready_to_close(committee, on)


def _named(items):
    names = [item.application.facility_name for item in items]
    more = len(names) - NAMED
    rest = [f"{more} autres"] if more > 1 else names[NAMED:]
    return and_list([*names[:NAMED], *rest])


COMMITTEE = Workflow(
    convene=Step(
        "Convoquer le comité",
        (C.PLANNED,),
        C.CONVENED,
        runs_committee,
        _ready_to_convene,
        "Comité convoqué",
    ),
    close=Step(
        "Clore le comité",
        (C.CONVENED,),
        C.CLOSED,
        closes,
        _ready_to_close,
        "Comité clos, décisions parties",
    ),
    ask_confirmation=Step(
        "Faire confirmer les décisions",
        (C.CONVENED,),
        C.TO_CONFIRM,
        runs_committee,
        _nobody_else_closes,
        "Décisions saisies, à confirmer",
    ),
    confirm=Step(
        "Confirmer les décisions",
        (C.TO_CONFIRM,),
        C.CLOSED,
        confirms_committee,
        done="Décisions confirmées, comité clos",
    ),
    decline_confirmation=Step(
        "Ne pas confirmer",
        (C.TO_CONFIRM,),
        C.CONVENED,
        confirms_committee,
        done="Décisions non confirmées",
    ),
    recall_decision=Step(
        "Reprendre les décisions",
        (C.TO_CONFIRM,),
        C.CONVENED,
        runs_committee,
        done="Décisions reprises avant leur confirmation",
    ),
    cancel=Step(
        "Annuler le comité",
        (C.PLANNED, C.CONVENED),
        C.CANCELLED,
        runs_committee,
        done="Comité annulé",
    ),
)


@transaction.atomic
def plan_committee(caf, *, by, at=None, **fields):
    """A session or a written consultation, in preparation: `fields` are those of its form."""
    committee = LabelCommittee(
        caf=caf, opened_by=by, created_at=moment(at), edited_at=moment(at), **fields
    )
    if is_hijacked(by) or not runs_committee(by, committee):
        raise PermissionDenied
    committee.save(force_insert=True)
    committee.history.create(
        step="plan",
        source="",
        target=committee.status,
        at=moment(at),
        **CommitteeStatusChange.actor(by),
    )
    return committee


def convene(committee, *, by, on, at=None):
    """Each member is told by mail, with her own link; the pack is made."""
    with COMMITTEE.take("convene", committee, by=by, on=on, at=at):
        for member in committee.members.all():
            invite(member, committee, at=at)
        renew_pack(committee, at=at)


def invite(member, committee, *, at=None):
    """The mail with her link; `committee` is locked, its revision names this sending."""
    outbox.add("labels.convened", member, key=f"{member.pk}:{committee.revision}", at=at)


def renew_pack(committee, *, at=None):
    """The pack of a convened committee follows its agenda."""
    outbox.add(
        "labels.committee_pack", committee, key=f"{committee.pk}:{committee.revision}", at=at
    )


@transaction.atomic
def cancel_committee(committee, *, by, on, reasons="", at=None):
    """No session: its dossiers are ready for another one, those convened are told."""
    with COMMITTEE.take("cancel", committee, by=by, on=on, at=at, comment=reasons):
        if committee.status == C.CONVENED:
            for member in committee.members.all():
                outbox.add("labels.committee_cancelled", member, key=member.pk, at=at)
        items = committee.agenda.filter(settled_at=None)
        for item in items.select_related("application").order_by("application_id"):
            with APPLICATION.take("take_off_agenda", item.application, by=by, on=on, at=at):
                pass
        release_items(items, "Comité annulé.", at=at)


def update_committee(committee, *, by, on, seen, at=None, **fields):
    """Another day, hour, place, form or quorum; those already convened are told."""
    with preparing(committee, by=by, at=at, seen=seen, fields=list(fields)):
        if fields["held_on"] < on:
            raise StepRefused("La date ne peut pas être passée.")
        told = [name for name in ("kind", "held_on", "starts_at", "place") if name in fields]
        moved = any(getattr(committee, name) != fields[name] for name in told)
        for name, value in fields.items():
            setattr(committee, name, value)
        if moved and committee.status == C.CONVENED:
            for member in committee.members.all():
                invite(member, committee, at=at)
            renew_pack(committee, at=at)


@contextmanager
def preparing(committee, *, by, at=None, seen=None, fields=(), states=LabelCommittee.OPEN):
    """The committee, locked, in one of these states; whatever changes in it moves its revision."""
    with edit(committee, by=by, seen=seen, fields=list(fields), at=at):
        if not runs_committee(by, committee):
            raise PermissionDenied
        if committee.status not in states:
            raise StepRefused(f"Ce comité ne change plus\xa0: {committee.get_status_display()}.")
        yield committee


# Its agenda.


def put_on_agenda(application, *, committee, by, on, at=None):
    """Add a ready dossier at the end of the agenda of a committee that is still open."""
    refused = put_all_on_agenda([application], committee=committee, by=by, on=on, at=at)
    for _, reasons in refused:
        raise StepRefused(*reasons)
    application.refresh_from_db()


def put_all_on_agenda(applications, *, committee, by, on, at=None):
    """Add these dossiers in this order; [(application, reasons)] of those that have moved on."""
    with preparing(committee, by=by, at=at):
        if committee.held_on < on:
            raise StepRefused("La date de ce comité est passée\xa0: il ne prend plus de dossier.")
        if any(application.caf_id != committee.caf_id for application in applications):
            raise StepRefused("Ce dossier est celui d’une autre Caf.")
        rows = LabelApplication.objects.filter(pk__in=[one.pk for one in applications])
        rows = rows.select_related("provider__facility")
        refused = APPLICATION.take_together("put_on_agenda", rows, by=by, on=on, at=at)
        added = [application for application in applications if application not in refused]
        if added:
            _write_items(committee, added)
            if committee.status == C.CONVENED:
                renew_pack(committee, at=at)
    return list(refused.items())


def _write_items(committee, applications):
    """A dossier that was on this agenda before comes back without what was said of it then."""
    last = committee.agenda.aggregate(last=Max("position"))["last"] or 0
    former = committee.agenda.filter(application__in=applications)
    for item in former:
        item.opinions.all().delete()
    known = {item.application_id: item for item in former}
    items = []
    for position, application in enumerate(applications, start=last + 1):
        item = known.get(application.pk) or AgendaItem(committee=committee, application=application)
        item.position, item.settled_at, item.outcome = position, None, ""
        item.decision = item.reasons = ""
        for name, value in EMPTY.items():
            setattr(item, name, value)
        items.append(item)
    AgendaItem.objects.bulk_create([item for item in items if item.pk is None])
    AgendaItem.objects.bulk_update(
        [item for item in items if item.application_id in known],
        ["position", "settled_at", "outcome", "decision", "reasons", *EMPTY],
    )


def take_off_agenda(item, *, by, on, at=None):
    """The dossier waits for another session; the minutes say so once members were convened."""
    committee = item.committee
    with preparing(committee, by=by, at=at):
        _refresh(item)
        with APPLICATION.take("take_off_agenda", item.application, by=by, on=on, at=at):
            pass
        if committee.status == C.PLANNED:
            item.delete()
            return
        release_items(committee.agenda.filter(pk=item.pk), "Retiré de l’ordre du jour.", at=at)
        renew_pack(committee, at=at)


def move_item(item, position, *, by, at=None):
    """Put this dossier at that place of the agenda; the others follow."""
    committee = item.committee
    with preparing(committee, by=by, at=at):
        _refresh(item)
        items = list(committee.agenda.filter(settled_at=None))
        items.remove(item)
        items.insert(max(position, 1) - 1, item)
        for number, other in enumerate(items, start=1):
            other.position = number
        AgendaItem.objects.bulk_update(items, ["position"])
        if committee.status == C.CONVENED:
            renew_pack(committee, at=at)


def release_from_agenda(application, outcome, at=None):
    """The dossier, locked, goes its own way before its session closes; the minutes say why.

    The committee itself is not locked: closing waits for the dossier, then sees it is gone.
    """
    release_items(AgendaItem.objects.filter(application=application), outcome, at=at)


def release_items(items, outcome, at=None):
    """Settle these points without a decision, with one sentence for the minutes."""
    items.filter(settled_at=None).update(
        settled_at=moment(at), outcome=outcome, decision="", reasons="", **EMPTY
    )


# What it decides, until it closes.


def note_decision(item, *, by, on, decision, reasons="", seen=None, at=None, **words):
    """What the committee decides of this dossier; nothing leaves before it closes.

    `seen` is the mark of the decision that the page showed. Raises StepRefused when a word is
    missing, and when somebody has noted another decision since.
    """
    committee = item.committee
    with preparing(committee, by=by, at=at, states=(C.CONVENED,)):
        _refresh(item)
        if seen is not None and seen != mark_of(item):
            raise StepRefused(
                f"{item.recorded_by or 'Une autre personne'} a noté une décision entre-temps\xa0: "
                f"{item.get_decision_display() or 'aucune'}. Relisez, puis enregistrez de nouveau."
            )
        missing = missing_words(decision, reasons=reasons, after=committee.held_on, **words)
        if missing:
            raise StepRefused(*missing.values())
        item.decision, item.reasons, item.recorded_by = decision, reasons, by
        for name, value in kept_words(decision, words).items():
            setattr(item, name, value)
        item.save(update_fields=["decision", "reasons", "recorded_by", *EMPTY])


def mark_of(item) -> str:
    """What tells one noted decision of a dossier from the next."""
    words = [str(getattr(item, name)) for name in ("decision", "reasons", "recorded_by_id", *EMPTY)]
    return hashlib.sha256("|".join(words).encode()).hexdigest()[:16]


def follow_proposals(committee, *, by, on, at=None):
    """Note « accorder » for the dossiers without a decision that the review proposes to grant."""
    with preparing(committee, by=by, at=at, states=(C.CONVENED,)):
        return proposed(committee).update(decision=LabelApplication.Proposal.GRANT, recorded_by=by)


def proposed(committee):
    """The dossiers of the agenda that `follow_proposals` would grant."""
    granting = LabelApplication.Proposal.GRANT
    return committee.agenda.filter(settled_at=None, decision="", application__proposal=granting)


def _refresh(item):
    item.refresh_from_db()
    if item.settled_at:
        raise StepRefused(f"Ce dossier n’est plus à l’ordre du jour\xa0: {item.outcome}")
