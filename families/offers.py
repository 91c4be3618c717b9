"""What an offer says, and that its place is still free."""

from datetime import date

from django.core.exceptions import PermissionDenied

from avip.templatetags.words import NBSP, brief_day, count_of, fr_time
from avip.workflow import edit
from families.models import PlaceOffer
from families.permissions import manages
from families.wording import say_half_days

ASK_US = "pas de place bloquée, demandez-nous"


def still_free(offer: PlaceOffer, *, by, on: date, at=None) -> PlaceOffer:
    """Who keeps the place says that it is still free that day; PermissionDenied for others."""
    if not manages(by, offer.provider):
        raise PermissionDenied
    with edit(offer, by=by, seen=None, fields=["confirmed_on"], at=at):
        offer.confirmed_on = on
    return offer


def say_places(offer: PlaceOffer) -> str:
    """« 2 places », or that none is blocked."""
    return count_of(offer.places, "place") if offer.is_blocked else ASK_US


def say_when(offer: PlaceOffer) -> str:
    """« lundi et mardi, jeudi matin, de 7 h à 19 h »."""
    days = say_half_days(offer.half_days) or "toutes les demi-journées d’ouverture"
    return f"{days}{_hours(offer)}"


def say_for_whom(offer: PlaceOffer) -> list[str]:
    """Ages, who reserves it, atypical hours, emergency care, and the note of who offers it."""
    words = [_ages(offer)]
    if offer.reserved_by:
        words.append(f"réservée par {offer.get_reserved_by_display()}")
    if offer.atypical_hours:
        words.append("horaires atypiques possibles")
    if offer.emergency_care:
        words.append("accueil d’urgence possible")
    return [*words, offer.note] if offer.note else words


def say_confirmed(offer: PlaceOffer, on: date) -> str:
    """« confirmée libre le 3 nov. », or nothing when nobody has said so."""
    if not offer.confirmed_on:
        return ""
    return f"confirmée libre le {brief_day(offer.confirmed_on, on.year)}"


def _hours(offer):
    if offer.opens and offer.closes:
        return f", de {fr_time(offer.opens)} à {fr_time(offer.closes)}"
    if offer.opens:
        return f", dès {fr_time(offer.opens)}"
    return f", jusqu’à {fr_time(offer.closes)}" if offer.closes else ""


def _ages(offer):
    if offer.max_age_months is not None:
        return f"de {offer.min_age_months} à {offer.max_age_months}{NBSP}mois"
    if offer.min_age_months:
        return f"à partir de {offer.min_age_months}{NBSP}mois"
    return "tous les âges"
