import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import environ
import psycopg2
import pytest
from kombu import Connection

from avip.local import CHECKOUT, LocalError, run, seat, servers, system

LONG_AND_SPACED = "un dossier de la mairie/" + "très-long-" * 12


def test_a_database_url_keeps_capitals_spaces_and_accents():
    sockets = Path("/Home/Mon Dossier/été")
    parsed = environ.Env.db_url_config(servers.database_url(sockets))
    assert parsed["OPTIONS"] == {"host": str(sockets), "port": 5432}
    assert (parsed["NAME"], parsed["USER"], parsed["HOST"]) == ("avip", "avip", "")


def test_a_short_path_holds_its_own_sockets(tmp_path):
    folder = Path("/tmp/avip court")
    assert seat.socket_folder(folder, "valkey.sock") == folder


@pytest.mark.parametrize("name", ["d" * 120, "virgule,apostrophe’s"])
def test_a_path_no_socket_can_have_gets_a_private_folder(tmp_path, name):
    sockets = seat.socket_folder(tmp_path / name, "valkey.sock")
    assert sockets.parent == Path("/tmp")
    assert sockets.stat().st_mode & 0o077 == 0
    assert seat.socket_folder(tmp_path / name, "valkey.sock") == sockets
    sockets.rmdir()


def test_a_private_folder_open_to_others_is_refused(tmp_path):
    sockets = seat.socket_folder(tmp_path / ("d" * 120), "valkey.sock")
    sockets.chmod(0o777)
    with pytest.raises(LocalError, match="autre compte"):
        seat.socket_folder(tmp_path / ("d" * 120), "valkey.sock")
    sockets.rmdir()


def test_a_taken_port_gives_the_next_free_one(capsys):
    with run.listen(18000) as taken:
        port = taken.getsockname()[1]
        with run.listen(port) as listening:
            assert listening.getsockname()[1] > port
    assert f"Le port {port} est pris" in capsys.readouterr().out


def test_a_second_start_says_where_the_first_answers(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "LOCAL", tmp_path)
    monkeypatch.setattr(run, "LOCK", tmp_path / "lock")
    with run._alone() as lock:
        run._publish(lock, address="http://127.0.0.1:8001")
        with (
            pytest.raises(run.AlreadyRunning, match="http://127.0.0.1:8001") as refusal,
            run._alone(),
        ):
            pass
        assert refusal.value.state["pid"] == os.getpid()
    with run._alone():
        pass


def test_the_demonstration_refuses_the_settings_of_another_instance(monkeypatch):
    monkeypatch.setenv("AVIP_MODE", "production")
    with pytest.raises(LocalError, match="production"):
        run._settings()


def test_a_missing_library_names_the_line_to_run(monkeypatch):
    monkeypatch.setattr(system, "PDF_LIBRARIES", {"libabsente0": "libabsente.so.0"})
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LocalError, match="sudo apt-get install -y libabsente0"):
        system.ensure_pdf_libraries()


def test_what_a_killed_parent_left_is_reaped(tmp_path):
    orphan = subprocess.Popen(["sleep", "1000"])
    while "1000" not in Path(f"/proc/{orphan.pid}/cmdline").read_text():
        time.sleep(0.01)
    pidfile = tmp_path / "pid"
    pidfile.write_text(f"{orphan.pid}\n/elsewhere\n")
    servers.reap(pidfile, "1000")
    assert orphan.wait(1) == -signal.SIGINT
    assert not pidfile.exists()


def test_a_number_taken_by_another_process_is_left_alone(tmp_path):
    other = subprocess.Popen(["sleep", "1000"])
    pidfile = tmp_path / "pid"
    pidfile.write_text(str(other.pid))
    servers.reap(pidfile, "postgres -D")
    assert other.poll() is None
    assert not pidfile.exists()
    servers.stop(other)


@pytest.mark.parametrize("content", ["", "not a number", "999999999"])
def test_a_stale_or_broken_pid_file_is_forgotten(tmp_path, content):
    pidfile = tmp_path / "pid"
    pidfile.write_text(content)
    servers.reap(pidfile, "postgres")
    assert not pidfile.exists()


@pytest.mark.faults
@pytest.mark.xdist_group("servers")
def test_a_restarted_postgres_keeps_its_data_and_its_url_on_a_long_path(tmp_path):
    folder = tmp_path / LONG_AND_SPACED
    with servers.postgres(folder) as server:
        first = server.url
        query(first, "create table kept (day date)")
    with servers.postgres(folder) as server:
        assert server.url == first
        query(first, "select day from kept")
    assert server.process.poll() is not None
    servers.erase(folder)


@pytest.mark.faults
@pytest.mark.xdist_group("servers")
@pytest.mark.parametrize("name", ["Un Dossier été", LONG_AND_SPACED])
def test_celery_reaches_valkey_on_any_path(tmp_path, name):
    with servers.valkey(tmp_path / name) as server, Connection(server.url) as connection:
        connection.ensure_connection(max_retries=1)
    assert server.process.poll() is not None


@pytest.mark.faults
@pytest.mark.xdist_group("servers")
def test_data_of_another_version_are_refused_in_words(tmp_path):
    with servers.postgres(tmp_path, durable=False):
        pass
    (seat.seat_for(tmp_path).data / "PG_VERSION").write_text("9\n")
    with pytest.raises(LocalError, match="make reset"), servers.postgres(tmp_path):
        pass
    servers.erase(tmp_path)


@pytest.mark.faults
@pytest.mark.xdist_group("servers")
def test_a_killed_parent_leaves_no_server(tmp_path):
    code = (
        "import pathlib, sys, time; from avip.local import servers\n"
        "here = pathlib.Path(sys.argv[1])\n"
        "with servers.postgres(here / 'a') as a, servers.valkey(here / 'b') as b:\n"
        "    print(a.process.pid, b.process.pid, flush=True); time.sleep(1000)"
    )
    command = [sys.executable, "-c", code, tmp_path]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT)
    children = [int(pid) for pid in parent.stdout.readline().split()]
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 10
    while alive := [pid for pid in children if is_alive(pid)]:
        assert time.monotonic() < deadline, alive
        time.sleep(0.1)
    servers.erase(tmp_path / "a")


def query(url, sql):
    parameters = environ.Env.db_url_config(url)
    with psycopg2.connect(dbname="avip", user="avip", **parameters["OPTIONS"]) as connection:
        connection.cursor().execute(sql)
    connection.close()


def is_alive(pid):
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False
