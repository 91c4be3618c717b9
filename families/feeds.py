"""An adviser's calendar address: it says when, and never who."""

from datetime import timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse

from avip.jobs import SCHEDULES
from families.models import CalendarFeed, Interview
from partners.permissions import is_hijacked
from partners.tokens import make_token, sha256_of

PURPOSE = "families.feed"


def token_of(feed) -> str:
    """The secret part of the address, made again each time it is shown."""
    return make_token(PURPOSE, feed.pk, feed.generation)


def feed_url(feed) -> str:
    """The address to give to a calendar."""
    return settings.BASE_URL + reverse("families:feed", args=[token_of(feed)])


@transaction.atomic
def open_feed(user, *, at) -> CalendarFeed:
    """A new address; the former one opens nothing any more."""
    if is_hijacked(user):
        raise PermissionDenied
    feed = CalendarFeed.objects.select_for_update().filter(pk=user.pk).first()
    if feed is None:
        feed = CalendarFeed(user=user, generation=0)
    feed.generation += 1
    feed.token_sha256 = sha256_of(token_of(feed))
    feed.created_at, feed.revoked_at = at, None
    feed.save()
    return feed


def close_feed(user, *, at):
    """The address opens nothing any more."""
    if is_hijacked(user):
        raise PermissionDenied
    CalendarFeed.objects.filter(user=user, revoked_at=None).update(revoked_at=at)


def current(user):
    """The feed of this person, while it opens."""
    return CalendarFeed.objects.filter(user=user, revoked_at=None).first()


def calendar(user, now) -> str:
    """Her interviews as iCalendar: « Entretien Avip », the moment, the link; no name at all."""
    back = timedelta(days=SCHEDULES["calendar_back_days"])
    ahead = timedelta(days=SCHEDULES["calendar_ahead_days"])
    rows = Interview.objects.visible_to(user).filter(
        contract__adviser=user, planned_at__gt=now - back, planned_at__lt=now + ahead
    )
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Avip//Entretiens//FR"]
    for interview in rows.select_related("contract").order_by("planned_at"):
        url = settings.BASE_URL + interview.contract.get_absolute_url()
        lines += [
            "BEGIN:VEVENT",
            f"UID:{interview.pk}@avip",
            f"DTSTAMP:{interview.created_at:%Y%m%dT%H%M%SZ}",
            f"DTSTART:{interview.planned_at:%Y%m%dT%H%M%SZ}",
            "DURATION:PT1H",
            "SUMMARY:Entretien Avip",
            "CLASS:PRIVATE",
            f"URL:{url}",
            f"DESCRIPTION:{url}",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{_fold(line)}\r\n" for line in lines)


def _fold(line):
    """Lines of the format hold 75 octets; the rest goes on after a space."""
    parts = [line[:75]]
    rest = line[75:]
    while rest:
        parts.append(rest[:74])
        rest = rest[74:]
    return "\r\n ".join(parts)
