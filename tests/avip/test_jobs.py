"""One tick a minute: what is due and not done runs, once, however many beats or days off."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from avip import jobs
from avip.models import JobRun
from avip.tasks import tick as tick_task

pytestmark = pytest.mark.django_db

PARIS = ZoneInfo("Europe/Paris")


def paris(*args):
    return datetime(*args, tzinfo=PARIS)


NOON = paris(2026, 3, 2, 12)


@pytest.fixture
def ran(monkeypatch):
    """Jobs of the tests alone; the (name, day) of each run."""
    monkeypatch.setattr(jobs, "JOBS", {})
    runs = []

    @jobs.daily("nightly", at=time(6))
    def nightly(on):
        runs.append(("nightly", on))
        return "3 faits"

    return runs


def test_a_job_runs_once_for_each_slot_and_says_what_it_did(ran):
    assert jobs.tick(NOON) == ["nightly"]
    assert jobs.tick(NOON + timedelta(minutes=1)) == []
    assert jobs.tick(NOON + timedelta(days=1)) == ["nightly"]
    assert ran == [("nightly", date(2026, 3, 2)), ("nightly", date(2026, 3, 3))]
    run = JobRun.objects.order_by("slot").first()
    assert (run.slot, run.result, run.error) == (paris(2026, 3, 2, 6), "3 faits", "")


def test_before_its_hour_the_slot_is_that_of_the_day_before(ran):
    assert jobs.tick(paris(2026, 3, 2, 5, 59)) == ["nightly"]
    assert JobRun.objects.get().slot == paris(2026, 3, 1, 6)
    assert jobs.tick(paris(2026, 3, 2, 6)) == ["nightly"]


def test_after_three_days_off_a_job_runs_once_with_the_day_it_is(ran):
    jobs.tick(NOON)
    assert jobs.tick(NOON + timedelta(days=3)) == ["nightly"]
    assert jobs.tick(NOON + timedelta(days=3, hours=1)) == []
    assert ran[-1] == ("nightly", date(2026, 3, 5))


def test_the_day_is_that_of_paris(ran):
    jobs.tick(datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
    assert ran == [("nightly", date(2026, 7, 2))]


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])  # the clocks change
def test_the_hour_is_that_of_the_wall_when_the_clocks_change(ran, day):
    early = paris(day.year, day.month, day.day, 5, 30)
    jobs.tick(early)
    assert JobRun.objects.get().slot == paris(day.year, day.month, day.day - 1, 6)
    jobs.tick(early + timedelta(hours=1))
    assert JobRun.objects.filter(slot=paris(day.year, day.month, day.day, 6)).exists()


def test_every_quarter_of_an_hour_has_its_slot(monkeypatch):
    monkeypatch.setattr(jobs, "JOBS", {})
    runs = []
    jobs.every("often", minutes=15)(lambda on: runs.append(on))
    for minute in [0, 1, 14, 15, 29, 44, 45, 59]:
        jobs.tick(paris(2026, 3, 2, 12, minute))
    assert len(runs) == 4


def test_a_job_that_fails_is_tried_at_the_next_tick_and_stops_no_other(ran):
    broken = [True]

    @jobs.daily("broken")
    def fails(on):
        if broken:
            raise ValueError("l’enfant Awa Diallo")

    jobs.daily("last")(lambda on: ran.append(("last", on)))
    assert jobs.tick(NOON) == ["nightly", "last"]
    run = JobRun.objects.get(job="broken")
    assert (run.error, run.done_at) == ("ValueError", None)
    broken.clear()
    assert jobs.tick(NOON + timedelta(minutes=1)) == ["broken"]
    run.refresh_from_db()
    assert run.error == "" and run.done_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_job_that_breaks_its_statement_stops_no_other(ran):
    @jobs.daily("broken")
    def breaks(on):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    jobs.daily("last")(lambda on: ran.append(("last", on)))
    assert jobs.tick(NOON) == ["nightly", "last"]
    assert JobRun.objects.get(job="broken").error == "DataError"


@pytest.mark.django_db(transaction=True)
def test_of_eight_ticks_at_once_one_runs_the_jobs(ran):
    def tick(_):
        try:
            return jobs.tick(NOON)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as beats:
        results = list(beats.map(tick, range(8)))
    assert sum(results, []) == ["nightly"]
    assert len(ran) == 1


@pytest.mark.django_db(transaction=True)
def test_a_tick_that_crashed_leaves_the_door_open(ran, monkeypatch):
    with pytest.raises(KeyboardInterrupt), jobs.single_tick() as mine:
        assert mine
        raise KeyboardInterrupt
    assert jobs.tick(NOON) == ["nightly"]


def test_two_runs_of_one_slot_are_refused_by_the_database():
    JobRun.objects.create(job="a", slot=NOON)
    with pytest.raises(DatabaseError):
        JobRun.objects.create(job="a", slot=NOON)


@pytest.mark.parametrize("name", sorted(jobs.JOBS))
def test_every_job_bears_an_empty_database_twice(name):
    _, job = jobs.JOBS[name]
    job(timezone.localdate())
    job(timezone.localdate())


def test_the_tick_carries_out_what_the_jobs_have_just_written(ran, monkeypatch):
    from django.db import transaction

    from avip import outbox

    sent = []
    monkeypatch.setitem(outbox.HANDLERS, "tests.effect", lambda row: sent.append(row.key))

    @jobs.daily("writes")
    def writes(on):
        with transaction.atomic():
            outbox.add_all("tests.effect", [(1, "a", "")])

    tick_task()
    tick_task()
    assert sent == ["tests.effect:a"]
