"""Run a command, the tests first of all, with a PostgreSQL and a Valkey of its own."""

import os
import sys
import tempfile
from pathlib import Path

from avip.local import servers, system

PYTEST = [sys.executable, "-m", "pytest"]
IN_PARALLEL = ["--numprocesses", "2", "--dist", "loadgroup"]
SELECTION = {
    "test": "not long",
    "test-fast": "not long and not browser and not pdf and not faults",
    "test-long": "",
}


# What the machine's own instance sets, in its environment or in `.env`, must not reach a test.
ISOLATED = {
    "AVIP_MODE": "test",
    "DJANGO_SETTINGS_MODULE": "tests.settings",
    "DEBUG": "False",
    "ALLOWED_HOSTS": "localhost,127.0.0.1",
    "AVIP_BASE_URL": "http://localhost:8000",
    "AVIP_SMS_BACKEND": "avip.mail.sms_to_file",
    "AVIP_SEAL_P12": "",
    "AVIP_TSA_URL": "",
    "EMAIL_URL": "dummymail://",
}


def test(name: str) -> int:
    """The suite of that name; AVIP_LONG=1 asks the tests of `make test-long` for many rounds."""
    system.ensure_pdf_libraries()
    if name != "test-fast":
        system.ensure_chromium()
    rounds = {"AVIP_LONG": "1"} if name == "test-long" else {}
    return with_servers([*PYTEST, *IN_PARALLEL, "-m", SELECTION[name]], **rounds)


def with_servers(command: list[str], **environment: str) -> int:
    """Run `command` in mode `test` with throw-away servers; its exit status."""
    folder = Path(tempfile.mkdtemp(prefix="avip-"))
    own = ISOLATED | {
        "AVIP_PRIVATE_DIR": str(folder / "private"),
        "AVIP_CHROMIUM": system.find_chromium() or "",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }
    servers.leave_on_signals()
    try:
        with (
            servers.postgres(folder / "postgres", durable=False) as database,
            servers.valkey(folder / "valkey") as broker,
        ):
            own |= {"DATABASE_URL": database.url, "REDIS_URL": broker.url}
            return servers.run_in_front(command, os.environ | own | environment)
    finally:
        servers.ignore_signals()
        servers.erase(folder / "postgres")
        servers.erase(folder)
