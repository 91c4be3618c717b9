"""What the machine itself must have: libraries for PDF, a browser for the tests."""

import ctypes
import os
import shutil
import subprocess
from pathlib import Path

from avip.local import LocalError, say

PDF_LIBRARIES = {
    "libpango-1.0-0": "libpango-1.0.so.0",
    "libpangoft2-1.0-0": "libpangoft2-1.0.so.0",
    "libharfbuzz-subset0": "libharfbuzz-subset.so.0",
}
BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]


def ensure_pdf_libraries() -> None:
    """WeasyPrint loads these when it is imported: better said now than at the first contract."""
    missing = [package for package, library in PDF_LIBRARIES.items() if not _loads(library)]
    if missing:
        _install("Les PDF ont besoin de bibliothèques du système", *missing)
    if still := [package for package in missing if not _loads(PDF_LIBRARIES[package])]:
        raise LocalError(f"Installées mais introuvables : {', '.join(still)}.")


def ensure_chromium() -> str:
    """The path of a browser, installed if root may."""
    if not find_chromium():
        _install("Les tests dans un navigateur ont besoin de Chromium", "chromium")
    return find_chromium() or ""


def find_chromium() -> str | None:
    """AVIP_CHROMIUM, the system's browser, or the one of `playwright install chromium`."""
    if given := os.environ.get("AVIP_CHROMIUM"):
        return given
    cache = os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache" / "ms-playwright")
    downloaded = sorted(Path(cache).glob("chromium-*/chrome-linux*/chrome"))
    installed = [path for name in BROWSERS if (path := shutil.which(name))]
    return next(iter([*installed, *map(str, downloaded)]), None)


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _install(why: str, *packages: str) -> None:
    line = f"apt-get install -y {' '.join(packages)}"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise LocalError(f"{why}. Lancez, puis recommencez :\n    sudo {line}")
    say(f"{why} : {line}…")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in ("apt-get update -qq", line.replace("install", "install -qq")):
        done = subprocess.run(command.split(), env=environment, capture_output=True, text=True)
        if done.returncode:
            raise LocalError(f"{command} a échoué :\n{done.stdout}{done.stderr}")
