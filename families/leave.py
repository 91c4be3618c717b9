"""What leave changes: the care planned in its days, contract by contract."""

from dataclasses import dataclass, replace
from datetime import date

from avip.templatetags.words import short_name
from families.models import Placement
from families.permissions import takes_part
from families.planning import planned_days
from families.schedules import parts, schedule_of
from partners.calendars import calendar_of


@dataclass(frozen=True)
class CareThen:
    """The days of care of one child that fall in these days, were she open."""

    contract: object
    family: str
    days: list[date]
    minutes: int


def care_during(provider, user, first: date, last: date) -> list[CareThen]:
    """The running care planned in the period, leave left out, for who may see its contracts."""
    calendar = calendar_of(provider)
    apart = [(a, b) for a, b in calendar.closures if b < first or a > last]
    calendar = replace(calendar, closures=apart)
    placements = (
        Placement.objects.visible_to(user)
        .filter(provider=provider)
        .during(first, last)
        .exclude(status=Placement.Status.ENDED)
        .select_related("contract__household", "contract__provider__childminder")
        .prefetch_related("contract__household__parents", *parts("contract__"))
    )
    found = []
    for placement in placements:
        contract = placement.contract
        start, end = max(first, placement.start_on), min(last, placement.end_on)
        days = planned_days(schedule_of([contract]), calendar, start, end)
        if days:
            found.append(
                CareThen(contract, _family(contract, user), list(days), sum(days.values()))
            )
    return found


def _family(contract, user):
    """« Fatoumata D. » for a party of the contract, nobody's name otherwise."""
    if not takes_part(user, contract):
        return "Un accueil"
    parents = contract.household.parents.all()
    return short_name(next((p for p in parents if p.is_referring), None)) or "Un accueil"
