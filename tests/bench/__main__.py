"""`python -m tests.bench`, with the throw-away servers of `python -m avip.local with-servers`."""

import os
import secrets
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import serving


def say(text: str, *, to=sys.stderr) -> None:
    to.write(f"{text}\n")
    to.flush()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="avip-bench-") as folder:
        os.environ |= serving.environment(Path(folder), secrets.token_hex(32))
        import django

        django.setup()
        run(Path(folder))


def run(folder: Path) -> None:
    """Everything that needs Django to be set up."""
    from django.core.management import call_command

    from tests.bench import measures, report, work
    from tests.bench.data import load
    from tests.bench.size import NATIONAL

    started = time.monotonic()
    say("Database and static files…")
    call_command("check", stdout=sys.stderr)
    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    say(f"National scale: {NATIONAL.contracts} contracts… ({time.monotonic() - started:.0f} s)")
    country = load(NATIONAL)
    measured, missing = measures.count(country)
    say(f"{len(measured)} pages, {measures.ROUNDS} rounds… ({time.monotonic() - started:.0f} s)")
    with serving.gunicorn(folder / "gunicorn.log") as port:
        reference_ms = measures.time(port, measured)
    say(f"Documents and nightly work… ({time.monotonic() - started:.0f} s)")
    figures = work.figures(country)
    say(f"Done in {time.monotonic() - started:.0f} s.\n")
    say(report.conditions(NATIONAL), to=sys.stdout)
    say("\n" + report.pages_table(reference_ms, measured, missing), to=sys.stdout)
    say("\n" + report.work_table(figures), to=sys.stdout)


if __name__ == "__main__":
    main()
