"""Places taken by accepted referrals: numbered ones of an offer, or the licensed capacity.

An offer that blocks no place (« ask us ») takes no number: the capacity decides there too.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from avip.templatetags.words import NBSP, fr_day
from avip.workflow import StepRefused
from families.care import live_contracts, to_sign_without_hold, waiting_texts
from families.models import Placement
from families.models.places import Hold, PlaceOffer, half_days
from families.schedules import exceptions_of, parts, schedule_of
from families.wording import say_half_days
from labels.rules import RuleSet, rules_for
from partners.calendars import age_in_months, end_after_months
from partners.models import Provider

JUST_TAKEN = "Cette place vient d’être prise."


@dataclass(frozen=True)
class Period:
    """The days of a place: of the contract that is sure, then of those that may follow it."""

    first: date
    ends: date
    until: date


def lock_provider(pk) -> Provider:
    """The provider and its offers, locked: its places are given one referral at a time.

    Before any other row: the order of the house is provider, offers, referral, contract.
    """
    Provider.objects.select_for_update(no_key=True).get(pk=pk)
    offers = PlaceOffer.objects.filter(provider=pk).order_by("pk")
    list(offers.select_for_update(no_key=True, of=("self",)))
    return Provider.objects.select_related("caf", "facility", "childminder").get(pk=pk)


def rules_of(referral) -> RuleSet:
    """The rules that judge a referral: those of the provider's Caf on the first day of care."""
    return rules_for(referral.caf, referral.from_on)


def last_hold_day(from_on: date, rules: RuleSet) -> date:
    """The last day of care if the contract is renewed as often as the rules allow."""
    months = rules.contract_duration_months * (1 + rules.contract_max_renewals)
    return end_after_months(from_on, months)


def period_asked(referral, rules: RuleSet) -> Period:
    """The days that a referral asks for."""
    first = referral.from_on
    ends = end_after_months(first, rules.contract_duration_months)
    return Period(first, ends, last_hold_day(first, rules))


def keys_of(slots) -> list[str]:
    """The half-days ("0-am") that a weekly need touches, in the order of the week."""
    return sorted(
        {f"{slot.weekday}-{half}" for slot in slots for half in half_days(slot.starts, slot.ends)}
    )


def hold_places(referral, provider, rules, slots=None, period=None) -> list[Hold]:
    """Take a place for each child on each half-day of the need; StepRefused if one is missing.

    `slots` and `period` are those of a contract when they are not what was asked for. `provider` is
    locked by `lock_provider` in this transaction.
    """
    children = list(referral.children.all())
    keys = keys_of(referral.slots.all() if slots is None else slots)
    period = period or period_asked(referral, rules)
    running = list(provider.offers.running_on(period.first))
    kept = [offer for offer in running if offer.is_blocked]
    if provider.is_childminder or not kept:
        _refuse_beyond_capacity(provider, rules, keys, period, children)
    if kept:
        try:
            return Hold.objects.bulk_create(_numbered(referral, kept, children, keys, period))
        except StepRefused:
            if len(kept) == len(running):
                raise
        # « Ask us » beside kept places: what they do not fit, the capacity decides.
        _refuse_beyond_capacity(provider, rules, keys, period, children)
    holds = [
        _hold(referral, child, key, period, offer=None, number=0)
        for child in children
        for key in keys
    ]
    return Hold.objects.bulk_create(holds)


def release_holds(referral, at):
    """Give back every place still held for this referral."""
    referral.holds.filter(released_at=None).update(released_at=at)


def release_holds_from(referral, day: date, at):
    """Give back what is held from this day on; the days before it stay held."""
    held = referral.holds.filter(released_at=None)
    held.filter(from_on__gte=day).update(released_at=at)
    held.filter(from_on__lt=day, until__gte=day).update(until=day - timedelta(days=1))


def peak(holds, from_on: date, until: date) -> int:
    """The most places taken on one same day of the period; a child takes one."""
    days = {from_on, *(h.from_on for h in holds if from_on < h.from_on <= until)}
    return max(len({h.child_id for h in holds if h.from_on <= day <= h.until}) for day in days)


def _fitting(offers, referral, period, children):
    """Of these offers, those that last the contract and take such ages, the one asked for first."""
    # A child who grows keeps its place: its age is that of the day it was asked for.
    ages = [age_in_months(child.birth_date, referral.from_on) for child in children]
    lasting = [offer for offer in offers if offer.until is None or offer.until >= period.ends]
    if not lasting:
        raise StepRefused(
            "Vos places offertes finissent avant la fin du contrat : prolongez-les, puis acceptez."
        )
    fitting = [
        offer
        for offer in lasting
        if offer.min_age_months <= min(ages)
        and (offer.max_age_months is None or max(ages) <= offer.max_age_months)
    ]
    if not fitting:
        raise StepRefused(
            "Aucune place offerte n’est prévue pour cet âge : "
            "modifiez vos places offertes, puis acceptez."
        )
    return sorted(
        fitting, key=lambda offer: (offer.pk != referral.offer_id, offer.from_on, offer.pk)
    )


def _offering(offers, referral, period, children, keys):
    """Those that fit, and take together every half-day asked for."""
    fitting = _fitting(offers, referral, period, children)
    missing = [key for key in keys if not any(offer.takes(key) for offer in fitting)]
    if missing:
        raise StepRefused(
            f"Vous n’offrez aucune place {say_half_days(missing)} : "
            "complétez vos places offertes, ou proposez d’autres horaires."
        )
    return fitting


def reasons_of_offers(offers, referral, period, children, keys) -> list[str]:
    """Why none of these offers that run on the first day takes this need; none may be described."""
    kept = [offer for offer in offers if offer.is_blocked]
    if not kept or len(kept) < len(offers):
        return []
    try:
        _offering(kept, referral, period, children, keys)
    except StepRefused as refusal:
        return list(refusal.reasons)
    return []


def _numbered(referral, offers, children, keys, period):
    """One numbered place per child for the whole week, else the first free on each half-day."""
    offers = _fitting(offers, referral, period, children)
    missing = [key for key in keys if not any(offer.takes(key) for offer in offers)]
    if missing:
        raise StepRefused(
            f"Vous n’offrez aucune place {say_half_days(missing)} : "
            "complétez vos places offertes, ou proposez d’autres horaires."
        )
    taken = {
        (hold.offer_id, hold.slot_number, hold.key)
        for hold in Hold.objects.standing(period.first, period.until).filter(offer__in=offers)
    }
    numbered = [(offer, number) for offer in offers for number in range(1, offer.places + 1)]
    # Numbers above the places of an offer since made smaller count as well.
    filled = Counter((offer_id, key) for offer_id, _, key in taken)

    def free(offer, number, key):
        has_room = filled[offer.pk, key] < offer.places
        return offer.takes(key) and has_room and (offer.pk, number, key) not in taken

    holds = []
    for child in children:
        whole_week = [place for place in numbered if all(free(*place, key) for key in keys)]
        for key in keys:
            place = next((p for p in [*whole_week[:1], *numbered] if free(*p, key)), None)
            if place is None:
                raise StepRefused(JUST_TAKEN)
            offer, number = place
            taken.add((offer.pk, number, key))
            filled[offer.pk, key] += 1
            holds.append(_hold(referral, child, key, period, offer=offer, number=number))
    return holds


def _hold(referral, child, key, period, *, offer, number):
    weekday, half = key.split("-")
    return Hold(
        referral=referral,
        child=child,
        provider_id=referral.provider_id,
        offer=offer,
        slot_number=number,
        weekday=int(weekday),
        half_day=half,
        from_on=period.first,
        # A place that ends earlier is held until then: the renewal will need another one.
        until=min(period.until, offer.until) if offer and offer.until else period.until,
    )


def _refuse_beyond_capacity(provider, rules, keys, period, children):
    limit = capacity_of(provider, rules)
    if limit is None:
        raise StepRefused(
            "La capacité autorisée n’est pas renseignée : demandez à votre Caf de la compléter."
        )
    room = limit - len(children)
    full = full_half_days(provider, keys, period.first, period.until, room, but_children=children)
    if full and not provider.is_childminder:
        raise StepRefused(JUST_TAKEN)
    if full:
        raise StepRefused(places_taken(provider, rules, full))


def capacity_of(provider: Provider, rules: RuleSet) -> int | None:
    """How many children at once: the licensed capacity, and for a childminder the rule as well."""
    if provider.is_childminder:
        return min(provider.childminder.licensed_places, rules.childminder_max_places)
    return provider.facility.licensed_capacity


def full_half_days(provider, keys, from_on, until, room, *, but=None, but_children=()) -> list[str]:
    """The half-days on which more than `room` places are held.

    `but` is a referral left out; `but_children` those who take one place however often held.
    """
    holds = held_at([provider], from_on, until, but=but, but_children=but_children)
    return [key for key in keys if peak(holds[provider.pk].get(key, []), from_on, until) > room]


def held_at(providers, from_on, until, *, but=None, but_children=()) -> dict:
    """By provider, the places taken in the period on each half-day: {id: {"0-am": [Hold]}}."""
    found = {provider.pk: {} for provider in providers}
    held = Hold.objects.standing(from_on, until).filter(provider__in=found)
    rows = list(held.exclude(referral=but).exclude(child__in=but_children))
    childminders = [provider.pk for provider in providers if provider.is_childminder]
    if childminders:
        rows += _held_without_request(childminders, from_on, until, but_children)
        rows += _particular_days(childminders, from_on, until, but, but_children)
    for hold in rows:
        found[hold.provider_id].setdefault(hold.key, []).append(hold)
    return found


def _held_without_request(ids, from_on, until, but_children):
    """The half-days of contracts signed on paper before the software, as holds not saved."""
    placements = (
        Placement.objects.during(from_on, until)
        .filter(provider__in=ids, contract__referral=None)
        .exclude(status=Placement.Status.ENDED)
        .select_related("contract")
        .prefetch_related(*parts("contract__"), waiting_texts("contract__"))
    )
    care = [
        (row.provider_id, row.child_id, slots, max(first, row.start_on), min(last, row.end_on))
        for row in placements
        for slots, first, last in _weeks_of(row.contract, row.end_on)
    ]
    for contract in to_sign_without_hold(ids, from_on, until):
        slots = [slot for version in contract.waiting_versions for slot in version.slots.all()]
        for child in contract.children.all():
            first, last = contract.start_on, contract.end_on
            care.append((contract.provider_id, child.pk, slots, first, last))
    left_out = {child.pk for child in but_children}
    return [
        Hold(
            provider_id=provider,
            child_id=child,
            weekday=int(key[0]),
            half_day=key[2:],
            from_on=first,
            until=last,
        )
        for provider, child, slots, first, last in care
        if child not in left_out and first <= last
        for key in keys_of(slots)
    ]


def _weeks_of(contract, last):
    """The weeks that this contract has, or may have once all sign, each between two days."""
    schedule = schedule_of([contract])
    yield schedule.slots, contract.start_on, last
    for first, until, slots in schedule.adjustments:
        yield slots, first, until or last
    for version in contract.waiting_versions:
        yield version.slots.all(), version.start_on, last


def _particular_days(ids, from_on, until, but, but_children):
    """The dates with care beside the week of a contract, signed or not, as holds of one day."""
    left_out = {child.pk for child in but_children}
    return [
        Hold(
            provider_id=contract.provider_id,
            child_id=child.pk,
            weekday=day.weekday(),
            half_day=half,
            from_on=day,
            until=day,
        )
        for contract in live_contracts(ids, from_on, until)
        if but is None or contract.referral_id != but.pk
        for dates in (
            schedule_of([contract]).exceptions,
            *(exceptions_of(version) for version in contract.waiting_versions),
        )
        for day, intervals in dates.items()
        if from_on <= day <= until
        for half in {half for interval in intervals for half in half_days(*interval)}
        for child in contract.children.all()
        if child.pk not in left_out
    ]


def reasons_of_place(provider, rules, schedule, first, last, children) -> list[str]:
    """Why a childminder has no place for these children in this week; none for a crèche."""
    if not provider.is_childminder:
        return []
    room = capacity_of(provider, rules) - len(children)
    full = full_half_days(provider, keys_of(schedule), first, last, room, but_children=children)
    return [places_taken(provider, rules, full)] if full else []


def reasons_of_particular_days(provider, rules, schedule, children) -> list[str]:
    """The dates of this contract on which a childminder already cares for other children."""
    dates = {day: intervals for day, intervals in schedule.exceptions.items() if intervals}
    if not provider.is_childminder or not dates:
        return []
    room = capacity_of(provider, rules) - len(children)
    held = held_at([provider], min(dates), max(dates), but_children=children)[provider.pk]
    reasons = []
    for day, intervals in sorted(dates.items()):
        halves = {half for interval in intervals for half in half_days(*interval)}
        taken = [peak(held.get(f"{day.weekday()}-{half}", []), day, day) for half in halves]
        if max(taken) > max(room, 0):
            reasons.append(
                f"Le {fr_day(day)}{NBSP}{day.year}, {provider.public_name} accueille déjà "
                f"une autre famille{NBSP}: choisissez un autre jour."
            )
    return reasons


def places_taken(provider, rules, full) -> str:
    """Why a childminder cannot take one more child on these half-days."""
    places = capacity_of(provider, rules)
    children = "un enfant" if places == 1 else f"{places} enfants"
    return (
        f"{provider.public_name} accueille déjà {children} "
        f"au titre du label {say_half_days(full)} : c’est le plus que permet "
        + ("son agrément." if places < rules.childminder_max_places else "la règle.")
    )
