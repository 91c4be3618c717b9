"""The guichet unique passes a request on, or keeps silent: reminder, then its Caf, then no answer.

It addresses a family elsewhere by `transfer`, and says no by `refuse`.
"""

from django.db import transaction

from avip.jobs import SCHEDULES
from avip.workflow import lock, moment
from families.counters import agents_beside, is_spent, people_of_counter
from families.models import Referral
from families.places import lock_provider
from families.workflow.referral_deadlines import expire
from families.workflow.referral_steps import REFERRAL, ask_receiver, tell, tell_answer
from families.workflow.sending import restart_delay

Status = Referral.Status


def dispatch(referral, *, by, on, at=None):
    """The request reaches the crèche, whose delay begins; the agency and the family are told."""
    with transaction.atomic():
        lock_provider(referral.provider_id)
        with REFERRAL.take("dispatch", referral, by=by, on=on, at=at):
            referral.validated_at = moment(at)
            restart_delay(referral, referral.validated_at, on)
            tell_answer(referral, "dispatch", on, at)
        ask_receiver(referral, "dispatch", on, at)


def expire_waiting(*, on, now) -> int:
    """Nobody passed it on in time: the adviser looks elsewhere; how many did."""
    late = _waiting().filter(answer_due_at__lt=now)
    for referral in late:
        expire(referral, on=on, at=now)
    return len(late)


def escalate_waiting(*, on, now) -> int:
    """Most of the delay is spent: the Caf may dispatch from now on."""
    fraction = SCHEDULES["referral_escalation_fraction"]
    return _signal("escalated_at", "referral_escalated", agents_beside, fraction, on, now)


def remind_waiting(*, on, now) -> int:
    """Half of the delay is spent: the counter is reminded, once."""
    fraction = SCHEDULES["referral_reminder_fraction"]
    return _signal("reminded_at", "referral_reminder", people_of_counter, fraction, on, now)


def _signal(field, kind, people_of, fraction, on, now):
    count = 0
    for referral in _waiting().filter(answer_due_at__gte=now, escalated_at=None):
        if getattr(referral, field) or not is_spent(referral, fraction, on, now):
            continue
        with transaction.atomic():
            lock(referral)
            if referral.status != Status.TO_DISPATCH or getattr(referral, field):
                continue
            Referral.objects.filter(pk=referral.pk).update(**{field: now})
            tell(kind, referral, field, people_of(referral, on=on), now)
            count += 1
    return count


def _waiting():
    rows = Referral.objects.filter(status=Status.TO_DISPATCH).order_by("pk")
    return rows.select_related("provider__caf", "provider__facility", "counter")
