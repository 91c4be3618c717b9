"""What `make` starts on one machine: embedded servers, the demonstration, the tests."""

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


class LocalError(Exception):
    """What the person at the keyboard can read and act upon, in French."""


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 (this package talks to a terminal)
