"""The network's meetings: planned, announced, answered, held or cancelled."""

from django.core.exceptions import PermissionDenied
from django.db import transaction

from avip.models import Document
from avip.workflow import Step, StepRefused, Workflow, edit, lock, moment, refuse_stale
from labels import notifications
from labels.meetings import day_of, labelled_that_day, people_of
from labels.models import MeetingInvitation, NetworkMeeting, NetworkMeetingStatusChange
from labels.permissions import answers_invitation, runs_meeting
from partners.models import Provider
from partners.permissions import is_hijacked

M = NetworkMeeting.Status
FIELDS = ("title", "starts_at", "ends_at", "place", "link", "agenda")


def _still_to_come(meeting, on):
    if day_of(meeting) < on:
        return ["Cette réunion est déjà passée\xa0: changez sa date."]
    if not (meeting.place or meeting.link):
        return ["Donnez un lieu ou un lien de visioconférence."]
    return []


def _has_begun(meeting, on):
    day = day_of(meeting)
    return [] if day <= on else [f"Cette réunion a lieu le {day:%d/%m/%Y}\xa0: attendez ce jour."]


MEETING = Workflow(
    announce=Step(
        "Annoncer aux crèches",
        (M.DRAFT,),
        M.PLANNED,
        runs_meeting,
        _still_to_come,
        "Réunion annoncée",
    ),
    change=Step("Modifier la réunion", (M.PLANNED,), "", runs_meeting, done="Réunion modifiée"),
    record_attendance=Step(
        "Enregistrer les présences",
        (M.PLANNED, M.HELD),
        M.HELD,
        runs_meeting,
        _has_begun,
        "Présences enregistrées",
    ),
    attach_minutes=Step(
        "Joindre le compte rendu", (M.HELD,), "", runs_meeting, done="Compte rendu joint"
    ),
    cancel=Step(
        "Annuler la réunion",
        (M.DRAFT, M.PLANNED),
        M.CANCELLED,
        runs_meeting,
        done="Réunion annulée",
    ),
)


@transaction.atomic
def plan_meeting(caf, *, by, at=None, **fields):
    """A meeting that only the Caf sees, until it is announced; `fields` are those of its form."""
    meeting = NetworkMeeting(
        caf=caf, opened_by=by, created_at=moment(at), edited_at=moment(at), **fields
    )
    if is_hijacked(by) or not runs_meeting(by, meeting):
        raise PermissionDenied
    meeting.save(force_insert=True)
    meeting.history.create(
        step="plan",
        source="",
        target=meeting.status,
        at=moment(at),
        **NetworkMeetingStatusChange.actor(by),
    )
    return meeting


def update_meeting(meeting, *, by, seen, on, at=None, **fields):
    """Change a meeting; once announced, those invited are told, and newly labelled ones invited."""
    if not runs_meeting(by, meeting):
        raise PermissionDenied
    if meeting.status == M.DRAFT:
        with edit(meeting, by=by, seen=seen, fields=FIELDS, at=at):
            if meeting.status != M.DRAFT:
                raise StepRefused("Cette réunion vient d’être annoncée\xa0: rouvrez la page.")
            _fill(meeting, fields)
        return
    with MEETING.take("change", meeting, by=by, on=on, at=at):
        refuse_stale(meeting, seen)
        _fill(meeting, fields)
        if reasons := _still_to_come(meeting, on):
            raise StepRefused(*reasons)
        # The next revision is the one that this step writes.
        told = f"{meeting.pk}:{meeting.revision + 1}"
        asked = _asked(meeting)
        notifications.tell("labels.meeting_changed", meeting, people_of(asked, on), key=told, at=at)
        _invite(meeting, on=on, at=at)


def announce(meeting, *, by, on, at=None):
    """Invite every crèche of the Caf that has the label that day, and write to its people."""
    with MEETING.take("announce", meeting, by=by, on=on, at=at):
        if not labelled_that_day(meeting).exists():
            raise StepRefused("Aucune crèche de votre Caf n’a le label ce jour-là.")
        _invite(meeting, on=on, at=at)


@transaction.atomic
def answer(invitation, *, by, comes, on, at=None):
    """The crèche comes, or does not; it may change its mind until the day itself."""
    meeting = invitation.meeting
    lock(meeting)
    if is_hijacked(by) or not answers_invitation(by, invitation):
        raise PermissionDenied
    if meeting.status != M.PLANNED:
        raise StepRefused(f"Cette réunion est {meeting.get_status_display()}.")
    if day_of(meeting) < on:
        raise StepRefused("Cette réunion est passée.")
    invitation.comes, invitation.answered_by = comes, by
    invitation.answered_at = moment(at)
    invitation.save(update_fields=["comes", "answered_by", "answered_at"])


def record_attendance(meeting, *, by, present, on, at=None):
    """Who came (ids of invitations); the others were absent. May be put right afterwards."""
    with MEETING.take("record_attendance", meeting, by=by, on=on, at=at):
        meeting.invitations.update(came=False)
        meeting.invitations.filter(pk__in=present).update(came=True)


def attach_minutes(meeting, *, by, data, on, at=None):
    """The minutes, as a PDF that those invited may read; a new one takes the place of the old."""
    with MEETING.take("attach_minutes", meeting, by=by, on=on, at=at):
        day = day_of(meeting)
        meeting.minutes = Document.objects.write(
            filename=f"compte-rendu-reunion-{day:%Y-%m-%d}.pdf", data=data
        )


def cancel_meeting(meeting, *, by, on, reasons="", at=None):
    """Nobody comes: those invited are told."""
    with MEETING.take("cancel", meeting, by=by, on=on, at=at, comment=reasons):
        people = people_of(_asked(meeting), on)
        notifications.tell("labels.meeting_cancelled", meeting, people, key=meeting.pk, at=at)


def _fill(meeting, fields):
    for name, value in fields.items():
        setattr(meeting, name, value)


def _asked(meeting):
    return Provider.objects.filter(pk__in=meeting.invitations.values("provider"))


def _invite(meeting, *, on, at):
    """Invite those labelled that day who are not yet, and write to their people."""
    already = meeting.invitations.values("provider")
    fresh = labelled_that_day(meeting).exclude(pk__in=already)
    people = list(people_of(fresh, on))
    MeetingInvitation.objects.bulk_create(
        MeetingInvitation(meeting=meeting, provider=provider) for provider in fresh
    )
    notifications.tell("labels.meeting_invited", meeting, people, key=meeting.pk, at=at)
