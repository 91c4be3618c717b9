"""The real planning of a childminder's place: hours of her week, and the dates that differ."""

from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q

from avip.templatetags.words import and_list, count_of, fr_date, fr_day, fr_time
from avip.workflow import StepRefused, edit
from families.models import OfferDay, OfferSlot, PlaceOffer
from families.places import keys_of, lock_provider
from families.wording import say_schedule
from labels.rules import rules_for

WEEK = timedelta(days=6)


def is_inside(slot, intervals) -> bool:
    """Whether these hours are within one of the intervals (starts, ends)."""
    return any(starts <= slot.starts and slot.ends <= ends for starts, ends in intervals)


def week_of(offers) -> dict[int, list]:
    """{weekday: [(starts, ends)]} of the offers that have a planning."""
    week = {}
    for offer in offers:
        for slot in offer.slots.all():
            week.setdefault(slot.weekday, []).append((slot.starts, slot.ends))
    return week


def dates_of(rows) -> dict[date, list]:
    """{date: [(starts, ends)]} of the dates that differ; no interval: no care that day."""
    dates = {}
    for row in rows:
        intervals = dates.setdefault(row.day, [])
        if row.starts:
            intervals.append((row.starts, row.ends))
    return dates


def say_date(day: date, intervals) -> str:
    """« mardi 3 mars : 9 h – 12 h », « mardi 3 mars : pas d’accueil »."""
    hours = " et ".join(f"{fr_time(starts)}\xa0–\xa0{fr_time(ends)}" for starts, ends in intervals)
    return f"{fr_day(day)}\xa0: {hours or 'pas d’accueil'}"


def missed_in_first_week(slots, dates, from_on: date) -> list[str]:
    """The dates of the first week on which she cannot do these hours, said as she described them.

    `dates` are those of `dates_of`.
    """
    return [
        say_date(day, intervals)
        for day, intervals in sorted(dates.items())
        if from_on <= day <= from_on + WEEK
        and any(s.weekday == day.weekday() and not is_inside(s, intervals) for s in slots)
    ]


def say_pause(provider, offers, from_on: date) -> str:
    """Why no new family comes to a place paused on that day; empty when one may."""
    if not offers or not all(offer.is_paused_on(from_on) for offer in offers):
        return ""
    until = max((o.paused_until for o in offers if o.paused_until), default=None)
    words = f"en pause jusqu’au {fr_date(until)}" if until else "en pause"
    return (
        f"La place de {provider.public_name} est {words}\xa0: "
        "demandez une date après la pause, ou attendez qu’elle la reprenne."
    )


def say_outside(slots, offers, from_on: date, beyond_opening) -> str:
    """What of these hours is beyond her planning; without a planning, beyond her opening hours."""
    offers = [offer for offer in offers if not offer.is_paused_on(from_on)]
    week = week_of(offers)
    outside = [s for s in slots if not is_inside(s, week.get(s.weekday, []))]
    if not week:
        outside = beyond_opening
    if outside:
        return f"En dehors de ses horaires\xa0: {say_schedule(outside)}. Voyez avec elle."
    dates = dates_of(row for offer in offers for row in offer.days.all())
    missed = missed_in_first_week(slots, dates, from_on)
    return f"La première semaine change\xa0: {and_list(missed)}. Voyez avec elle." * bool(missed)


def reasons_of_places(offer, provider, on: date) -> list[str]:
    """Why her places would be more than the rule allows at once; `provider` is locked."""
    allowed = rules_for(provider.caf, on).childminder_max_places
    others = provider.offers.exclude(pk=offer.pk).filter(
        Q(until=None) | Q(until__gte=offer.from_on)
    )
    if offer.until:
        others = others.filter(from_on__lte=offer.until)
    others = list(others)
    if offer.places + sum(other.places for other in others) <= allowed:
        return []
    said = (
        f"Une assistante maternelle offre au titre du label {count_of(allowed, 'place')} au plus."
    )
    if not others:
        return [said]
    latest = max(others, key=lambda other: other.from_on)
    ends = f" jusqu’au {fr_date(latest.until)}" if latest.until else ""
    return [
        f"{said} Une place est déjà décrite à partir du {fr_date(latest.from_on)}{ends}\xa0: "
        "modifiez-la, ou donnez d’autres dates."
    ]


@transaction.atomic
def keep_planning(offer: PlaceOffer, provider, *, fields, slots, days, by, on, seen, at=None):
    """Write the place of a childminder with its planning; the half-days come from its hours.

    `fields` are (name: value) of the offer, `slots` (weekday, starts, ends), `days` (day, starts,
    ends). StepRefused beyond the rule, or when the place changed since the page was shown.
    """
    provider = lock_provider(provider.pk)
    rows = [OfferSlot(weekday=day, starts=starts, ends=ends) for day, starts, ends in slots]
    values = fields | {"half_days": keys_of(rows), "confirmed_on": on}
    if offer._state.adding:
        offer.provider = provider
        _fill(offer, values, provider, on)
        offer.save(force_insert=True)
    else:
        with edit(offer, by=by, seen=seen, fields=list(values), at=at):
            _fill(offer, values, provider, on)
    offer.slots.all().delete()
    offer.days.filter(day__gte=on).delete()
    for row in rows:
        row.offer = offer
    OfferSlot.objects.bulk_create(rows)
    OfferDay.objects.bulk_create(
        OfferDay(offer=offer, day=day, starts=starts, ends=ends) for day, starts, ends in days
    )


def _fill(offer, values, provider, on):
    for name, value in values.items():
        setattr(offer, name, value)
    if reasons := reasons_of_places(offer, provider, on):
        raise StepRefused(*reasons)
