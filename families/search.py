"""The labelled places around a point that fit a need: two queries, however many the results."""

from dataclasses import dataclass
from datetime import date, time, timedelta

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef
from django.db.models.functions import JSONObject

from avip.templatetags.words import NBSP, brief_day
from families.models import Hold, PlaceOffer
from families.places import last_hold_day
from families.wording import say_half_days
from labels.models.labels import labelled_providers
from labels.rules import rules_for
from partners.calendars import Calendar
from partners.models import Closure, OpeningHours, Provider

NEAREST = 50
WORKING_WEEK = [f"{day}-{half}" for day in range(5) for half in ("am", "pm")]


@dataclass(frozen=True)
class Need:
    """What is looked for: where, from which day, for which ages in months, on which half-days."""

    lat: float
    lon: float
    radius_km: int
    from_on: date
    ages: tuple[int, ...] = ()
    keys: tuple[str, ...] = ()
    kind: str = ""

    @property
    def until(self) -> date:
        """How long a place must be free: the longest a contract may last by the national rules."""
        return last_hold_day(self.from_on, rules_for(None, self.from_on))


@dataclass(frozen=True)
class FreePlace:
    """An offer, and the half-days on which one of its places is free for the whole period."""

    offer: PlaceOffer
    keys: list[str]

    @property
    def sentence(self) -> str:
        return say_half_days(self.keys) if self.keys else "complet sur cette période"


@dataclass(frozen=True)
class Result:
    provider: Provider
    distance_km: float
    places: list[FreePlace]
    closed_until: date | None  # last day of the closure that includes the day of the search
    opens_on: date | None

    @property
    def distance(self) -> str:
        """« 2,8 km »; a childminder is at the centre of her commune, never at her address."""
        if self.distance_km < 0.1:
            return "même commune"
        return f"{self.distance_km:.1f}{NBSP}km".replace(".", ",")

    @property
    def closed_label(self) -> str:
        return f"fermé jusqu’au {brief_day(self.closed_until)}"


def providers_near(providers, need: Need, on: date):
    """Labelled providers of this queryset that fit, nearest first.

    Those that block no place ("ask us") fit every half-day; of the others an offer must be free.
    """
    running = PlaceOffer.objects.filter(provider=OuterRef("pk")).running_on(need.from_on)
    fitting = running
    if need.ages:
        fitting = fitting.for_ages(min(need.ages), max(need.ages))
    fitting = fitting.free_for(need.keys, need.from_on, need.until)
    found = (
        (labelled_providers(on) & providers)
        .near(need.lat, need.lon, need.radius_km)
        .filter(Exists(fitting) | ~Exists(running))
        .select_related("commune", "caf")
        .annotate(
            week=ArraySubquery(
                OpeningHours.objects.filter(provider=OuterRef("pk")).values(
                    json=JSONObject(weekday="weekday", opens="opens", closes="closes")
                )
            ),
            closed=ArraySubquery(
                Closure.objects.filter(provider=OuterRef("pk"), last_day__gte=on).values(
                    json=JSONObject(first="first_day", last="last_day")
                )
            ),
        )
        .order_by("distance_km", "pk")
    )
    return found.filter(kind=need.kind) if need.kind else found


def search(providers, need: Need, on: date) -> list[Result]:
    """The nearest places that fit, with what is free and when a closed one opens again."""
    found = list(providers_near(providers, need, on)[:NEAREST])
    free = _free_places(found, need)
    return [
        Result(provider, provider.distance_km, free.get(provider.pk, []), *closure_on(calendar, on))
        for provider in found
        for calendar in [_calendar(provider)]
    ]


def closure_on(calendar: Calendar, on: date) -> tuple[date | None, date | None]:
    """(last closed day, next opening) when a closure includes that day; (None, None) otherwise."""
    if not any(first <= on <= last for first, last in calendar.closures):
        return None, None
    opens = calendar.next_opening(on, within=366)
    return (opens - timedelta(days=1) if opens else None), opens


def _free_places(providers, need):
    taken = Hold.objects.standing(need.from_on, need.until).filter(offer=OuterRef("pk"))
    offers = (
        PlaceOffer.objects.filter(provider__in=[provider.pk for provider in providers])
        .running_on(need.from_on)
        .annotate(
            taken=ArraySubquery(
                taken.values(
                    json=JSONObject(number="slot_number", weekday="weekday", half="half_day")
                )
            )
        )
        .order_by("from_on", "pk")
    )
    if need.ages:
        offers = offers.for_ages(min(need.ages), max(need.ages))
    found = {}
    for offer in offers:
        numbers = {}
        for hold in offer.taken:
            numbers.setdefault(f"{hold['weekday']}-{hold['half']}", set()).add(hold["number"])
        free = [
            key
            for key in offer.half_days or WORKING_WEEK
            if len(numbers.get(key, ())) < offer.places
        ]
        found.setdefault(offer.provider_id, []).append(FreePlace(offer, free))
    return found


def _calendar(provider):
    hours = {}
    for row in provider.week:
        interval = (time.fromisoformat(row["opens"]), time.fromisoformat(row["closes"]))
        hours.setdefault(row["weekday"], []).append(interval)
    return Calendar(
        hours={day: sorted(intervals) for day, intervals in hours.items()},
        closures=[
            (date.fromisoformat(row["first"]), date.fromisoformat(row["last"]))
            for row in provider.closed
        ],
        department_code=provider.caf.department_code,
        time_zone=provider.caf.time_zone,
    )
