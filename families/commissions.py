"""The days on which a commission gives out the places of a facility."""

from datetime import date

from avip.templatetags.words import brief_day
from families.models import CommissionDate
from partners.models import Facility


def next_commission(provider, on: date) -> date | None:
    """The first commission of this provider from that day on; None when none is noted."""
    return (
        CommissionDate.objects.filter(provider=provider, held_on__gte=on)
        .order_by("held_on")
        .values_list("held_on", flat=True)
        .first()
    )


def has_commission(provider) -> bool:
    """Places of this facility are given out by a commission."""
    return not provider.is_childminder and provider.facility.admits == Facility.Decider.COMMISSION


def say_commission(day: date, on: date) -> str:
    """« commission le 16 nov. »."""
    return f"commission le {brief_day(day, on.year)}"
