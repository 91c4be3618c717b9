"""The network's meetings: when they are where people live, who is asked, who came, the calendar."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils import timezone
from icalendar import Calendar, Event

from labels.models import Label, MeetingInvitation, NetworkMeeting
from partners.models import Membership, Provider, User

Status = NetworkMeeting.Status


@dataclass(frozen=True)
class Participation:
    """The meetings held since a day to which a crèche was invited, the latest first."""

    invitations: list

    @property
    def invited(self) -> int:
        return len(self.invitations)

    @property
    def attended(self) -> int:
        return sum(bool(one.came) for one in self.invitations)


def participation(provider, since: date) -> Participation:
    """What a crèche's renewal says of its part in the network."""
    held = MeetingInvitation.objects.filter(
        provider=provider, meeting__status=Status.HELD, meeting__starts_at__date__gte=since
    )
    return Participation(list(held.select_related("meeting").order_by("-meeting__starts_at")))


def zone_of(meeting) -> ZoneInfo:
    """The time zone of the Caf, where the meeting, or the committee, takes place."""
    return ZoneInfo(meeting.caf.time_zone)


def day_of(meeting) -> date:
    """The day of the meeting where it takes place."""
    return timezone.localtime(meeting.starts_at, zone_of(meeting)).date()


def labelled_that_day(meeting):
    """The crèches of the Caf whose label runs on the day of the meeting."""
    labels = Label.objects.running_on(day_of(meeting)).filter(caf=meeting.caf_id)
    return Provider.objects.filter(
        pk__in=labels.values("provider"), kind=Provider.Kind.FACILITY
    ).order_by("pk")


def people_of(providers, on: date):
    """Those who work for these crèches or for their operators, each once."""
    members = Membership.objects.in_force(on).filter(
        Q(provider__in=providers)
        | Q(operator__in=providers.exclude(facility__operator=None).values("facility__operator"))
    )
    return User.objects.filter(pk__in=members.values("user")).order_by("pk")


def ics_of(meeting, url: str) -> bytes:
    """The meeting for any calendar; its later versions replace it there."""
    event = Event()
    event.add("uid", f"{meeting.pk}@avip")
    event.add("sequence", meeting.revision)
    event.add("dtstamp", meeting.edited_at)
    event.add("dtstart", meeting.starts_at.astimezone(ZoneInfo("UTC")))
    event.add("dtend", meeting.ends_at.astimezone(ZoneInfo("UTC")))
    event.add("summary", meeting.title)
    event.add("status", "CANCELLED" if meeting.status == Status.CANCELLED else "CONFIRMED")
    event.add("location", meeting.place or meeting.link)
    event.add("description", "\n\n".join(filter(None, (meeting.agenda, meeting.link))))
    event.add("url", url)
    calendar = Calendar()
    calendar.add("prodid", "-//Avip//Réseau//FR")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return calendar.to_ical()
