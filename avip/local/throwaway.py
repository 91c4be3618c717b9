"""Run a command with a PostgreSQL and a Valkey of its own, gone when it ends."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from avip.local import servers


def with_servers(command: list[str], **environment: str) -> int:
    """Run `command` in mode `test` with throw-away servers; its exit status."""
    # Nothing set for the machine's own instance, in its environment or `.env`, may reach a test.
    folder = Path(tempfile.mkdtemp(prefix="avip-"))
    own = {"AVIP_MODE": "test", "AVIP_PRIVATE_DIR": str(folder / "private")}
    own |= {"AVIP_BASE_URL": "http://localhost:8000", "EMAIL_URL": "dummymail://"}
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGHUP, _leave)
    try:
        with (
            servers.postgres(folder / "postgres", durable=False) as database,
            servers.valkey(folder / "valkey") as broker,
        ):
            own |= {"DATABASE_URL": database.url, "REDIS_URL": broker.url}
            return _run(command, os.environ | own | environment)
    finally:
        servers.erase(folder / "postgres")
        servers.erase(folder)


def _run(command: list[str], environment: dict[str, str]) -> int:
    with subprocess.Popen(command, env=environment, preexec_fn=servers.die_with_parent) as child:
        try:
            while True:
                with contextlib.suppress(KeyboardInterrupt):  # the child received it as well
                    return child.wait()
        finally:
            servers.stop(child)


def _leave(signum, frame):
    sys.exit(128 + signum)
