"""A family oriented to a provider, whose verbs are all here: sent, answered, confirmed, over."""

from django.core.exceptions import PermissionDenied
from django.db import transaction

from avip.templatetags.words import fr_day
from avip.workflow import StepRefused, edit, lock, moment
from families.care import need_of
from families.models import DroppedDay, Referral
from families.occasional import hold_asked
from families.permissions import orients
from families.places import last_hold_day, lock_provider, rules_of
from families.planning import planned_days
from families.recipients import people_who_answer
from families.workflow.dispatching import dispatch
from families.workflow.occasional import close_stay, confirm_hours
from families.workflow.referral_answers import (
    accept,
    places_said,
    propose_hours,
    put_on_waiting_list,
    refuse,
    shortlist,
    take_hours,
)
from families.workflow.referral_deadlines import expire
from families.workflow.referral_steps import (
    NOT_FINAL,
    REFERRAL,
    ask_receiver,
    give_back,
    tell,
)
from families.workflow.referral_steps import tell_family as write_to_family
from families.workflow.sending import restart_delay, send
from families.workflow.siblings import (
    lock_family,
    lock_providers_of_obsolete,
    make_obsolete,
    revive_all,
)
from families.workflow.transfers import transfer
from partners.calendars import calendar_of

__all__ = [
    "REFERRAL",
    "accept",
    "cancel",
    "close_stay",
    "confirm",
    "confirm_hours",
    "decline",
    "dispatch",
    "expire",
    "mark_placed",
    "propose_hours",
    "put_on_waiting_list",
    "refuse",
    "send",
    "shortlist",
    "take_hours",
    "tell_family",
    "transfer",
    "validate",
]

Status = Referral.Status
TARIFF = (
    "Avant de valider, parlez du tarif avec la famille et avec elle, et notez la date où "
    "il a été évoqué."
)


def validate(referral, *, by, on, tariff_talked_on=None, without=(), at=None):
    """The coordinator says that the need fits the place, which is held from now on for the family.

    The request reaches the childminder. `tariff_talked_on`: when the family and she heard of the
    tariff; `without`: the days of care given up so that their month fits under the cap.
    """
    with places_said(), transaction.atomic():
        provider = lock_provider(referral.provider_id)
        lock(referral)
        _give_up(referral, without)
        with REFERRAL.take("validate", referral, by=by, on=on, at=at):
            referral.tariff_talked_on = tariff_talked_on or referral.tariff_talked_on
            if referral.tariff_talked_on is None or referral.tariff_talked_on > on:
                raise StepRefused(TARIFF)
            hold_asked(referral, provider, rules_of(referral))
            referral.validated_at = moment(at)
            # Her own delay begins: the coordinator's answer does not spend it.
            restart_delay(referral, referral.validated_at, on)
        ask_receiver(referral, "validate", on, at)


def _give_up(referral, days):
    """Note the days without care; `validate` then judges the need without them."""
    last = last_hold_day(referral.from_on, rules_of(referral))
    calendar = calendar_of(referral.provider)
    planned = planned_days(need_of(referral), calendar, referral.from_on, last)
    if unknown := sorted(set(days) - set(planned)):
        raise StepRefused(f"Le {fr_day(unknown[0])} n’est pas un jour d’accueil demandé.")
    DroppedDay.objects.bulk_create(DroppedDay(referral=referral, day=day) for day in days)


def confirm(referral, *, by, on, how, at=None):
    """The family said yes to its adviser: the place is final, its other requests have no object."""
    with transaction.atomic():
        # Always by id: two confirmations of one household must not wait for each other.
        siblings = lock_family(referral, statuses=NOT_FINAL)
        with REFERRAL.take("confirm", referral, by=by, on=on, at=at):
            referral.confirmed_at = moment(at)
            referral.confirmed_how = how
            referral.told_at = referral.told_at or moment(at)
            people = people_who_answer(referral.provider, on=on)
            tell("referral_confirmed", referral, "confirm", people, at)
        # An interview tomorrow leaves the search for a lasting place as it is.
        regular = Referral.Kind.REGULAR
        if referral.kind == regular:
            make_obsolete([s for s in siblings if s.kind == regular], on=on, at=at)


def decline(referral, *, by, on, at=None):
    """The family says no to a place it was offered."""
    _fall("decline", referral, by=by, on=on, at=at)


def cancel(referral, *, by, on, at=None):
    """The adviser takes the request back."""
    _fall("cancel", referral, by=by, on=on, at=at)


def _fall(step, referral, *, by, on, at):
    """What was held is given back; once final, the other requests of the family go on."""
    with transaction.atomic():
        lock_providers_of_obsolete(referral)
        lock_family(referral, statuses=NOT_FINAL)
        with REFERRAL.take(step, referral, by=by, on=on, at=at):
            give_back(referral, step, on, at)
            people = people_who_answer(referral.provider, on=on)
            tell("referral_closed", referral, step, people, at)
            if step == "cancel":
                write_to_family(referral, step, at)
        if referral.confirmed_at:
            revive_all(referral, on=on, at=at)


def mark_placed(referral, *, on, at=None):
    """The contract is in force: what was asked for begins. A second contract changes nothing."""
    with transaction.atomic():
        lock(referral)
        if referral.status != Status.PLACED:
            with REFERRAL.take("place", referral, by=None, on=on, at=at):
                pass


def tell_family(referral, *, by, on, at=None):
    """The adviser has told the family what was answered."""
    if not orients(by, referral):
        raise PermissionDenied
    with edit(referral, by=by, seen=None, fields=["told_at"], at=at):
        referral.told_at = moment(at)
