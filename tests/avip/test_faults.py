"""When something dies: a real worker, a real broker, real servers, stopped, hung and killed."""

import os
import signal
import socketserver
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from email import message_from_bytes, message_from_string

import psycopg2
import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from avip import outbox
from avip.celery import app
from avip.local import CHECKOUT, servers
from avip.mail import Mail, send
from avip.models import Document, JobRun, Outbox
from avip.tasks import tick
from families.models import MonthlyDeclaration
from tests import factories as f
from tests.avip import worker as _handlers  # noqa: F401

pytestmark = [
    pytest.mark.faults,
    pytest.mark.xdist_group("servers"),
    pytest.mark.django_db(transaction=True),
]

PATIENCE = 60  # seconds, on a busy machine


def until(is_so, patience=PATIENCE):
    """Wait for something another process does."""
    deadline = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def test_database():
    """The address of the database of this very test."""
    url = os.environ["DATABASE_URL"]
    return url.replace("/avip?", f"/{connection.settings_dict['NAME']}?", 1)


test_database.__test__ = False


@contextmanager
def broker(folder):
    """A Valkey of the test's own, at which this process rings too."""
    with servers.valkey(folder) as server:
        before = app.conf.broker_url
        ring_at(server.url)
        try:
            yield server
        finally:
            ring_at(before)


def ring_at(url):
    app.pool.force_close_all()
    app.conf.broker_url = app.conf.broker_read_url = app.conf.broker_write_url = url
    app._pool = None
    app.amqp._producer_pool = None
    outbox.doorbell.rests_until = 0.0


@contextmanager
def worker(folder, broker_url, *options, database_url=None, **environment):
    """A worker like that of production, gone at the end; its log is in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    process = start_worker(folder, broker_url, *options, database_url=database_url, **environment)
    try:
        yield process
    finally:
        servers.stop(process)


def start_worker(folder, broker_url, *options, database_url=None, **environment):
    command = [sys.executable, "-m", "celery", "-A", "tests.avip.worker", "worker"]
    command += ["--concurrency", "1", "--loglevel", "INFO", *options]
    own = {
        "DATABASE_URL": database_url or test_database(),
        "REDIS_URL": broker_url,
        "DJANGO_SETTINGS_MODULE": "avip.settings",
        "EMAIL_URL": f"filemail:///{folder / 'mails'}",
        "AVIP_PRIVATE_DIR": str(folder),
        "AVIP_BEAT_FILE": str(folder / "beat"),
        "LOG_LEVEL": "INFO",
    }
    log = folder / "worker.log"
    process = servers.spawn(command, log=log, cwd=CHECKOUT, env=os.environ | own | environment)
    until(lambda: process.poll() is not None or "ready." in log.read_text())
    assert process.poll() is None, log.read_text()
    return process


def write(kind, key="a"):
    """Decide something whose effect this is; the doorbell rings at the commit."""
    with transaction.atomic():
        outbox.add(kind, f.make_caf(), key=key)
    return Outbox.objects.get(key=f"{kind}:{key}")


def done(row):
    return Outbox.objects.filter(pk=row.pk, done_at__isnull=False).exists()


def let_time_pass():
    """What waits for its next try may be tried now."""
    Outbox.objects.filter(done_at=None).update(next_try_at=timezone.now())


def traces(name):
    return Document.objects.filter(filename=name).count()


def test_an_effect_leaves_by_itself_right_after_the_commit(tmp_path, director):
    provider = director.memberships.get().provider
    month = MonthlyDeclaration.objects.create(
        provider=provider, caf=provider.caf, month="2026-10-01"
    )
    with broker(tmp_path / "valkey") as server, worker(tmp_path, server.url):
        row = write("tests.mark")
        until(lambda: done(row))
        # An idle worker stays connected: no complaint, and the next effect leaves as fast.
        time.sleep(3)
        with transaction.atomic():
            outbox.add("families.month_opened", month, key="a", recipient=director)
        until(lambda: done(Outbox.objects.get(kind="families.month_opened")))
        log = (tmp_path / "worker.log").read_text()
        assert "ERROR" not in log and "Traceback" not in log
    assert traces("tests.mark:a") == 1
    (mail,) = (tmp_path / "mails").iterdir()
    letter = message_from_bytes(mail.read_bytes())
    assert letter["To"] == director.email
    assert settings.BASE_URL in letter.get_payload(0).get_payload(decode=True).decode()


def test_two_machines_with_a_beat_each_do_everything_once(tmp_path):
    with transaction.atomic():  # nobody rings for what a night writes
        outbox.add_all("tests.mark", [(number, str(number), "") for number in range(20)])
    beat = {"TESTS_TICK_SECONDS": "1", "TESTS_JOB": "yes"}
    with (
        broker(tmp_path / "valkey") as server,
        worker(tmp_path / "one", server.url, "--beat", "-n", "one@%h", **beat),
        worker(tmp_path / "two", server.url, "--beat", "-n", "two@%h", **beat),
    ):
        until(lambda: traces("hourly") and not Outbox.objects.filter(done_at=None).exists())
        time.sleep(4)  # several ticks of both
    slots = JobRun.objects.filter(job="tests.hourly").count()  # two if the hour has just struck
    assert traces("hourly") == slots
    assert [traces(f"tests.mark:{number}") for number in range(20)] == [1] * 20


def test_with_valkey_down_the_page_works_and_the_effect_catches_up_at_the_tick(tmp_path):
    with broker(tmp_path / "valkey"):
        pass  # stopped: nothing answers at its address any more
    ring_at(servers.broker_url(tmp_path / "valkey" / "valkey.sock"))
    try:
        began = time.monotonic()
        rows = [write("tests.mark", str(number)) for number in range(5)]
        took = time.monotonic() - began
    finally:
        ring_at(os.environ["REDIS_URL"])
    assert took < 2
    assert not any(done(row) for row in rows)
    tick()
    assert all(done(row) for row in rows)


def test_a_valkey_that_hangs_holds_no_page_up(tmp_path):
    with broker(tmp_path / "valkey") as server:
        write("tests.mark", "connected")
        server.process.send_signal(signal.SIGSTOP)
        try:
            began = time.monotonic()
            rows = [write("tests.mark", str(number)) for number in range(5)]
            assert time.monotonic() - began < 3
            assert len(rows) == 5
        finally:
            server.process.send_signal(signal.SIGCONT)


def test_a_worker_finds_its_valkey_again(tmp_path):
    folder = tmp_path / "valkey"
    with broker(folder) as server:
        process = start_worker(tmp_path, server.url, "--beat", TESTS_TICK_SECONDS="1")
    try:
        row = write("tests.mark")  # nobody hears
        time.sleep(3)
        with broker(folder):
            until(lambda: done(row))
            assert process.poll() is None
            again = write("tests.mark", "b")
            until(lambda: done(again))
    finally:
        servers.stop(process)
    assert traces("tests.mark:a") == 1


def test_a_worker_killed_in_the_middle_leaves_nothing_half_done(tmp_path):
    with broker(tmp_path / "valkey") as server:
        with worker(tmp_path, server.url) as process:
            row = write("tests.held")
            until((tmp_path / "begun").exists)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        until(lambda: _nobody_holds(row))
        assert (done(row), traces("tests.held:a")) == (False, 0)
        (tmp_path / "go").touch()
        let_time_pass()
        with worker(tmp_path, server.url, "--beat", TESTS_TICK_SECONDS="1"):
            until(lambda: done(row))
            time.sleep(2)  # the message of the killed worker may come back as well
    row.refresh_from_db()
    assert (traces("tests.held:a"), row.tries) == (1, 2)


def _nobody_holds(row):
    """The database has noticed that the worker is gone."""
    with transaction.atomic():
        rows = Outbox.objects.filter(pk=row.pk).select_for_update(skip_locked=True)
        return rows.exists()


def test_an_effect_that_kills_its_worker_does_not_keep_the_others_from_leaving(tmp_path):
    with (
        broker(tmp_path / "valkey") as server,
        worker(tmp_path, server.url, "--beat", TESTS_TICK_SECONDS="1"),
    ):
        fatal = write("tests.fatal")
        until((tmp_path / "deaths").exists)
        others = [write("tests.mark", str(number)) for number in range(3)]
        until(lambda: all(done(row) for row in others))
        time.sleep(3)
    assert not done(fatal)
    # Once when it was rung for; its next try is for later, whatever the number of ticks.
    assert (tmp_path / "deaths").read_text() == "x"


def test_a_worker_survives_the_restart_of_its_database(tmp_path):
    folder = tmp_path / "postgres"
    insert = """
        INSERT INTO avip_outbox
            (id, kind, object_id, recipient_id, key, created_at, next_try_at, tries, error)
        VALUES (gen_random_uuid(), 'tests.mark', '1', '', %s, now(), now(), 0, '')
    """
    count = "SELECT count(*) FROM avip_document WHERE filename = %s"

    def query(url, sql, *args):
        host = url.partition("host=")[2].partition("&")[0].replace("%2F", "/")
        link = psycopg2.connect(host=host, port=5432, user="avip", dbname="avip")
        link.autocommit = True
        try:
            with link.cursor() as cursor:
                cursor.execute(sql, args)
                return cursor.fetchone()[0] if cursor.description else None
        finally:
            link.close()

    with broker(tmp_path / "valkey") as valkey:
        with servers.postgres(folder, durable=False) as database:
            url = database.url
            migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
            subprocess.run(
                migrate,
                cwd=CHECKOUT,
                env=os.environ | {"DATABASE_URL": url, "AVIP_STATEMENT_TIMEOUT": "5min"},
                check=True,
                capture_output=True,
            )
            process = start_worker(
                tmp_path, valkey.url, "--beat", database_url=url, TESTS_TICK_SECONDS="1"
            )
            try:
                query(url, insert, "before")
                until(lambda: query(url, count, "before") == 1)
            except BaseException:
                servers.stop(process)
                raise
        try:
            time.sleep(3)  # several ticks without a database
            assert process.poll() is None
            with servers.postgres(folder, durable=False):
                query(url, insert, "after")
                until(lambda: query(url, count, "after") == 1)
                assert process.poll() is None
        finally:
            servers.stop(process)
    servers.erase(folder)


# Mail.


class Letters(socketserver.StreamRequestHandler):
    """The few words of SMTP that a mail takes."""

    def handle(self):
        self.say("220 tests")
        while line := self.rfile.readline().decode().strip():
            match line.split()[0].upper():
                case "DATA":
                    self.say("354 go on")
                    lines = iter(lambda: self.rfile.readline().decode().rstrip("\r\n"), ".")
                    self.server.letters.append("\n".join(lines))
                    self.say("250 kept")
                case "QUIT":
                    return self.say("221 bye")
                case _:
                    self.say("250 yes")
        return None

    def say(self, text):
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def mail_server(port=0):
    server = socketserver.ThreadingTCPServer(("127.0.0.1", port), Letters, False)
    server.allow_reuse_address, server.letters = True, []
    server.server_bind()
    server.server_activate()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_with_the_mail_server_down_a_mail_waits_and_leaves_once_it_is_back(
    monkeypatch, settings, tmp_path
):
    with mail_server() as server:
        port = server.server_address[1]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 2
    letter = Mail("nadia@example.fr", "labels/email/test")
    monkeypatch.setattr("avip.mail.render_to_string", lambda template, context: "Bonjour")
    monkeypatch.setitem(outbox.HANDLERS, "tests.mail", lambda row: send(letter, key=row.key))
    ring_at(servers.broker_url(tmp_path / "nobody.sock"))
    try:
        row = write("tests.mail")
    finally:
        ring_at(os.environ["REDIS_URL"])
    tick()
    row.refresh_from_db()
    assert (row.done_at, row.tries, row.error) == (None, 1, "ConnectionRefusedError")
    with mail_server(port) as server:
        tick()
        assert server.letters == []  # not before its time
        let_time_pass()
        tick()
        tick()
    assert done(row)
    (received,) = server.letters
    assert message_from_string(received)["Message-ID"].endswith("@avip.invalid>")
