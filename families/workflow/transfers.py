"""A request passed on to another provider: the same need, and the time the family has waited."""

from django.core.exceptions import PermissionDenied
from django.db import transaction

from avip.workflow import moment
from families.counters import counter_of, has_place
from families.models import Referral
from families.permissions import dispatches, orients, runs_operator_of, validates
from families.recipients import people_who_answer
from families.workflow.referral_steps import REFERRAL, give_back, tell, tell_answer
from families.workflow.sending import depart
from partners.permissions import coordinates, is_caf_agent


def may_receive(by, referral, provider) -> bool:
    """The agency passes on to anybody; an operator, a coordinator, a counter among theirs."""
    if provider.pk == referral.provider_id:
        return False
    if orients(by, referral):
        return True
    if referral.status == Referral.Status.TO_DISPATCH:
        return dispatches(by, referral) and has_place(referral.counter, provider)
    if not provider.is_childminder:
        return runs_operator_of(by, provider)
    return coordinates(by, provider) or _given_by_who_stands_in(by, referral, provider)


def _given_by_who_stands_in(by, referral, provider):
    """A deputy chooses in the service it stands in for, the Caf among all its childminders."""
    if not referral.provider.is_childminder or not validates(by, referral):
        return False
    if is_caf_agent(by, provider):
        return True
    return provider.childminder.service_id == referral.provider.childminder.service_id


def transfer(referral, to_provider, *, by, on, at=None):
    """Pass the request on; the new one, linked to it, begins a delay of its own.

    What was held is given back, the agency and the family are told. Returns the new request.
    """
    with transaction.atomic():
        with REFERRAL.take("transfer", referral, by=by, on=on, at=at):
            if not may_receive(by, referral, to_provider):
                raise PermissionDenied
            spoken = _has_spoken(referral, to_provider, by)
            give_back(referral, "transfer", on, at)
            referral.answered_at = moment(at)
            tell_answer(referral, "transfer", on, at)
            people = [p for p in people_who_answer(referral.provider, on=on) if p != by]
            if people:
                tell("referral_closed", referral, "transfer", people, at)
        following = Referral(
            household=referral.household,
            provider=to_provider,
            agency=referral.agency,
            adviser=referral.adviser,
            caf=to_provider.caf,
            kind=referral.kind,
            is_urgent=referral.is_urgent,
            from_on=referral.from_on,
            message=referral.message,
            tariff_talked_on=referral.tariff_talked_on,
            transferred_from=referral,
        )
        if spoken:
            # The family hears of it with the step that passed it on.
            following.counter = referral.counter
            following.validated_at = following.told_at = moment(at)
        need = (
            list(referral.children.all()),
            [(slot.weekday, slot.starts, slot.ends) for slot in referral.slots.all()],
            [(row.day, row.starts, row.ends) for row in referral.days.all()],
        )
        return depart(following, need, origin="receive", by=by, on=on, at=at)


def _has_spoken(referral, to_provider, by):
    """The guichet unique of the new crèche has already addressed this request: not twice."""
    counter = counter_of(to_provider)
    if counter is None or counter.pk != referral.counter_id:
        return False
    return referral.validated_at is not None or dispatches(by, referral)


def first_sent_at(referral):
    """When the family first asked, through every provider that passed the request on."""
    while referral.transferred_from_id:
        referral = referral.transferred_from
    return referral.sent_at
