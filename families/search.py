"""The labelled places that fit a need, best first: three queries, however many the results.

Nearby labelled places are picked first, with what an index and the rows of one place can tell; what
is free there on each half-day is read for those alone; the few that are shown are read in full.
"""

from dataclasses import dataclass, field
from datetime import date, time, timedelta

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    BooleanField,
    Case,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Q,
    Subquery,
    When,
)
from django.db.models.functions import JSONObject
from django.db.models.lookups import IsNull

from avip.jobs import SCHEDULES
from avip.templatetags.words import NBSP, brief_day, fr_day
from families.commissions import say_commission
from families.models import CommissionDate, Hold, OfferDay, OfferSlot, PlaceOffer, ResponseTime
from families.models.places import of_her_place
from families.offers import ASK_US
from families.place_planning import WEEK, missed_in_first_week
from families.places import last_hold_day
from families.responses import say_response
from families.wording import say_half_days, say_schedule
from labels.models import Label
from labels.models.labels import licensed_members
from labels.rules import rules_for
from partners.calendars import Calendar
from partners.models import Closure, OpeningHours, Provider

SHOWN = 20
CANDIDATES = 200  # the nearest ones, among which the best are shown
WORKING_WEEK = [f"{day}-{half}" for day in range(5) for half in ("am", "pm")]
SLOW = 10**9  # minutes: of whose answers nothing is known yet


@dataclass(frozen=True)
class Need:
    """What is looked for: where, from which day, for which ages in months, when in the week.

    Around a point within a radius, or in the whole Caf of a département, nearest first.
    """

    from_on: date
    lat: float
    lon: float
    radius_km: int | None = None
    department_code: str = ""
    ages: tuple[int, ...] = ()
    keys: tuple[str, ...] = ()
    starts: time | None = None
    ends: time | None = None
    kind: str = ""
    atypical: bool = False
    emergency: bool = False

    @property
    def until(self) -> date:
        """How long a place must be free: the longest a contract may last by the national rules."""
        return last_hold_day(self.from_on, rules_for(None, self.from_on))


@dataclass(frozen=True)
class FreePlace:
    """An offer, and the half-days on which one of its places is free for the whole period.

    Of a planning, its hours, and the dates of the first week on which they change.
    """

    offer: PlaceOffer
    keys: list[str]
    slots: tuple = ()
    missed: tuple = ()

    def fits(self, keys) -> bool:
        """A place is free on each of these half-days; on one at least when none is asked for."""
        return all(key in self.keys for key in keys) if keys else bool(self.keys)

    @property
    def sentence(self) -> str:
        if not self.offer.is_blocked:
            return ASK_US
        if self.slots and len(self.keys) == len(self.offer.keys):
            return say_schedule(self.slots)
        return say_half_days(self.keys) if self.keys else "complet sur cette période"


@dataclass(frozen=True)
class Result:
    provider: Provider
    distance_km: float
    places: list[FreePlace]
    said: list[str] = field(default_factory=list)  # what one knows before sending
    closed_until: date | None = None  # last day of the closure that includes today
    opens_on: date | None = None

    @property
    def distance(self) -> str:
        """« 2,8 km »; a childminder is at the centre of her commune, never at her address."""
        if self.distance_km < 0.1:
            return "même commune"
        return f"{self.distance_km:.1f}{NBSP}km".replace(".", ",")

    @property
    def takes_urgent_care(self) -> bool:
        """Whether one of its places may be asked for tomorrow."""
        return any(place.offer.emergency_care for place in self.places)

    @property
    def closed_label(self) -> str:
        return f"fermé jusqu’au {brief_day(self.closed_until)}"

    @property
    def point(self) -> dict | None:
        """What the map draws: a childminder at the centre of her commune."""
        place = self.provider.commune if self.provider.is_childminder else self.provider
        if place.lat is None:
            return None
        return {
            "name": self.provider.public_name,
            "commune": str(self.provider.commune),
            "at": [round(place.lat, 5), round(place.lon, 5)],
        }


def search(providers, need: Need, on: date) -> list[Result]:
    """The places of this queryset that fit, best first: fit, then distance and responsiveness."""
    found = {row["pk"]: row for row in _nearest(providers, need, on)}
    free = _free_places(list(found), need)
    asked = [pk for pk in found if _may_be_asked(free[pk], need)]
    shown = sorted(asked, key=lambda pk: _rank(free[pk], found[pk], need, on))[:SHOWN]
    full = {provider.pk: provider for provider in _in_full(shown, on)}
    return [_result(full[pk], found[pk]["distance_km"], free[pk], need, on) for pk in shown]


def closure_on(calendar: Calendar, on: date) -> tuple[date | None, date | None]:
    """(last closed day, next opening) when a closure includes that day; (None, None) otherwise."""
    if not any(first <= on <= last for first, last in calendar.closures):
        return None, None
    opens = calendar.next_opening(on, within=366)
    return (opens - timedelta(days=1) if opens else None), opens


def _nearest(providers, need, on):
    """The nearest labelled places that nothing but the places taken there rules out."""
    rows = _around(providers, need)
    if need.kind:
        rows = rows.filter(kind=need.kind)
    mine = PlaceOffer.objects.filter(provider=OuterRef("pk"))
    running = mine.running_on(need.from_on)
    fits = _exists(_fitting(mine.open_on(need.from_on), need, need.keys))
    # Whoever describes no place may be asked, unless a quality must be said of a place.
    asked = Q(fits if need.atypical or need.emergency else fits | ~_exists(running))
    if (need.starts or need.ends) and not need.atypical:
        asked &= _open_then(need)
    rows = rows.filter(_only_if(_labelled(on), asked))
    times = ResponseTime.objects.filter(provider=OuterRef("pk"))
    rows = rows.annotate(median=Subquery(times.values("median_minutes")))
    return rows.order_by("distance_km", "pk").values("pk", "distance_km", "median")[:CANDIDATES]


def _around(providers, need):
    if need.department_code:
        providers = providers.filter(caf__department_code=need.department_code)
    return providers.near(need.lat, need.lon, need.radius_km)


def _labelled(on):
    """One probe for each place: the label of a crèche, the network of a childminder."""
    of_place = OuterRef("pk")
    label = _exists(Label.objects.running_on(on).filter(provider=of_place))
    member = _exists(licensed_members(on).filter(provider=of_place))
    facility, childminder = Q(kind=Provider.Kind.FACILITY), Q(kind=Provider.Kind.CHILDMINDER)
    # The kind first: PostgreSQL looks in the order written.
    return facility & Q(label) | childminder & Q(member)


def _only_if(first, then):
    """Both, the second looked at only where the first holds: most places have no label."""
    return Q(Case(When(first, then=ExpressionWrapper(then, BooleanField())), default=False))


def _exists(rows):
    """Whether there is such a row, looked up for one place at a time.

    A plain EXISTS may be answered from a hash of the whole table: of every label of the country.
    """
    return IsNull(Subquery(rows.order_by().values("pk")[:1]), False)


def _fitting(offers, need, keys=()):
    """Of these offers, those made for such ages, hours, half-days and qualities."""
    if need.ages:
        offers = offers.for_ages(min(need.ages), max(need.ages))
    for key in keys:
        offers = offers.filter(Q(half_days__contains=[key]) | Q(half_days=[]))
    if need.starts or need.ends:
        offers = offers.filter(_hours_offered(need))
    if need.atypical:
        offers = offers.filter(atypical_hours=True)
    return offers.filter(emergency_care=True) if need.emergency else offers


def _hours_offered(need):
    """The hours asked for are within the planning of the offer on each day asked for; without a
    planning, between its first and last hours.
    """
    planned = OfferSlot.objects.filter(offer=OuterRef("pk"))
    then, between = planned, Q()
    if need.starts:
        then = then.filter(starts__lte=need.starts, ends__gt=need.starts)
        between &= Q(opens=None) | Q(opens__lte=need.starts)
    if need.ends:
        then = then.filter(starts__lt=need.ends, ends__gte=need.ends)
        between &= Q(closes=None) | Q(closes__gte=need.ends)
    inside = Exists(then)
    for day in sorted({int(key.partition("-")[0]) for key in need.keys}):
        inside &= Exists(then.filter(weekday=day))
    return inside | ~Exists(planned) & between


def _open_then(need):
    """Open at the hours asked for, on each of the days asked for; nothing known is no obstacle."""
    known = OpeningHours.objects.filter(provider=OuterRef("pk"))
    then = known
    if need.starts:
        then = then.filter(opens__lte=need.starts)
    if need.ends:
        then = then.filter(closes__gte=need.ends)
    days = {int(key.partition("-")[0]) for key in need.keys}
    open_then = _exists(then)
    for day in sorted(days):
        open_then &= _exists(then.filter(weekday=day))
    # A planning says more than opening hours: `_fitting` reads it.
    planned = PlaceOffer.objects.filter(provider=OuterRef("pk"), slots__isnull=False)
    return open_then | ~_exists(known) | _exists(planned.open_on(need.from_on))


def _free_places(pks, need):
    """{provider: [FreePlace]} of the offers that suit this need, whatever the half-days."""
    found = {pk: [] for pk in pks}
    taken = Hold.objects.standing(need.from_on, need.until).filter(
        Q(offer=OuterRef("pk")) | of_her_place()
    )
    week = OfferSlot.objects.filter(offer=OuterRef("pk"))
    dates = OfferDay.objects.filter(
        offer=OuterRef("pk"), day__range=(need.from_on, need.from_on + WEEK)
    )
    offers = (
        _fitting(PlaceOffer.objects.filter(provider__in=pks), need)
        .open_on(need.from_on)
        .annotate(
            week=ArraySubquery(
                week.values(json=JSONObject(weekday="weekday", starts="starts", ends="ends"))
            ),
            dates=ArraySubquery(
                dates.values(json=JSONObject(day="day", starts="starts", ends="ends"))
            ),
            taken=ArraySubquery(
                taken.values(
                    json=JSONObject(number="slot_number", weekday="weekday", half="half_day")
                )
            ),
        )
        .order_by("from_on", "pk")
    )
    for offer in offers:
        numbers = {}
        for hold in offer.taken:
            numbers.setdefault(f"{hold['weekday']}-{hold['half']}", set()).add(hold["number"])
        free = [
            key
            for key in offer.keys
            if not offer.is_blocked or len(numbers.get(key, ())) < offer.places
        ]
        found[offer.provider_id].append(FreePlace(offer, free, *_planning(offer, need)))
    return found


def _planning(offer, need):
    """(slots, dates of the first week on which they change) of an offer read with `week`."""
    hours = [OfferSlot(weekday=s["weekday"], **_times(s)) for s in offer.week]
    asked = {int(key.partition("-")[0]) for key in need.keys}
    first = [
        OfferSlot(
            weekday=slot.weekday, starts=need.starts or slot.starts, ends=need.ends or slot.ends
        )
        for slot in hours
        if not asked or slot.weekday in asked
    ]
    dates = {}
    for row in offer.dates:
        intervals = dates.setdefault(date.fromisoformat(row["day"]), [])
        if row["starts"]:
            intervals.append(tuple(_times(row).values()))
    return tuple(hours), tuple(missed_in_first_week(first, dates, need.from_on))


def _times(row):
    return {name: time.fromisoformat(row[name]) for name in ("starts", "ends")}


def _may_be_asked(places, need):
    return not places or any(place.fits(need.keys) for place in places)


def _rank(places, row, need, on):
    """A place kept free first; then the nearest, among equals the one confirmed of late, then the
    quickest to answer.
    """
    fitting = [place.offer for place in places if place.fits(need.keys)]
    kept = any(offer.is_blocked for offer in fitting)
    late = on - timedelta(days=SCHEDULES["place_silent_days"])
    sure = any(offer.confirmed_on and offer.confirmed_on >= late for offer in fitting)
    km = row["distance_km"]
    slow = SLOW if row["median"] is None else row["median"]
    return not kept, round(km), not sure, slow, km, row["pk"]


def _in_full(pks, on):
    """What is shown of these providers."""
    week = OpeningHours.objects.filter(provider=OuterRef("pk"))
    closed = Closure.objects.filter(provider=OuterRef("pk"), last_day__gte=on)
    meets = CommissionDate.objects.filter(provider=OuterRef("pk"), held_on__gte=on)
    return (
        Provider.objects.filter(pk__in=pks)
        .select_related("commune", "caf", "response_time")
        .annotate(
            week=ArraySubquery(
                week.values(json=JSONObject(weekday="weekday", opens="opens", closes="closes"))
            ),
            closed=ArraySubquery(
                closed.values(json=JSONObject(first="first_day", last="last_day"))
            ),
            commission_on=Subquery(meets.order_by("held_on").values("held_on")[:1]),
        )
    )


def _result(provider, distance_km, places, need, on):
    calendar = _calendar(provider)
    closed_until, opens_on = closure_on(calendar, on)
    _, opens_then = closure_on(calendar, need.from_on)
    said = [words for place in places for words in place.missed]
    if opens_then and opens_then != opens_on:
        said.append(f"fermé à la date demandée, rouvre {fr_day(opens_then)}")
    if provider.commission_on:
        said.append(say_commission(provider.commission_on, on))
    if response := say_response(getattr(provider, "response_time", None)):
        said.append(response)
    return Result(provider, distance_km, places, said, closed_until, opens_on)


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
