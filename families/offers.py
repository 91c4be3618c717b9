"""What an offer says, and that its place is still free."""

from contextlib import contextmanager
from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import transaction

from avip.templatetags.words import NBSP, brief_day, count_of, fr_time
from avip.workflow import StepRefused, edit
from families.models import PlaceOffer
from families.permissions import keeps_place
from families.place_states import ASK_US, OPEN, with_state
from families.places import lock_provider
from families.wording import say_half_days, say_schedule


def still_free(offer: PlaceOffer, *, by, on: date, at=None) -> PlaceOffer:
    """Who keeps the place says that it is still free that day; PermissionDenied for others."""
    with _kept(offer, by=by, fields=["confirmed_on"], at=at):
        if offer.is_paused_on(on):
            raise StepRefused("Cette place est en pause\xa0: reprenez-la d’abord.")
        _refuse_unless_open(offer, on)
        offer.confirmed_on = on
    return offer


def pause(offer: PlaceOffer, *, by, on: date, until: date | None = None, at=None) -> PlaceOffer:
    """No new family from that day, until this one or until it is resumed; what runs goes on."""
    with _kept(offer, by=by, fields=["paused_from", "paused_until"], at=at):
        if until and until < on:
            raise StepRefused("La pause finit après avoir commencé\xa0: choisissez une autre date.")
        if not offer.is_paused_on(on):
            offer.paused_from = on
        offer.paused_until = until
    return offer


def resume(offer: PlaceOffer, *, by, on: date, at=None) -> PlaceOffer:
    """The place is free again from that day: whoever says so confirms it."""
    with _kept(offer, by=by, fields=["paused_from", "paused_until", "confirmed_on"], at=at):
        offer.paused_from = offer.paused_until = None
        offer.confirmed_on = on
    return offer


def _refuse_unless_open(offer, on):
    """The one place of a childminder, held or given, is not free whatever one presses."""
    if not offer.provider.is_childminder:
        return
    (found,) = with_state(PlaceOffer.objects.filter(pk=offer.pk), on)
    if found.state.kind != OPEN:
        raise StepRefused(f"Cette place n’est pas libre\xa0: elle est {found.state.words}.")


@contextmanager
def _kept(offer, *, by, fields, at):
    """Change what is said of a place one keeps up to date, one person after the other."""
    if not keeps_place(by, offer.provider):
        raise PermissionDenied
    with transaction.atomic():
        lock_provider(offer.provider_id)
        with edit(offer, by=by, seen=None, fields=fields, at=at):
            yield


def say_places(offer: PlaceOffer) -> str:
    """« 2 places », or that none is blocked."""
    return count_of(offer.places, "place") if offer.is_blocked else ASK_US


def say_when(offer: PlaceOffer) -> str:
    """« lundi et mardi, jeudi matin, de 7 h à 19 h »; of a planning, its hours."""
    if planning := say_schedule(offer.slots.all()):
        return planning
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
