"""The other requests of a family: without an object once a place is final, alive if it falls."""

from django.db import transaction
from django.db.models import Exists, OuterRef

from avip.workflow import StepRefused, moment
from families.models import AvipContract, Referral
from families.places import lock_provider
from families.recipients import people_who_answer
from families.workflow.referral_answers import places_said, take_places
from families.workflow.referral_steps import (
    NOT_FINAL,
    REFERRAL,
    ask_receiver,
    give_back,
    tell,
    tell_answer,
)
from families.workflow.sending import restart_delay
from labels.models.labels import labelled_providers

Status = Referral.Status
FINAL = (Status.CONFIRMED, Status.PLACED)
ASKED_AGAIN = {Status.TO_DISPATCH, Status.TO_VALIDATE, Status.SENT}


def lock_family(referral, *, statuses):
    """The requests of this family for the same children, locked by id, the given one included."""
    rows = Referral.objects.select_for_update(no_key=True).order_by("pk")
    rows = list(rows.filter(household=referral.household_id))
    mine = set(referral.children.values_list("pk", flat=True))
    return [
        row
        for row in rows
        if row.pk != referral.pk
        and row.status in statuses
        and mine & set(row.children.values_list("pk", flat=True))
    ]


def make_obsolete(siblings, *, on, at):
    """Another place is final: what these hold is given back, and their receivers are told."""
    for sibling in siblings:
        with REFERRAL.take("make_obsolete", sibling, by=None, on=on, at=at):
            give_back(sibling, "make_obsolete", on, at)
            people = people_who_answer(sibling.provider, on=on)
            tell("referral_closed", sibling, "make_obsolete", people, at)


def lock_providers_of_obsolete(referral):
    """Before any request is locked: a place taken back needs the provider of the sibling."""
    asked = Referral.objects.filter(household=referral.household_id, status=Status.OBSOLETE)
    for pk in sorted({referral.provider_id, *asked.values_list("provider", flat=True)}):
        lock_provider(pk)


def revive_all(referral, *, on, at=None) -> int:
    """This place has fallen: the requests it left without an object go on; how many did.

    `lock_providers_of_obsolete` has been called in this transaction.
    """
    siblings = lock_family(referral, statuses={Status.OBSOLETE})
    return sum(revive(sibling, on=on, at=at) for sibling in siblings)


def revive(sibling, *, on, at=None) -> bool:
    """Back to where it was, while no other place is final; an acceptance only if still free.

    Otherwise the receiver is asked again, with a new delay. False when it cannot go on: the first
    day is past, the label is lost, the family asked there again or has another place.
    """
    was = sibling.history.filter(target=Status.OBSOLETE).last().source
    if was not in NOT_FINAL or not _can_go_on(sibling, on):
        return False
    # What was held when it became without an object is held again, if it is still free.
    validated = sibling.provider.is_childminder and sibling.validated_at
    held_then = was == Status.ACCEPTED or (was == Status.SENT and validated)
    was_free = not held_then or _still_free(sibling, on)
    if not was_free:
        was = Status.TO_VALIDATE if validated else Status.SENT
    if was == Status.SHORTLISTED and sibling.commission_on < on:
        was = Status.SENT
    step = f"revive_{was}"
    with REFERRAL.take(step, sibling, by=None, on=on, at=at):
        if was in ASKED_AGAIN:
            restart_delay(sibling, moment(at), on, was)
        if was == Status.TO_VALIDATE:
            # The place or the hours went to another family: everything is looked at again.
            sibling.validated_at = None
            sibling.dropped_days.all().delete()
        sibling.told_at = None
    with transaction.atomic():
        if was in ASKED_AGAIN:
            ask_receiver(sibling, step, on, at)
        else:
            people = people_who_answer(sibling.provider, on=on)
            tell("referral_revived", sibling, step, people, at)
        tell_answer(sibling, step, on, at)
    return True


def revive_after_lapses(*, on, at=None) -> int:
    """A contract never signed lapsed: the other requests of the family go on; how many did."""
    fallen = Referral.objects.filter(
        _nothing_signed(),
        status=Status.CONFIRMED,
        household__referrals__status=Status.OBSOLETE,
        household__referrals__from_on__gte=on,
    ).distinct()
    revived = 0
    for referral in fallen.order_by("pk"):
        with transaction.atomic():
            lock_providers_of_obsolete(referral)
            revived += revive_all(referral, on=on, at=at)
    return revived


def _nothing_signed():
    """Confirmed, but its only contract was never signed in time: nothing is final there."""
    contracts = AvipContract.objects.filter(referral=OuterRef("pk"))
    return Exists(contracts.filter(status=AvipContract.Status.LAPSED)) & ~Exists(contracts.live())


def _still_free(sibling, on):
    try:
        with places_said(), transaction.atomic():
            take_places(sibling, sibling.provider, on)
    except StepRefused:
        return False
    return True


def _can_go_on(sibling, on):
    if sibling.from_on < on or not labelled_providers(on).filter(pk=sibling.provider_id).exists():
        return False
    others = Referral.objects.filter(household=sibling.household_id).exclude(pk=sibling.pk)
    if others.filter(provider=sibling.provider_id, status__in=Referral.OPEN).exists():
        return False
    final = others.filter(status__in=FINAL, kind=Referral.Kind.REGULAR).exclude(
        _nothing_signed(), status=Status.CONFIRMED
    )
    return not final.filter(children__in=sibling.children.all()).exists()
