"""What the receiver answers: yes, other hours, the commission, the waiting list, no."""

from contextlib import contextmanager
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from avip.workflow import StepRefused, moment
from families.models import CounterSlot, Referral, ReferralSlot
from families.occasional import hold_asked, situation_of
from families.places import JUST_TAKEN, lock_provider, rules_of
from families.planning import reasons_of_week
from families.recipients import people_who_answer
from families.situations import Situation
from families.workflow.referral_steps import REFERRAL, give_back, tell, tell_answer
from families.workflow.sending import restart_delay
from labels.models.labels import labelled_providers
from labels.rules import RuleMissing
from partners.calendars import calendar_of


@contextmanager
def places_said():
    """A place that somebody else took, or a rule without a value, is a refusal in words."""
    try:
        yield
    except IntegrityError as error:
        if "hold_place_taken_once" not in str(error):
            raise
        raise StepRefused(JUST_TAKEN) from error
    except RuleMissing as missing:
        raise StepRefused(str(missing)) from missing


@contextmanager
def _answer(step, referral, *, by, on, at):
    """One answer: noted, then told to the adviser and to the family."""
    with REFERRAL.take(step, referral, by=by, on=on, at=at):
        yield
        referral.answered_at = moment(at)
        tell_answer(referral, step, on, at)


def accept(referral, *, by, on, first_appointment_at, contact_name, papers, at=None):
    """Keep a place for each child; final only when the family confirms.

    Raises StepRefused « Cette place vient d’être prise » when another referral took it first.
    """
    with places_said(), transaction.atomic():
        provider = lock_provider(referral.provider_id)
        with _answer("accept", referral, by=by, on=on, at=at):
            take_places(referral, provider, on)
            referral.first_appointment_at = first_appointment_at
            referral.contact_name = contact_name
            referral.papers = papers


def take_places(referral, provider, on):
    """Hold what is asked for, if the provider may still take a new family; `provider` is locked."""
    rules = rules_of(referral)
    held = referral.holds.filter(released_at=None).exists()
    if provider.is_childminder:
        reasons = situation_of(referral, on, provider=provider, rules=rules).reasons
    elif labelled_providers(on).filter(pk=provider.pk).exists():
        reasons = []
    else:
        reasons = [
            "La crèche ne porte plus le label : elle ne peut plus accueillir de nouvelle famille."
        ]
    if reasons:
        raise StepRefused(*reasons)
    # A childminder's place is held since her coordinator validated the situation.
    if not held:
        hold_asked(referral, provider, rules)


def refuse(referral, *, by, on, reason, text="", at=None):
    """Say no, with a reason from the list; `text` is for the adviser alone."""
    with _answer("refuse", referral, by=by, on=on, at=at):
        if reason not in Referral.RefusalReason:
            raise StepRefused("Choisissez la raison du refus.")
        referral.refusal_reason = reason
        referral.refusal_text = text
        give_back(referral, "refuse", on, at)


def put_on_waiting_list(referral, *, by, on, at=None):
    """Not now: the request stays alive and may be accepted later; nothing is held meanwhile."""
    with _answer("put_on_waiting_list", referral, by=by, on=on, at=at):
        give_back(referral, "put_on_waiting_list", on, at)


def shortlist(referral, *, by, on, commission_on, at=None):
    """The commission decides on its day: the delay of the answer begins after it."""
    with _answer("shortlist", referral, by=by, on=on, at=at):
        if commission_on < on:
            raise StepRefused("Cette commission est passée\xa0: choisissez la prochaine.")
        referral.commission_on = commission_on
        zone = ZoneInfo(calendar_of(referral.provider).time_zone)
        day_after = datetime.combine(commission_on + timedelta(days=1), time.min, zone)
        restart_delay(referral, day_after, on)


def propose_hours(referral, *, by, on, slots, from_on, contact_name, papers="", text="", at=None):
    """Offer other hours, (weekday, starts, ends), or another first day: the family says yes or no.

    Of a childminder, her coordinator proposes them, after the same checks as for any situation.
    """
    slots = [tuple(slot) for slot in slots]
    with places_said(), transaction.atomic():
        lock_provider(referral.provider_id)
        _propose_hours(referral, slots, from_on, contact_name, papers, text, by=by, on=on, at=at)


def _propose_hours(referral, slots, from_on, contact_name, papers, text, *, by, on, at):
    with _answer("propose_hours", referral, by=by, on=on, at=at):
        rows = [CounterSlot(referral=referral, weekday=d, starts=s, ends=e) for d, s, e in slots]
        reasons = reasons_of_week(slots)
        if from_on < on:
            reasons.append("Le premier jour proposé est passé.")
        if not reasons and referral.provider.is_childminder:
            reasons = Situation(referral, on, slots=rows, from_on=from_on).reasons
        if reasons:
            raise StepRefused(*reasons)
        give_back(referral, "propose_hours", on, at)
        referral.counter_slots.all().delete()
        CounterSlot.objects.bulk_create(rows)
        referral.counter_from_on = from_on
        referral.counter_text = text
        referral.contact_name = contact_name
        referral.papers = papers


def take_hours(referral, *, by, on, at=None):
    """The family wants these hours: they become what it asks for, and the places are held.

    The receiver has said yes beforehand: it is told, and the family confirms as for any place.
    """
    with places_said(), transaction.atomic():
        provider = lock_provider(referral.provider_id)
        with REFERRAL.take("take_hours", referral, by=by, on=on, at=at):
            referral.slots.all().delete()
            referral.dropped_days.all().delete()
            ReferralSlot.objects.bulk_create(
                ReferralSlot(
                    referral=referral, weekday=row.weekday, starts=row.starts, ends=row.ends
                )
                for row in referral.counter_slots.all()
            )
            referral.from_on = referral.counter_from_on
            take_places(referral, provider, on)
            referral.answered_at = referral.told_at = moment(at)
            people = people_who_answer(referral.provider, on=on)
            tell("referral_hours_taken", referral, "take_hours", people, at)
