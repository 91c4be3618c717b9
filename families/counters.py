"""The guichet unique of a commune: which one receives a request, its hours, who answers there."""

from datetime import datetime, time

from django.db.models import Q

from avip.jobs import SCHEDULES
from labels.rules import rules_for
from partners.calendars import Calendar
from partners.models import Membership, MunicipalService, Provider, User

WORKING_DAY = [(time(9), time(12)), (time(14), time(17))]


def counter_of(provider) -> MunicipalService | None:
    """The service that receives first the requests to this crèche; None without a guichet unique.

    A childminder's requests go to her coordinator.
    """
    if provider.is_childminder:
        return None
    counters = MunicipalService.objects.filter(
        is_single_counter=True, caf=provider.caf_id, communes=provider.commune_id
    )
    return counters.order_by("pk").first()


def has_place(counter, provider) -> bool:
    """Whether a crèche is one of those to which this counter may address a family."""
    if provider.is_childminder:
        return provider.childminder.service_id == counter.pk
    mine = counter.communes.filter(pk=provider.commune_id)
    return provider.caf_id == counter.caf_id and mine.exists()


def places_of(counter):
    """The crèches of its communes and the childminders it coordinates."""
    return Provider.objects.filter(
        Q(kind=Provider.Kind.FACILITY, commune__in=counter.communes.all(), caf=counter.caf_id)
        | Q(childminder__service=counter)
    ).select_related("commune")


def working_time(caf) -> Calendar:
    """The working days of a town hall of this Caf: no public holiday, no weekend."""
    return Calendar(
        hours=dict.fromkeys(range(5), WORKING_DAY),
        department_code=caf.department_code,
        time_zone=caf.time_zone,
    )


def hours_to_dispatch(referral, on) -> int:
    """How many working hours the counter has: its own delay, or that of an urgent request."""
    if referral.is_urgent:
        return rules_for(referral.provider.caf, on).urgent_answer_hours
    return SCHEDULES["counter_hours"]


def dispatch_due(referral, start, on) -> datetime:
    """When the delay of the counter that begins now is over."""
    hours = hours_to_dispatch(referral, on)
    return working_time(referral.provider.caf).add_opening_hours(start, hours)


def is_spent(referral, fraction, on, now) -> bool:
    """Whether this part of the counter's delay is over."""
    left = hours_to_dispatch(referral, on) * (1 - fraction)
    calendar = working_time(referral.provider.caf)
    return calendar.add_opening_hours(now, left) >= referral.answer_due_at


def people_of_counter(referral, *, on) -> list[User]:
    """The members of the guichet unique that has this request."""
    return _members(Q(service=referral.counter_id), on)


def agents_beside(referral, *, on) -> list[User]:
    """The members of the Caf, who dispatch when the counter keeps silent."""
    return _members(Q(caf=referral.caf_id), on)


def _members(where, on):
    members = Membership.objects.in_force(on).filter(where)
    return list(User.objects.filter(memberships__in=members).distinct().order_by("pk"))
