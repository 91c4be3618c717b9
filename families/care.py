"""The care planned at a provider: what is held, signed, or waits for signatures, as schedules."""

from dataclasses import dataclass, replace
from datetime import date

from django.db.models import Prefetch

from families.models import AvipContract, ContractVersion, Hold, Placement, Referral
from families.planning import Schedule
from families.schedules import exceptions_of, followed_by, parts, schedule_of
from partners.calendars import days

Contract, Version = AvipContract.Status, ContractVersion.Status


@dataclass(frozen=True)
class Care:
    """Hours given or asked for: a weekly schedule over a period, for some children."""

    slots: list  # or a Schedule
    first: date
    last: date
    children: int
    # A text that waits for signatures, which may come on any day or be given up.
    pending: tuple = ()

    @property
    def schedules(self) -> list:
        return [self.slots, *self.pending]


def need_of(referral) -> Schedule:
    """What a family asks for: a week without the days given up, or the dates of an occasional
    stay and no other.
    """
    slots = list(referral.slots.all())
    if referral.kind == Referral.Kind.REGULAR:
        return Schedule(slots, {row.day: [] for row in referral.dropped_days.all()})
    rows = list(referral.days.all())
    dates = {row.day for row in rows}
    exceptions = {day: [] for day in days(min(dates), max(dates))} if dates else {}
    for row in rows:
        exceptions[row.day].append((row.starts, row.ends))
    return Schedule(slots, exceptions)


def other_care(
    providers, first: date, last: date, *, but=None, but_contract=None
) -> dict[object, list[Care]]:
    """By provider, the care planned in the period: held places, and care without a hold.

    A contract in force replaces the need that the referral stated; what waits for signatures
    counts beside it. `but` is a referral left out, `but_contract` a contract without a referral.
    """
    ids = [provider.pk for provider in providers]
    found = {pk: [] for pk in ids}
    held = Hold.objects.standing(first, last).filter(provider__in=ids).exclude(referral=but)
    for referral in _referrals(held):
        if referral.holds.all():  # given back since the row was read
            found[referral.provider_id].append(_care_of(referral))
    for care, provider_id in _care_without_hold(ids, held, first, last, but, but_contract):
        found[provider_id].append(care)
    stays = Referral.objects.filter(
        provider__in=ids, status=Referral.Status.STAYED, days__day__range=(first, last)
    )
    for stay in stays.distinct().prefetch_related("slots", "days", "children"):
        dates = [row.day for row in stay.days.all()]
        care = Care(need_of(stay), min(dates), max(dates), len(stay.children.all()))
        found[stay.provider_id].append(care)
    return found


def _referrals(held):
    return Referral.objects.filter(pk__in=held.values("referral")).prefetch_related(
        "slots",
        "days",
        "dropped_days",
        Prefetch("holds", queryset=held),
        "contracts__placements",
        *parts("contracts__"),
        waiting_texts("contracts__"),
    )


def waiting_texts(to="") -> Prefetch:
    """What to prefetch, from contracts reached by `to`, before `waiting_versions`."""
    versions = ContractVersion.objects.filter(
        status=Version.TO_SIGN, contract__status__in=[Contract.TO_SIGN, Contract.ACTIVE]
    )
    return Prefetch(
        f"{to}versions",
        queryset=versions.defer("html").prefetch_related("slots", "exceptions"),
        to_attr="waiting_versions",
    )


def _care_of(referral):
    holds, contracts = referral.holds.all(), list(referral.contracts.all())
    given_up = {row.day: [] for row in referral.dropped_days.all()}
    current = schedule_of(contracts)
    ends = [version.end_on for contract in contracts for version in contract.signed_versions]
    base = after(current, given_up, max(ends)) if current else need_of(referral)
    pending = tuple(
        after(schedule, given_up, version.end_on)
        for schedule, version in _pending(current, contracts)
    )
    last = max(hold.until for hold in holds)
    kept = Placement.Status.KEPT
    # A place kept after the label’s contract stays taken; its hours are the family’s own.
    if any(place.status == kept for one in contracts for place in one.placements.all()):
        last = min(last, max(_last_day(contract) for contract in contracts))
    return Care(
        base, min(h.from_on for h in holds), last, len({h.child_id for h in holds}), pending
    )


def after(schedule: Schedule, given_up: dict, end_on: date) -> Schedule:
    """This schedule, without the days given up that come after the last signed one."""
    later = {day: hours for day, hours in given_up.items() if day > end_on}
    return replace(schedule, exceptions=schedule.exceptions | later)


def _pending(current, contracts):
    for contract in contracts:
        for version in contract.waiting_versions:
            text = Schedule(list(version.slots.all()), exceptions_of(version))
            whole = followed_by(current, text, version.start_on) if current else text
            yield whole, version


def _last_day(contract):
    return contract.ended_on or contract.end_on


def _care_without_hold(ids, held, first, last, but, but_contract):
    """Contracts taken over from paper, care that has ended, renewals of those to be signed."""
    placements = (
        Placement.objects.during(first, last)
        .filter(provider__in=ids)
        .exclude(contract__referral__in=held.values("referral"))
        .exclude(contract=but_contract and but_contract.pk)
        .select_related("contract")
        .prefetch_related(*parts("contract__"), waiting_texts("contract__"))
    )
    if but:
        placements = placements.exclude(contract__referral=but)
    for placement in placements:
        contract = placement.contract
        schedule = schedule_of([contract])
        if not schedule:
            continue
        pending = tuple(whole for whole, _ in _pending(schedule, [contract]))
        last_day = placement.end_on
        if placement.status == Placement.Status.KEPT:
            last_day = min(last_day, _last_day(contract))
        yield Care(schedule, placement.start_on, last_day, 1, pending), placement.provider_id
    for contract in to_sign_without_hold(ids, first, last, but_contract):
        for whole, _ in _pending(None, [contract]):
            children = len(contract.children.all())
            yield Care(whole, contract.start_on, contract.end_on, children), contract.provider_id


def live_contracts(ids, first, last):
    """Contracts of these providers that run or wait for signatures, with every text of theirs."""
    return AvipContract.objects.filter(
        provider__in=ids,
        status__in=[Contract.TO_SIGN, Contract.ACTIVE],
        start_on__lte=last,
        end_on__gte=first,
    ).prefetch_related("children", *parts(), waiting_texts())


def to_sign_without_hold(ids, first, last, but_contract=None):
    """Renewals of contracts taken over from paper that wait for signatures: nothing is held."""
    return (
        AvipContract.objects.filter(
            provider__in=ids,
            referral=None,
            status=Contract.TO_SIGN,
            start_on__lte=last,
            end_on__gte=first,
        )
        .exclude(pk=but_contract and but_contract.pk)
        .prefetch_related("children", waiting_texts())
    )
