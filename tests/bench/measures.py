"""How many queries, how long, how heavy: each page against the yardstick, round after round."""

from dataclasses import dataclass
from statistics import median

from django.conf import settings
from django.db import connection
from django.template import TemplateDoesNotExist
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch

from tests.bench import reference
from tests.bench.pages import Page, addresses
from tests.bench.places import Country
from tests.bench.serving import HOST, PROXIED, WORKERS, get

ROUNDS = 25
WARM_UP = 3 * WORKERS


@dataclass
class Measured:
    page: Page
    path: str
    session: str
    queries: int
    kilobytes: float
    milliseconds: float = 0
    ratio: float = 0


def queries_of(client: Client, path: str) -> tuple[list[str], int]:
    """(SQL, bytes) of one page, once everything that is read once has been read."""
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        response = client.get(path)
    if response.status_code != 200:
        raise RuntimeError(f"{path}: {response.status_code}")
    return [query["sql"] for query in captured.captured_queries], len(response.content)


def count(country: Country) -> tuple[list[Measured], list[tuple[Page, str]]]:
    """The pages with their queries and weight, and those that do not answer yet with the reason."""
    found, missing = addresses(country)
    measured = []
    for page, path in found:
        client = Client(headers=PROXIED, SERVER_NAME=HOST)
        session = ""
        if page.role:
            client.force_login(country.people[page.role], settings.AUTHENTICATION_BACKENDS[0])
            session = client.cookies[settings.SESSION_COOKIE_NAME].value
        try:
            queries, size = queries_of(client, path)
        except (NoReverseMatch, TemplateDoesNotExist) as error:
            missing.append((page, f"{type(error).__name__} {error}"))
        else:
            measured.append(Measured(page, path, session, len(queries), size / 1024))
    return measured, missing


def time(port: int, measured: list[Measured], rounds: int = ROUNDS) -> float:
    """Fill in the times, the medians of interleaved rounds; returns that of the reference page."""
    asked = [(reference.PATH, ""), *((row.path, row.session) for row in measured)]
    for path, session in asked:
        for _ in range(WARM_UP):
            _seconds(port, path, session)
    yardstick, *times = zip(
        *([_seconds(port, path, session) for path, session in asked] for _ in range(rounds)),
        strict=True,
    )
    for row, seconds in zip(measured, times, strict=True):
        row.milliseconds = median(seconds) * 1000
        row.ratio = median(one / base for one, base in zip(seconds, yardstick, strict=True))
    return median(yardstick) * 1000


def _seconds(port, path, session):
    answer = get(port, path, session)
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status}")
    return answer.seconds
