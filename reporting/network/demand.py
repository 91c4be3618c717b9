"""Demand not met: the families who asked and got no place, counted, never named."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import time

from avip.jobs import SCHEDULES
from avip.templatetags.words import WEEKDAYS, half_day
from families.models import Placement, Referral
from families.models.places import half_days
from partners.calendars import age_in_months
from reporting.network.masking import masked_parts

Status = Referral.Status
# They still wait for an answer: not met, but not refused either.
PENDING = (
    Status.TO_DISPATCH,
    Status.TO_VALIDATE,
    Status.SENT,
    Status.HOURS_PROPOSED,
    Status.SHORTLISTED,
)
AGES = (("moins de 1\xa0an", 0, 12), ("de 1 à 2\xa0ans", 12, 24), ("2\xa0ans et plus", 24, 999))
ATYPICAL = "horaires atypiques"
COLUMNS = ("Commune", "Jour", "Demi-journée", "Familles", *(label for label, *_ in AGES), ATYPICAL)


@dataclass(frozen=True)
class Need:
    """What one family asked for, without anything that names it."""

    commune: str
    half_days: frozenset  # (weekday, "am" or "pm")
    ages: frozenset  # labels of AGES
    is_atypical: bool


@dataclass(frozen=True)
class Demand:
    """Families of the period: how many asked, have a place, wait, and what the others needed."""

    asked: int
    placed: int
    pending: int
    unmet: int
    rows: list = field(default_factory=list)  # (commune, weekday, half, families, *ages, atypical)
    communes: list = field(default_factory=list)  # (commune, families without a place)
    halves: list = field(default_factory=list)  # (words, families): the chart
    ages: list = field(default_factory=list)
    atypical: int | None = 0


def unmet_demand(scope, *, least=0) -> Demand:
    """What families asked for in these communes, over the period, without getting a place.

    A family counts once, by its latest request; it may need several half-days and have several
    children, so lines do not add up.
    """
    referrals = list(
        scope.asked.filter(
            sent_at__range=(scope.begins, scope.ends),
            kind=Referral.Kind.REGULAR,
            household__merged_into=None,
        )
        .select_related("household__commune", "provider__commune")
        .prefetch_related("slots", "children")
        .order_by("sent_at", "pk")
    )
    latest = {referral.household_id: referral for referral in referrals}
    placed, pending = _placed(latest, scope), _pending(latest)
    mine = set(scope.communes.values_list("pk", flat=True))
    needs = [
        _need(referral, mine)
        for household, referral in latest.items()
        if household not in placed and household not in pending
    ]
    return _counted(needs, len(latest), len(placed), len(pending - placed), least)


def _placed(households, scope):
    """Those with a place: accepted at least since then, or cared for."""
    accepted = Referral.objects.filter(
        household__in=households, status__in=Referral.NAMED
    ).values_list("household", flat=True)
    cared = Placement.objects.filter(
        contract__household__in=households, end_on__gte=scope.since
    ).values_list("contract__household", flat=True)
    return {*accepted, *cared}


def _pending(households):
    rows = Referral.objects.filter(household__in=households, status__in=PENDING)
    return set(rows.values_list("household", flat=True))


def _need(referral, mine):
    home = referral.household.commune
    commune = home if home.pk in mine else referral.provider.commune
    slots = list(referral.slots.all())
    asked = {(s.weekday, str(half)) for s in slots for half in half_days(s.starts, s.ends)}
    ages = {
        label
        for child in referral.children.all()
        for label, youngest, oldest in AGES
        if youngest <= max(0, age_in_months(child.birth_date, referral.from_on)) < oldest
    }
    return Need(
        str(commune),
        frozenset(asked),
        frozenset(ages),
        any(_is_atypical(slot) for slot in slots),
    )


def _is_atypical(slot):
    opens, closes = (time.fromisoformat(at) for at in SCHEDULES["usual_care_hours"])
    return slot.weekday > 4 or slot.starts < opens or slot.ends > closes


def _counted(needs, asked, placed, pending, least):
    cells, communes, halves, ages = Counter(), Counter(), Counter(), Counter()
    for need in needs:
        communes[need.commune] += 1
        for label in need.ages:
            ages[label] += 1
        for half in need.half_days:
            halves[half] += 1
            for what in ("", *need.ages, *([ATYPICAL] if need.is_atypical else [])):
                cells[need.commune, half, what] += 1
    columns = ("", *(label for label, *_ in AGES), ATYPICAL)
    keys = sorted({key[:2] for key in cells})

    def masked(counts):
        return masked_parts(counts, least) if least else counts

    def line(key):
        counts = masked([cells[(*key, what)] for what in columns])
        # What is too small as a whole says nothing of its parts.
        return counts if counts[0] is not None else [None] * len(counts)

    def alone(count):
        return None if 0 < count < least else count

    shown = masked([asked - placed - pending, placed, pending])
    if least and (asked < least or shown[0] is None):
        # Too few families: nothing of what they asked for.
        placed, pending = (None, None) if asked < least else shown[1:]
        return Demand(alone(asked), placed, pending, None, atypical=None)
    return Demand(
        asked=alone(asked),
        placed=shown[1],
        pending=shown[2],
        unmet=shown[0],
        rows=[
            (commune, WEEKDAYS[half[0]], half_day(half[1]), *line((commune, half)))
            for commune, half in keys
        ],
        communes=_parts(communes.most_common(), masked),
        halves=[
            (f"{WEEKDAYS[day]} {half_day(half)}", alone(n))
            for (day, half), n in sorted(halves.items())
        ],
        ages=[(label, alone(ages[label])) for label, *_ in AGES],
        atypical=alone(sum(need.is_atypical for need in needs)),
    )


def _parts(pairs, masked):
    return list(zip([name for name, _ in pairs], masked([n for _, n in pairs]), strict=True))
