"""Effects: written with their decision, carried out once, tried again, given up and shown."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from avip import outbox
from avip.jobs import SCHEDULES
from avip.models import Document, Outbox
from avip.outbox import Doorbell
from avip.tasks import deliver as deliver_task
from tests import factories as f

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch):
    """The time of the outbox, moved by hand."""

    class Clock:
        now = AT

        def pass_(self, **delta):
            self.now += timedelta(**delta)

    clock = Clock()
    monkeypatch.setattr(timezone, "now", lambda: clock.now)
    return clock


@pytest.fixture
def effect(monkeypatch):
    """An effect `tests.effect`: its runs are in `effect.runs`; `effect.fails` makes it fail."""

    class Effect:
        runs, fails = [], None

        def __call__(self, row):
            self.runs.append(row.key)
            if self.fails:
                raise self.fails

    effect = Effect()
    effect.runs = []
    monkeypatch.setitem(outbox.HANDLERS, "tests.effect", effect)
    return effect


@pytest.fixture
def rung(monkeypatch):
    """What rang at the workers' door."""
    calls = []
    # Another test may have left the door of a dead broker at rest.
    monkeypatch.setattr(outbox.doorbell, "rests_until", 0.0)
    monkeypatch.setattr(deliver_task, "apply_async", lambda args, **options: calls.append(args[0]))
    return calls


def add(key="a", **fields):
    with transaction.atomic():
        outbox.add("tests.effect", f.make_caf(), key=key, **fields)
    return Outbox.objects.get(key=f"tests.effect:{key}")


# Written with the decision.


def test_an_effect_names_its_object_its_recipient_and_its_business_key(effect, rung, director):
    row = add(recipient=director, at=AT)
    assert (row.object_id, row.recipient_id) == (str(f.make_caf().pk), str(director.pk))
    assert (row.created_at, row.next_try_at, row.tries, row.done_at) == (AT, AT, 0, None)


def test_the_same_key_twice_is_one_effect(effect, rung):
    add()
    add()
    assert Outbox.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_effect_without_a_transaction_is_refused(effect):
    with pytest.raises(RuntimeError, match="transaction"):
        outbox.add("tests.effect", f.make_caf(), key="a")
    with pytest.raises(RuntimeError, match="transaction"):
        outbox.add_all("tests.effect", [(1, "a", "")])
    assert not Outbox.objects.exists()


def test_an_effect_nobody_handles_is_refused_at_once():
    with pytest.raises(LookupError, match="nobody handles tests.unknown"), transaction.atomic():
        outbox.add("tests.unknown", f.make_caf(), key="a")


@pytest.mark.django_db(transaction=True)
def test_a_decision_rolled_back_takes_its_effect_with_it(effect, rung):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        outbox.add("tests.effect", f.make_caf(), key="a")
        raise ZeroDivisionError
    assert (Outbox.objects.count(), rung) == (0, [])


@pytest.mark.django_db(transaction=True)
def test_the_doorbell_rings_after_the_commit_and_not_before(effect, rung):
    with transaction.atomic():
        outbox.add("tests.effect", f.make_caf(), key="a")
        assert rung == []
    assert rung == [str(Outbox.objects.get().pk)]


@pytest.mark.django_db(transaction=True)
def test_a_night_writes_many_effects_without_ringing(effect, rung, django_assert_num_queries):
    caf = f.make_caf()
    rows = [(caf.pk, str(number), "") for number in range(50)]
    with django_assert_num_queries(3), transaction.atomic():  # with BEGIN and COMMIT
        outbox.add_all("tests.effect", rows, at=AT)
    with transaction.atomic():
        outbox.add_all("tests.effect", rows, at=AT)
    assert (Outbox.objects.count(), rung) == (50, [])


# The doorbell.


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_down_fails_neither_the_decision_nor_the_page(effect, monkeypatch):
    def broken(*args, **options):
        raise OSError("no broker")

    monkeypatch.setattr(deliver_task, "apply_async", broken)
    monkeypatch.setattr(outbox, "doorbell", Doorbell())
    add()
    assert outbox.deliver_due() == (1, 0)


def test_a_broker_that_does_not_answer_is_left_alone_for_a_while(monkeypatch):
    rings, bell = [], Doorbell()

    def broken(args, **options):
        rings.append(args[0])
        raise OSError("no broker")

    monkeypatch.setattr(deliver_task, "apply_async", broken)
    for row_id in ["a", "b", "c"]:
        bell.ring(row_id)
    assert rings == ["a"]
    bell.rests_until = 0.0  # half a minute later
    bell.ring("d")
    assert rings == ["a", "d"]


def test_a_silenced_doorbell_rings_again_afterwards(rung):
    bell = Doorbell()
    with bell.silenced():
        bell.ring("a")
    bell.ring("b")
    assert rung == ["b"]


# Carried out once.


def test_an_effect_carried_out_is_done_and_not_done_again(effect, rung, clock):
    row = add()
    assert outbox.deliver(row.pk)
    assert not outbox.deliver(row.pk)
    row.refresh_from_db()
    assert (row.done_at, row.tries, row.error) == (AT, 1, "")
    assert effect.runs == ["tests.effect:a"]


def test_an_effect_of_later_waits_for_its_moment(effect, rung, clock):
    row = add(at=AT + timedelta(hours=1))
    assert not outbox.deliver(row.pk)
    clock.pass_(hours=1)
    assert outbox.deliver(row.pk)


def test_a_row_that_is_gone_is_nothing():
    assert not outbox.deliver("00000000-0000-0000-0000-000000000000")


@pytest.mark.django_db(transaction=True)
def test_of_eight_workers_at_once_one_carries_it_out(effect, rung):
    row = add()

    def work(_):
        try:
            return outbox.deliver(row.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as workers:
        assert sum(workers.map(work, range(8))) == 1
    assert len(effect.runs) == 1


@pytest.mark.django_db(transaction=True)
def test_a_long_effect_is_not_begun_a_second_time(monkeypatch, rung):
    begun, go = threading.Event(), threading.Event()
    runs = []

    def slow(row):
        runs.append(row.key)
        begun.set()
        assert go.wait(20)

    monkeypatch.setitem(outbox.HANDLERS, "tests.effect", slow)
    row = add()

    def work():
        try:
            return outbox.deliver(row.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as worker:
        first = worker.submit(work)
        assert begun.wait(20)
        # However long it takes: even past its next try, another worker leaves it alone.
        later = timezone.now() + timedelta(hours=1)
        monkeypatch.setattr(timezone, "now", lambda: later)
        assert not outbox.deliver(row.pk)
        go.set()
        assert first.result(20)
    assert len(runs) == 1


@pytest.mark.django_db(transaction=True)
def test_the_try_is_counted_before_the_work_begins(monkeypatch, rung):
    """So that an effect that kills its worker waits like one that fails."""
    seen = []

    def look_from_outside(row):
        def look():
            try:
                return Outbox.objects.values_list("tries", "next_try_at").get(pk=row.pk)
            finally:
                connection.close()

        with ThreadPoolExecutor(1) as outside:
            seen.append(outside.submit(look).result(20))

    monkeypatch.setitem(outbox.HANDLERS, "tests.effect", look_from_outside)
    outbox.deliver(add().pk)
    ((tries, next_try_at),) = seen
    assert tries == 1
    assert next_try_at > timezone.now() + timedelta(seconds=30)


# Tried again, then given up.


def test_a_failure_is_kept_by_its_kind_and_not_by_its_words(effect, rung, clock, caplog):
    effect.fails = ValueError("l’enfant Awa Diallo")
    row = add()
    assert not outbox.deliver(row.pk)
    row.refresh_from_db()
    assert (row.error, row.tries, row.done_at) == ("ValueError", 1, None)
    assert "Awa" not in caplog.text


def test_a_failure_is_tried_again_after_longer_and_longer_waits(effect, rung, clock):
    effect.fails = OSError("no mail server")
    row = add()
    waits = []
    for _ in range(8):
        outbox.deliver(row.pk)
        row.refresh_from_db()
        waits.append((row.next_try_at - clock.now).seconds // 60)
        assert not outbox.deliver(row.pk)  # not before its time
        clock.now = row.next_try_at
    assert waits == [1, 2, 5, 15, 30, 60, 60, 60]
    effect.fails = None
    assert outbox.deliver(row.pk)
    row.refresh_from_db()
    assert (row.error, row.tries) == ("", 9)


def test_after_a_day_of_failures_it_is_given_up_and_shown(effect, rung, clock):
    effect.fails = OSError("no mail server")
    row = add()
    for _ in range(60):
        outbox.deliver_due()
        clock.pass_(minutes=30)
    row.refresh_from_db()
    assert row.given_up_at - AT <= timedelta(hours=SCHEDULES["outbox_retry_hours"] + 1)
    assert (row.done_at, row.error) == (None, "OSError")
    runs = len(effect.runs)
    outbox.deliver_due()
    assert len(effect.runs) == runs


def test_after_three_days_off_an_effect_has_its_tries(effect, rung, clock):
    row = add()
    clock.pass_(days=3)
    effect.fails = OSError("not yet")
    assert not outbox.deliver(row.pk)
    clock.pass_(minutes=1)
    effect.fails = None
    assert outbox.deliver(row.pk)


def test_a_handler_that_breaks_its_transaction_breaks_nothing_else(monkeypatch, rung):
    def breaks(row):
        Document.objects.write(filename="à moitié", data=b"")
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    monkeypatch.setitem(outbox.HANDLERS, "tests.effect", breaks)
    row = add()
    assert not outbox.deliver(row.pk)
    row.refresh_from_db()
    assert row.error == "DataError"
    assert not Document.objects.exists()


def test_a_kind_whose_handler_is_gone_waits_for_its_return(rung, monkeypatch, effect):
    row = add()
    monkeypatch.delitem(outbox.HANDLERS, "tests.effect")
    assert not outbox.deliver(row.pk)
    row.refresh_from_db()
    assert row.error == "KeyError"


# What is due.


def test_the_oldest_leave_first_and_one_that_fails_stops_nobody(monkeypatch, rung):
    runs = []

    def one_fails(row):
        runs.append(row.key[-1])
        if row.key.endswith("b"):
            raise OSError

    monkeypatch.setitem(outbox.HANDLERS, "tests.effect", one_fails)
    for hours, key in [(1, "c"), (3, "a"), (2, "b")]:
        add(key, at=timezone.now() - timedelta(hours=hours))
    assert outbox.deliver_due() == (2, 1)
    assert runs == ["a", "b", "c"]


def test_more_than_a_batch_leaves_in_one_tick(effect, rung):
    with transaction.atomic():
        outbox.add_all("tests.effect", [(1, str(number), "") for number in range(620)])
    assert outbox.deliver_due() == (620, 0)


def test_a_tick_gives_the_hand_back_when_its_time_is_over(effect, rung):
    add("a")
    add("b")
    assert outbox.deliver_due(seconds=0) == (0, 0)


def test_an_effect_cannot_be_both_done_and_given_up(effect, rung):
    add()
    with pytest.raises(DatabaseError), transaction.atomic():
        Outbox.objects.update(done_at=AT, given_up_at=AT)


def test_a_page_shows_the_effects_of_its_object_latest_first(effect, rung):
    old, new = add("a", at=AT), add("b", at=AT + timedelta(hours=1))
    Outbox.objects.create(kind="tests.effect", object_id="other", key="c")
    assert list(Outbox.objects.about(f.make_caf())) == [new, old]
