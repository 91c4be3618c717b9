"""What waits for the network's meetings: an answer, an announcement, who came."""

from django.urls import reverse

from avip.templatetags.words import fr_day
from labels.models import MeetingInvitation, NetworkMeeting
from reporting.waits.wait import LATER, MONTH, Item, Wait, gives_care, is_caf, run_by

Status = NetworkMeeting.Status


def _meetings(user, status):
    return NetworkMeeting.objects.filter(caf__in=user.reach.cafs, status=status)


MEETINGS = [
    Wait(
        MONTH,
        "labels:meeting_list",
        is_caf,
        lambda user, today: (
            _meetings(user, Status.PLANNED).filter(starts_at__date__lt=today).order_by("starts_at")
        ),
        lambda meeting: Item(
            title="Réunion passée\xa0: qui est venu\xa0?",
            detail=meeting.title,
            url=reverse("labels:meeting_attendance", args=[meeting.pk]),
            action="Noter les présences",
            when=f"depuis {fr_day(meeting.starts_at)}",
        ),
    ),
    Wait(
        LATER,
        "labels:meeting_list",
        is_caf,
        lambda user, today: _meetings(user, Status.DRAFT).order_by("starts_at"),
        lambda meeting: Item(
            title="Réunion préparée, pas encore annoncée",
            detail=f"{meeting.title}, {fr_day(meeting.starts_at)}",
            url=meeting.get_absolute_url(),
            action="Relire et annoncer",
        ),
    ),
    Wait(
        MONTH,
        "labels:meeting_list",
        gives_care,
        lambda user, today: (
            MeetingInvitation.objects.filter(
                run_by(user),
                comes=None,
                meeting__status=Status.PLANNED,
                meeting__starts_at__date__gte=today,
            )
            .select_related("meeting", "provider")
            .order_by("meeting__starts_at", "pk")
        ),
        lambda invitation: Item(
            title=f"Réunion du réseau\xa0: {invitation.meeting.title}",
            detail=f"{invitation.provider}, {fr_day(invitation.meeting.starts_at)}",
            url=invitation.meeting.get_absolute_url(),
            action="Répondre",
            deadline=invitation.meeting.starts_at,
        ),
    ),
]
