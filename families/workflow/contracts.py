"""The life of a contract, whose verbs are all here: proposed, signed, in force, renewed, over."""

from django.db import transaction
from django.db.models import Q

from avip.workflow import StepRefused
from families.models import AvipContract, ContractVersion, DeclarationLine, Placement
from families.places import lock_provider
from families.signing import tell_parents_of_the_stop
from families.workflow.contract_steps import CONTRACT, PLACEMENT, VERSION, lock_with_referral, tell
from families.workflow.endings import (
    hold_until,
    release_places,
    shorten,
    tell_parents_of_the_place,
)
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

WITH_THE_FIRST = "Le contrat précédent s’est arrêté avant sa fin."
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
            release_places(contract, at=at)


def end(contract, *, by=None, on, at=None):
    """The last day is past: the contract ends on its date, and its care unless kept."""
    with transaction.atomic():
        lock_with_referral(contract)
        with CONTRACT.take("end", contract, by=by, on=on, at=at):
            contract.ended_on = contract.end_on
        _abandon_revision(contract, by=by, on=on, at=at)
        _end_placements(contract, contract.end_on, by=by, on=on, at=at)
        release_places(contract, at=at)


def terminate(
    contract, *, by, on, reason="", stop_reason="", stopped_by="", last_day=None, at=None
):
    """A party stops the contract before its end, and says why; its renewal is stopped with it.

    `stop_reason` and `stopped_by` are categories, `reason` a sentence that the parties read.
    `last_day`: after a notice, care goes on until that day and its place is held until then.
    """
    with transaction.atomic():
        lock_with_referral(contract)
        said = reason.strip() or (AvipContract.StopReason(stop_reason).label if stop_reason else "")
        with CONTRACT.take("terminate", contract, by=by, on=on, at=at, comment=said):
            if not said:
                raise StepRefused("Dites pourquoi le contrat s’arrête.")
            last_day = last_day or on
            if not on <= last_day <= contract.end_on and last_day != on:
                raise StepRefused("Le dernier jour se choisit d’aujourd’hui à la fin du contrat.")
            contract.ended_on = last_day
            contract.end_reason = reason
            contract.stop_reason, contract.stopped_by = stop_reason, stopped_by
        _abandon_revision(contract, by=by, on=on, at=at)
        _stop_what_follows(contract, by=by, on=on, at=at)
        _end_placements(contract, last_day, by=by, on=on, at=at)
        release_places(contract, last_day=last_day if last_day > on else None, at=at)
        version = contract.versions.get(status=Version.IN_FORCE)
        tell("contract_stopped", version, by=by, on=on, at=at)
        tell_parents_of_the_stop(version, at=at)


def keep_place(placement, *, by, on, until, at=None):
    """The place becomes permanent, until school: it goes on after the contract, and is held.

    The family and its adviser are told. Raises StepRefused when the place was given to another.
    """
    with transaction.atomic():
        lock_provider(placement.provider_id)
        lock_with_referral(placement.contract)
        with PLACEMENT.take("keep", placement, by=by, on=on, at=at):
            if until <= on:
                raise StepRefused("L’enfant entre à l’école\xa0: il n’y a plus de place à garder.")
            hold_until(placement, until, on=on, at=at)
            placement.end_on = until
        version = placement.contract.versions.filter(status=Version.IN_FORCE).first()
        if version:
            tell("place_kept", version, by=by, on=on, at=at, of=placement)
            tell_parents_of_the_place(version, placement, at=at)


def _abandon_revision(contract, *, by, on, at):
    """A text that still waited for signatures has no object any more."""
    for version in contract.versions.filter(status__in=[Version.DRAFT, Version.TO_SIGN]):
        with VERSION.take("abandon", version, by=by, on=on, at=at):
            pass


def _stop_what_follows(contract, *, by, on, at):
    """A renewal not signed by all is cancelled; one already signed stops before its first day.

    The parties are told of the stop once, by the contract that runs.
    """
    not_begun = Q(status=Contract.ACTIVE, start_on__gt=on)
    for following in contract.renewals.filter(Q(status=Contract.TO_SIGN) | not_begun):
        if following.status == Contract.TO_SIGN:
            _close("cancel", following, by=by, on=on, at=at)
            continue
        _stop_what_follows(following, by=by, on=on, at=at)
        with CONTRACT.take("terminate", following, by=by, on=on, at=at, comment=WITH_THE_FIRST):
            following.ended_on = on
            following.end_reason = WITH_THE_FIRST
            following.stop_reason, following.stopped_by = contract.stop_reason, contract.stopped_by
        _abandon_revision(following, by=by, on=on, at=at)
        _end_placements(following, on, by=by, on=on, at=at)


def _end_placements(contract, last_day, *, by, on, at):
    never_begun = contract.placements.filter(status=Care.PLANNED, start_on__gt=last_day)
    # No day of care: neither a place taken nor a month to declare.
    DeclarationLine.objects.filter(placement__in=never_begun).delete()
    never_begun.delete()
    for placement in contract.placements.filter(status__in=[Care.PLANNED, Care.RUNNING]):
        if last_day > on:
            shorten(placement, last_day, by=by, at=at)
            continue
        with PLACEMENT.take("end", placement, by=by, on=on, at=at):
            placement.end_on = max(placement.start_on, min(last_day, placement.end_on))
