"""In what state a place is on a day, in words: one query for many places."""

from dataclasses import dataclass
from datetime import date

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import JSONObject

from avip.templatetags.words import fr_date
from families.models import Hold, Placement, PlaceOffer
from families.models.places import of_her_place
from families.wording import say_half_days
from labels.models.labels import labelled_providers

ASK_US = "pas de place bloquée, demandez-nous"
# From the most free to the least; « none »: she has described no place.
PLACES = {
    "open": "libre",
    "held": "retenue pour une famille",
    "taken": "prise",
    "paused": "en pause",
    "closed": "fermée ou finie",
    "none": "pas décrite",
}
KINDS = OPEN, HELD, TAKEN, PAUSED, CLOSED, NONE = tuple(PLACES)
TONES = {OPEN: "ok", HELD: "warn", TAKEN: "info", PAUSED: "warn", CLOSED: "bad", NONE: "info"}
ALWAYS = date.max


@dataclass(frozen=True)
class PlaceState:
    """One of the states, what it is called that day, and what else one should know."""

    kind: str
    words: str
    detail: str = ""

    @property
    def tone(self) -> str:
        return TONES[self.kind]


def with_state(offers, on: date) -> list[PlaceOffer]:
    """These offers, each with its `state` of that day; one query, however many."""
    rows = offers.select_related("provider").annotate(
        holds_left=ArraySubquery(_holds(on)),
        placed_until=Subquery(_placed_without_a_hold(on).values("end_on")[:1]),
        is_labelled=Exists(labelled_providers(on).filter(pk=OuterRef("provider"))),
    )
    found = list(rows)
    for offer in found:
        offer.state = _state(offer, on)
    return found


def _holds(on):
    """What is kept on each half-day from that day on, and until when its child is placed."""
    placed = _placed(on).filter(contract__referral=OuterRef("referral"), child=OuterRef("child"))
    return (
        Hold.objects.standing(on, ALWAYS)
        .filter(Q(offer=OuterRef("pk")) | of_her_place())
        .annotate(placed_until=Subquery(placed.values("end_on")[:1]))
        .values(
            json=JSONObject(
                number="slot_number",
                weekday="weekday",
                half="half_day",
                until="until",
                placed_until="placed_until",
            )
        )
    )


def _placed(on):
    going = Placement.objects.filter(end_on__gte=on).exclude(status=Placement.Status.ENDED)
    return going.order_by("-end_on")


def _placed_without_a_hold(on):
    """Care of a contract taken over: no request holds a place for it."""
    return _placed(on).filter(provider=OuterRef("provider"), contract__referral=None)


def _state(offer, on):
    if offer.until and offer.until < on:
        return PlaceState(CLOSED, f"finie le {fr_date(offer.until)}")
    mine = offer.provider.is_childminder
    if mine and not offer.is_labelled:
        return PlaceState(CLOSED, "fermée", "Pas membre du réseau labellisé ce jour-là.")
    if offer.is_paused_on(on):
        words = f"en pause jusqu’au {fr_date(offer.paused_until)}" if offer.paused_until else ""
        ends = _last_day(offer)
        detail = f"L’accueil en cours continue, jusqu’au {fr_date(ends)}." if ends else ""
        return PlaceState(PAUSED, words or "en pause", detail)
    if not offer.is_blocked:
        return PlaceState(OPEN, ASK_US)
    if mine and offer.placed_until:
        return PlaceState(TAKEN, f"prise jusqu’au {fr_date(offer.placed_until)}")
    return _by_half_days(offer, on)


def _by_half_days(offer, on):
    numbers = {}
    for hold in offer.holds_left:
        numbers.setdefault(f"{hold['weekday']}-{hold['half']}", set()).add(hold["number"])
    full = {key for key, taken in numbers.items() if len(taken) >= offer.places}
    free = [key for key in offer.keys if key not in full]
    begins = offer.from_on > on
    if not full:
        return PlaceState(OPEN, f"libre dès le {fr_date(offer.from_on)}" if begins else "libre")
    placed = [hold for hold in offer.holds_left if hold["placed_until"]]
    ends = _last_day(offer)
    rest = f"prise jusqu’au {fr_date(ends)}" if placed else "retenue pour une famille"
    if free:
        return PlaceState(OPEN, f"libre {say_half_days(free)}", f"Le reste du temps, {rest}.")
    return PlaceState(TAKEN if placed else HELD, rest)


def _last_day(offer):
    """The last day of the care that goes on there, if any does."""
    ends = [date.fromisoformat(h["placed_until"]) for h in offer.holds_left if h["placed_until"]]
    return max([*ends, *filter(None, [offer.placed_until])], default=None)
