"""A real browser on a real server: windows, the clock they share, the worker beside."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import sync_playwright

from avip import jobs, outbox
from tests.browser.walk import Browser

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def chromium():
    """One browser process for the tests of a file."""
    with pytest.MonkeyPatch.context() as environment:
        # Playwright keeps an event loop running in this thread, where the ORM would refuse to work.
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        with sync_playwright() as playwright:
            path = os.environ.get("AVIP_CHROMIUM") or CHROMIUM
            running = playwright.chromium.launch(executable_path=path, args=FLAGS)
            yield running
            running.close()


@pytest.fixture
def browser(chromium, live_server, settings, tmp_path):
    """Opens a window per person; in none may anything be blocked, broken or logged as an error."""
    settings.BASE_URL = live_server.url
    settings.PRIVATE_DIR = tmp_path
    opened = Browser(chromium, live_server.url)
    yield opened
    opened.close()
    assert not opened.problems, "\n".join(opened.problems)


class Clock:
    """What time it is for the whole application, until somebody moves it."""

    def __init__(self):
        self.moment = timezone.now()

    def __call__(self):
        return self.moment

    def reaches(self, year, month, day, hour=9, minute=0):
        """It is now this moment in Paris."""
        self.moment = timezone.make_aware(datetime(year, month, day, hour, minute))


@pytest.fixture
def clock(monkeypatch):
    """The application's clock, in the hand of the test."""
    hand = Clock()
    monkeypatch.setattr(timezone, "now", hand)
    return hand


class Worker:
    """What Celery's processes do, each time the story says that a minute passes."""

    def __init__(self):
        # A thread of its own: the seal runs an event loop, and this one has the browser's.
        self.thread = ThreadPoolExecutor(max_workers=1)

    def runs(self, function, *args):
        """The result of a function of the application, run as the worker runs it."""
        return self.thread.submit(self._run, function, args).result()

    def delivers(self):
        """Mails, SMS and documents that are due; every one must succeed."""
        done, failed = self.runs(outbox.deliver_due)
        assert not failed
        return done

    def ticks(self):
        """The nightly jobs, then what they wrote; the names of the jobs."""
        ran = self.runs(jobs.tick, timezone.now())
        assert set(ran) == set(jobs.JOBS)
        self.delivers()
        return ran

    @staticmethod
    def _run(function, args):
        try:
            return function(*args)
        finally:
            connection.close()


@pytest.fixture
def worker(live_server):
    """The worker beside the web server."""
    beside = Worker()
    yield beside
    beside.thread.shutdown()
