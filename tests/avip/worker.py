"""The project's own worker, with effects and a job that the tests of faults can watch and hold.

`celery -A tests.avip.worker worker`: everything else is as in production.
"""

import os
import signal
import time
from pathlib import Path

import django

django.setup()

from django.conf import settings  # noqa: E402

from avip import jobs, outbox  # noqa: E402
from avip.celery import app  # noqa: E402
from avip.models import Document  # noqa: E402

__all__ = ["app"]

# One second instead of sixty: the tests wait for a beat.
if tick_seconds := os.environ.get("TESTS_TICK_SECONDS"):
    app.conf.beat_schedule["tick"] |= {"schedule": float(tick_seconds)}


def flag(name) -> Path:
    """A file by which a test and its worker speak."""
    return Path(settings.PRIVATE_DIR) / name


@outbox.handler("tests.mark")
def mark(row):
    """Leave a trace in the database, in the transaction of the effect: two runs would leave two."""
    Document.objects.write(filename=row.key, data=b"done")


@outbox.handler("tests.held")
def hold(row):
    """Begin, say so, and go on when the test lets it."""
    flag("begun").write_text(str(os.getpid()))
    mark(row)
    deadline = time.monotonic() + 60
    while not flag("go").exists():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)


@outbox.handler("tests.fatal")
def die(row):
    """Take the worker along, each time."""
    with flag("deaths").open("a") as deaths:
        deaths.write("x")
    os.kill(os.getpid(), signal.SIGKILL)


if os.environ.get("TESTS_JOB"):

    @jobs.every("tests.hourly", minutes=60)
    def leave_a_trace(on):
        """One trace for each slot."""
        time.sleep(0.2)
        Document.objects.write(filename="hourly", data=b"done")
