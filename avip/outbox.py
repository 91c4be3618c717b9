"""Effects are rows written with the decision; Celery is only the doorbell that makes them leave sooner."""

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from avip.jobs import SCHEDULES
from avip.models import Outbox

logger = logging.getLogger(__name__)

HANDLERS = {}


def handler(kind):
    """Register the function of one row that carries out this kind of effect; it must bear being run twice."""

    def register(function):
        HANDLERS[kind] = function
        return function

    return register


def add(kind, obj, *, key, recipient=None, at=None):
    """Write an effect to carry out once this transaction commits; the same `key` twice is one effect.

    Raises RuntimeError outside a transaction: an effect without its decision would be a lie.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("outbox.add() needs the transaction of the decision it announces")
    if kind not in HANDLERS:
        raise LookupError(f"nobody handles {kind}")
    moment = at or timezone.now()
    row = Outbox(
        kind=kind,
        object_id=str(obj.pk),
        recipient_id="" if recipient is None else str(recipient.pk),
        key=f"{kind}:{key}",
        created_at=moment,
        next_try_at=moment,
    )
    Outbox.objects.bulk_create([row], ignore_conflicts=True)
    ring(row.pk)


def ring(row_id):
    """Ask a worker to look at this row after the commit; a silent broker never fails the page."""

    def publish():
        from avip.tasks import deliver

        deliver.apply_async([str(row_id)], retry=False, ignore_result=True)

    transaction.on_commit(publish, robust=True)


def deliver(row_id):
    """Carry out one effect if it is still due and nobody else is at it; True when it was done."""
    with transaction.atomic():
        rows = Outbox.objects.due(timezone.now()).select_for_update(skip_locked=True)
        row = rows.filter(pk=row_id).first()
        if row is None:
            return False
        row.tries += 1
        try:
            with transaction.atomic():
                HANDLERS[row.kind](row)
        except Exception as error:
            # The message may quote what a person typed: its class and the row say enough.
            logger.warning("outbox %s (%s): %s", row.pk, row.kind, type(error).__name__)
            row.error = type(error).__name__
            _plan_next_try(row)
        else:
            row.done_at, row.error = timezone.now(), ""
        row.save(update_fields=["tries", "error", "done_at", "next_try_at", "given_up_at"])
        return row.done_at is not None


def deliver_due(limit=500):
    """Carry out what is due, oldest first: (done, failed)."""
    ids = Outbox.objects.due(timezone.now()).order_by("created_at").values_list("pk", flat=True)
    results = [deliver(row_id) for row_id in list(ids[:limit])]
    return results.count(True), results.count(False)


def _plan_next_try(row):
    now = timezone.now()
    if now - row.created_at >= timedelta(hours=SCHEDULES["outbox_retry_hours"]) and row.tries > 1:
        row.given_up_at = now
        return
    waits = SCHEDULES["outbox_retry_minutes"]
    row.next_try_at = now + timedelta(minutes=waits[min(row.tries, len(waits)) - 1])
