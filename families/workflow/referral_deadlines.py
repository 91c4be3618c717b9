"""The delay of an answer, in the receiver's opening hours: reminder, escalation, no answer."""

from django.db import transaction

from avip import outbox
from avip.jobs import SCHEDULES
from families.models import Referral
from families.recipients import (
    advisers_of_all,
    agents_of_all,
    coordinators_of_all,
    deputies_of_all,
    people_above_providers,
    people_of_providers,
)
from families.workflow.referral_steps import REFERRAL, UNANSWERED, give_back, tell_answer
from labels.rules import rules_for
from partners.calendars import calendar_of

Status = Referral.Status
BATCH = 500


def expire(referral, *, on, at=None):
    """Nobody answered in time: the adviser looks elsewhere."""
    with REFERRAL.take("expire", referral, by=None, on=on, at=at):
        give_back(referral, "expire", on, at)
        tell_answer(referral, "expire", on, at)


def expire_late(*, on, now) -> int:
    """Every request past its deadline stays without answer; each is told once. How many did."""
    late = Referral.objects.filter(status__in=UNANSWERED, answer_due_at__lt=now)
    return sum(_expire(batch, on, now) for batch in _in_batches(late))


def _expire(batch, on, now):
    with transaction.atomic():
        keys = [referral.pk for referral in batch]
        REFERRAL.take_all("expire", Referral.objects.filter(pk__in=keys), on=on, at=now)
        expired = Referral.objects.filter(pk__in=keys, status=Status.EXPIRED, edited_at=now)
        expired.update(told_at=None)
        done = list(expired)
        # A childminder's place was held since her coordinator's word.
        for referral in expired.filter(holds__released_at=None, holds__isnull=False).distinct():
            give_back(referral, "expire", on, now)
        _tell("referral_answered", "expire", done, advisers_of_all(done, on=on), now)
        _tell("referral_sms", "expire", done, {}, now)
        return len(done)


def pass_to_deputies(*, on, now) -> int:
    """A coordinator keeps silent: the service that stands in for hers may validate from now on."""
    silent = Referral.objects.filter(
        status=Status.TO_VALIDATE,
        deputy_at=None,
        provider__childminder__service__deputy__isnull=False,
    )
    return _signal("deputy_at", silent, SCHEDULES["referral_deputy_fraction"], on, now)


def escalate_silent(*, on, now) -> int:
    """Most of the delay is spent: colleagues, the operator, or the Caf instead of a coordinator."""
    silent = Referral.objects.filter(status__in=UNANSWERED, escalated_at=None)
    fraction = SCHEDULES["referral_escalation_fraction"]
    return _signal("escalated_at", silent, fraction, on, now)


def remind_silent(*, on, now) -> int:
    """Half of the delay is spent: who must answer is reminded, once."""
    silent = Referral.objects.filter(status__in=UNANSWERED, reminded_at=None, escalated_at=None)
    return _signal("reminded_at", silent, SCHEDULES["referral_reminder_fraction"], on, now)


KINDS = {
    "reminded_at": "referral_reminder",
    "deputy_at": "referral_deputy",
    "escalated_at": "referral_escalated",
}


def _signal(field, silent, fraction, on, now):
    count, hours_of = 0, {}
    for batch in _in_batches(silent.filter(answer_due_at__gte=now)):
        alone = _without_coordinator(batch, field, on)
        due = [
            row
            for row in batch
            if row.pk in alone or _is_due(row, field, fraction, hours_of, on, now)
        ]
        with transaction.atomic():
            rows = Referral.objects.filter(
                pk__in=[row.pk for row in due], status__in=UNANSWERED, **{field: None}
            )
            locked = set(rows.select_for_update(no_key=True).values_list("pk", flat=True))
            Referral.objects.filter(pk__in=locked).update(**{field: now})
            due = [row for row in due if row.pk in locked]
            _tell(KINDS[field], field, due, _people(due, field, on), now)
            count += len(due)
    return count


def _without_coordinator(batch, field, on):
    """Those that wait for a coordinator where nobody is left: the Caf does not wait."""
    if field == "reminded_at":
        return set()
    waiting = [row for row in batch if row.status == Status.TO_VALIDATE]
    left = coordinators_of_all([row.provider for row in waiting], on=on)
    return {row.pk for row in waiting if not left[row.provider_id]}


def _people(referrals, field, on):
    """Those who answer, first; a childminder hears of nothing her coordinator has not validated."""
    asked = [row for row in referrals if row.status != Status.TO_VALIDATE]
    people_asked = people_above_providers if field == "escalated_at" else people_of_providers
    of_asked = people_asked([row.provider for row in asked], on=on)
    waiting = [row for row in referrals if row.status == Status.TO_VALIDATE]
    of_waiting = VALIDATING[field]([row.provider for row in waiting], on=on)
    return {row.pk: of_asked[row.provider_id] for row in asked} | {
        row.pk: of_waiting[row.provider_id] for row in waiting
    }


# Who may validate a childminder's situation, as the delay runs.
VALIDATING = {
    "reminded_at": coordinators_of_all,
    "deputy_at": deputies_of_all,
    "escalated_at": agents_of_all,
}


def _is_due(referral, field, fraction, hours_of, on, now):
    """Whether this part of the delay is over: what is left of it, from now, ends past the deadline.

    Until the day after a commission no delay runs; that day, its members are reminded.
    """
    if referral.status == Status.SHORTLISTED and on <= referral.commission_on:
        return False
    if referral.status == Status.SHORTLISTED and field == "reminded_at":
        return True
    key = referral.caf_id, referral.is_urgent
    if key not in hours_of:
        rules = rules_for(referral.provider.caf, on)
        urgent, usual = rules.urgent_answer_hours, rules.referral_answer_hours
        hours_of[key] = urgent if referral.is_urgent else usual
    left = hours_of[key] * (1 - fraction)
    return calendar_of(referral.provider).add_opening_hours(now, left) >= referral.answer_due_at


def _tell(kind, step, referrals, people_of, at):
    """One effect per person, or one to the organisation when it has nobody."""
    outbox.add_all(
        f"families.{kind}",
        [
            (referral.pk, f"{referral.pk}:{step}:{referral.revision}:{person}", person)
            for referral in referrals
            for person in people_of.get(referral.pk) or [""]
        ],
        at=at,
    )


def _in_batches(referrals):
    """Rows by id, with what the delay is counted on, a few hundred at a time."""
    rows = referrals.select_related(
        "provider__caf", "provider__facility", "provider__childminder"
    ).prefetch_related("provider__opening_hours", "provider__closures")
    after = None
    while True:
        following = rows if after is None else rows.filter(pk__gt=after)
        batch = list(following.order_by("pk")[:BATCH])
        if not batch:
            return
        after = batch[-1].pk
        yield batch
