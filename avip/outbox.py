"""Effects are rows written with the decision; Celery is the doorbell that hastens them."""

import logging
import math
import time
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from avip.jobs import SCHEDULES
from avip.models import Outbox

logger = logging.getLogger(__name__)

HANDLERS = {}


def handler(kind):
    """Register the function of one row that carries out this effect; it must bear a second run."""

    def register(function):
        HANDLERS[kind] = function
        return function

    return register


def add(kind, obj, *, key, recipient=None, at=None):
    """Write an effect to carry out once this transaction commits; the same `key` is one effect.

    Raises RuntimeError outside a transaction: an effect without its decision would be a lie.
    """
    row = _row(kind, obj.pk, key, recipient.pk if recipient else "", at)
    _write([row])
    ring(row.pk)


def add_all(kind, effects, *, at=None):
    """Write many effects at once, `effects` being (object id, key, recipient id or "").

    For nightly work: nobody rings, the tick that runs the job carries them out after it.
    """
    _write([_row(kind, pk, key, recipient, at) for pk, key, recipient in effects])


def _write(rows):
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("outbox.add() needs the transaction of the decision it announces")
    Outbox.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)


def _row(kind, object_id, key, recipient_id, at):
    if kind not in HANDLERS:
        raise LookupError(f"nobody handles {kind}")
    moment = at or timezone.now()
    return Outbox(
        kind=kind,
        object_id=str(object_id),
        recipient_id=str(recipient_id),
        key=f"{kind}:{key}",
        created_at=moment,
        next_try_at=moment,
    )


class Doorbell:
    """Wakes a worker up; one that does not answer is left alone for a while: no page waits."""

    REST_SECONDS = 30

    def __init__(self):
        self.rests_until = 0.0

    def ring(self, row_id):
        """Ask a worker to look at this row now; raises nothing when nobody hears."""
        from avip.tasks import deliver

        if time.monotonic() < self.rests_until:
            return
        try:
            deliver.apply_async([str(row_id)], retry=False, ignore_result=True)
        except Exception as error:
            self.rests_until = time.monotonic() + self.REST_SECONDS
            logger.warning("doorbell: %s", type(error).__name__)

    @contextmanager
    def silenced(self):
        """Ring for nothing written meanwhile: for imports, whose effects the tick will see."""
        self.rests_until = math.inf
        try:
            yield
        finally:
            self.rests_until = 0.0


doorbell = Doorbell()


def ring(row_id):
    """Ask a worker to look at this row after the commit; a silent broker never fails the page."""
    transaction.on_commit(lambda: doorbell.ring(row_id), robust=True)


def deliver(row_id):
    """Carry out one effect if it is due and nobody else is at it; True when it was done."""
    if not _claim(row_id):
        return False
    with transaction.atomic():
        rows = Outbox.objects.filter(done_at=None, given_up_at=None)
        row = rows.select_for_update(skip_locked=True).filter(pk=row_id).first()
        if row is None:
            return False
        try:
            with transaction.atomic():
                HANDLERS[row.kind](row)
        except Exception as error:
            # The message may quote what a person typed: its class and the row say enough.
            logger.warning("outbox %s (%s): %s", row.pk, row.kind, type(error).__name__)
            row.error = type(error).__name__
        else:
            row.done_at, row.error = timezone.now(), ""
        row.save(update_fields=["error", "done_at"])
        return row.done_at is not None


def deliver_due(seconds=45):
    """Carry out what is due, oldest first, for about so long: (done, not done)."""
    ends_at = time.monotonic() + seconds
    done = failed = 0
    while time.monotonic() < ends_at:
        due = Outbox.objects.due(timezone.now()).order_by("created_at")
        ids = list(due.values_list("pk", flat=True)[:500])
        before = done
        for row_id in ids:
            if deliver(row_id):
                done += 1
            else:
                failed += 1
            if time.monotonic() > ends_at:
                break
        if done == before:
            break
    return done, failed


def _claim(row_id):
    """Count the try and plan the next one, for good, before the work begins.

    So an effect that kills its worker waits its turn like one that fails, instead of killing the
    next worker at once; after a day of tries it is given up, and shown.
    """
    now = timezone.now()
    with transaction.atomic():
        rows = Outbox.objects.due(now).select_for_update(skip_locked=True)
        row = rows.filter(pk=row_id).first()
        if row is None:
            return False
        age = now - row.created_at
        if row.tries > 1 and age >= timedelta(hours=SCHEDULES["outbox_retry_hours"]):
            row.given_up_at, row.error = now, row.error or "Interrupted"
        else:
            row.tries += 1
            waits = SCHEDULES["outbox_retry_minutes"]
            row.next_try_at = now + timedelta(minutes=waits[min(row.tries, len(waits)) - 1])
        row.save(update_fields=["tries", "next_try_at", "given_up_at", "error"])
        return row.given_up_at is None
