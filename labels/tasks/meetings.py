"""The mails about the network's meetings, in the hours of the Caf."""

from django.utils import timezone

from avip import outbox
from labels.meetings import day_of, zone_of
from labels.models import NetworkMeeting
from labels.notifications import link, send
from partners.models import User


def mail_about_meeting(kind, template, *, while_planned=True):
    """Register the mail that tells somebody about a meeting she may still see."""

    @outbox.handler(kind)
    def handle(row):
        person = User.objects.filter(pk=row.recipient_id, is_active=True).first()
        if person is None:
            return
        seen = NetworkMeeting.objects.visible_to(person).select_related("caf")
        meeting = seen.filter(pk=row.object_id).first()
        if meeting is None or (while_planned and meeting.status != meeting.Status.PLANNED):
            return
        with timezone.override(zone_of(meeting)):
            send(
                row,
                person.email,
                template,
                meeting=meeting,
                day=day_of(meeting),
                ics_url=link("labels:meeting_ics", meeting.pk),
                action_url=link("labels:meeting_detail", meeting.pk),
            )

    return handle


mail_about_meeting("labels.meeting_invited", "labels/email/meeting_invited")
mail_about_meeting("labels.meeting_changed", "labels/email/meeting_changed")
mail_about_meeting(
    "labels.meeting_cancelled", "labels/email/meeting_cancelled", while_planned=False
)
