"""The half-days held for a contract follow its hours: more when they grow, else given back."""

from datetime import timedelta

from django.db import IntegrityError, transaction

from avip.workflow import StepRefused, moment
from families.models import AvipContract, ContractVersion, DroppedDay, ScheduleSlot
from families.models.places import NOON
from families.places import JUST_TAKEN, Period, hold_places, keys_of, reasons_of_place
from families.proposal import days_over_cap_later

Version = ContractVersion.Status


def hold_more(contract, slots, rules, *, first, ends, until):
    """Hold the half-days of these hours that are not held yet, from `first` on.

    The provider is locked. A contract taken over from paper came without a request: no place is
    held for it, and that of a childminder must be free. Raises StepRefused when one is taken.
    """
    referral = contract.referral
    if referral is None:
        children = list(contract.children.all())
        if taken := reasons_of_place(contract.provider, rules, slots, first, ends, children):
            raise StepRefused(*taken)
        return
    standing = referral.holds.filter(released_at=None, from_on__lte=first, until__gte=ends)
    held = {hold.key for hold in standing}
    missing = [slot for slot in _cut_at_noon(slots) if not held.issuperset(keys_of([slot]))]
    if not missing:
        return
    try:
        with transaction.atomic():
            period = Period(first, ends, max(ends, until))
            hold_places(referral, contract.provider, rules, slots=missing, period=period)
    except IntegrityError as error:
        if "hold_place_taken_once" not in str(error):
            raise
        raise StepRefused(JUST_TAKEN) from error


def give_up_later(contract, children, schedule, rules):
    """The days that a renewal of these hours would pass the cap with are given up beforehand.

    So what other families are promised stays true; the renewal is proposed without them.
    """
    if contract.referral is None:
        return
    DroppedDay.objects.bulk_create(
        [
            DroppedDay(referral=contract.referral, day=day)
            for day in days_over_cap_later(contract, children, schedule, rules)
        ],
        ignore_conflicts=True,
    )


def give_back(contract, *, from_on, at):
    """Free the half-days that no text of the chain and no adjustment needs from that day on."""
    referral = contract.referral
    if referral is None:
        return
    needed = _needed(referral, from_on)
    eve = from_on - timedelta(days=1)
    for hold in referral.holds.filter(released_at=None, until__gte=from_on):
        if hold.key in needed:
            continue
        fields = {"until": eve} if hold.from_on <= eve else {"released_at": moment(at)}
        referral.holds.filter(pk=hold.pk).update(**fields)


def _needed(referral, from_on):
    waiting = [AvipContract.Status.TO_SIGN, AvipContract.Status.ACTIVE]
    live = [Version.TO_SIGN, Version.IN_FORCE]
    needed = set()
    for contract in referral.contracts.filter(status__in=waiting):
        for version in contract.versions.filter(status__in=live).prefetch_related("slots"):
            needed.update(keys_of(version.slots.all()))
        for adjustment in contract.adjustments.filter(cancelled_at=None):
            if adjustment.until is None or adjustment.until >= from_on:
                needed.update(keys_of(adjustment.slots.all()))
    return needed


def _cut_at_noon(slots):
    """The same hours, one half-day at a time."""
    for slot in slots:
        if slot.starts < NOON < slot.ends:
            yield ScheduleSlot(weekday=slot.weekday, starts=slot.starts, ends=NOON)
            yield ScheduleSlot(weekday=slot.weekday, starts=NOON, ends=slot.ends)
        else:
            yield slot
