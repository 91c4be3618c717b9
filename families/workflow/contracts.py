"""The life of a contract, whose verbs are all here: proposed, signed, in force, renewed, over."""

from django.db import transaction

from avip.workflow import StepRefused, moment
from families.models import AvipContract, ContractVersion, DeclarationLine, Placement
from families.places import release_holds
from families.signing import tell_parents_of_the_stop
from families.workflow.contract_steps import CONTRACT, PLACEMENT, VERSION, lock_with_referral, tell
from families.workflow.proposals import propose, renew
from families.workflow.signatures import sign

__all__ = [
    "CONTRACT",
    "PLACEMENT",
    "VERSION",
    "cancel",
    "end",
    "keep_place",
    "lapse",
    "propose",
    "renew",
    "sign",
    "terminate",
]

Contract, Version, Care = AvipContract.Status, ContractVersion.Status, Placement.Status


def cancel(contract, *, by, on, at=None):
    """Give up a contract not signed by all; the family keeps its place for another.

    A renewal given up after the contract it follows gives the place back.
    """
    _close("cancel", contract, by=by, on=on, at=at)


def lapse(contract, *, on, at=None):
    """Close a contract that was never fully signed in time; the place is free again."""
    _close("lapse", contract, by=None, on=on, at=at)


def _close(step, contract, *, by, on, at):
    with transaction.atomic():
        lock_with_referral(contract)
        version = contract.versions.filter(status__in=[Version.DRAFT, Version.TO_SIGN]).first()
        with CONTRACT.take(step, contract, by=by, on=on, at=at):
            pass
        if version:
            with VERSION.take("abandon", version, by=by, on=on, at=at):
                pass
            tell("contract_stopped", version, by=by, on=on, at=at)
        if step == "lapse" or contract.previous_id:
            _release_places(contract, at)


def end(contract, *, by=None, on, at=None):
    """The last day is past: the contract ends on its date, and its care unless kept."""
    with transaction.atomic():
        lock_with_referral(contract)
        with CONTRACT.take("end", contract, by=by, on=on, at=at):
            contract.ended_on = contract.end_on
        _end_placements(contract, contract.end_on, by=by, on=on, at=at)
        _release_places(contract, at)


def terminate(contract, *, by, on, reason, at=None):
    """A party stops the contract before its end, and says why; its renewal is cancelled."""
    with transaction.atomic():
        lock_with_referral(contract)
        with CONTRACT.take("terminate", contract, by=by, on=on, at=at, comment=reason):
            if not reason.strip():
                raise StepRefused("Dites pourquoi le contrat s’arrête.")
            contract.ended_on = on
            contract.end_reason = reason
        for following in contract.renewals.filter(status=Contract.TO_SIGN):
            _close("cancel", following, by=by, on=on, at=at)
        _end_placements(contract, on, by=by, on=on, at=at)
        _release_places(contract, at)
        version = contract.versions.get(status=Version.IN_FORCE)
        tell("contract_stopped", version, by=by, on=on, at=at)
        tell_parents_of_the_stop(version, at=at)


def keep_place(placement, *, by, on, until, at=None):
    """The place becomes permanent, until school: it goes on after the contract."""
    with transaction.atomic():
        lock_with_referral(placement.contract)
        with PLACEMENT.take("keep", placement, by=by, on=on, at=at):
            placement.end_on = until


def _end_placements(contract, last_day, *, by, on, at):
    never_begun = contract.placements.filter(status=Care.PLANNED, start_on__gt=last_day)
    # No day of care: neither a place taken nor a month to declare.
    DeclarationLine.objects.filter(placement__in=never_begun).delete()
    never_begun.delete()
    for placement in contract.placements.filter(status__in=[Care.PLANNED, Care.RUNNING]):
        with PLACEMENT.take("end", placement, by=by, on=on, at=at):
            placement.end_on = max(placement.start_on, min(last_day, placement.end_on))


def _release_places(contract, at):
    waiting = [Contract.TO_SIGN, Contract.ACTIVE]
    if contract.referral and not contract.referral.contracts.filter(status__in=waiting).exists():
        release_holds(contract.referral, moment(at))
