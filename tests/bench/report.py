"""The tables, in Markdown, as the README carries them."""

import os
import platform

from django.db import connection

from tests.bench.measures import ROUNDS, Measured
from tests.bench.pages import Page
from tests.bench.serving import WORKERS
from tests.bench.size import Size


def conditions(size: Size) -> str:
    """What the figures were measured on, and how."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        version = cursor.fetchone()[0].split()[0]
    return (
        f"{os.cpu_count()} cores, Python {platform.python_version()}, PostgreSQL {version}, "
        f"gunicorn with {WORKERS} synchronous workers, production settings. "
        f"{size.contracts:,} contracts ({size.viewed_contracts} in the agency that looks), "
        f"{size.facilities:,} labelled crèches and {size.childminders:,} childminders "
        f"in {size.cafs} Cafs, {size.viewed_applications} label applications in its queue. "
        f"Medians of {ROUNDS} interleaved rounds."
    )


def pages_table(
    reference_ms: float, measured: list[Measured], missing: list[tuple[Page, str]]
) -> str:
    """One line a page; a broken promise is in bold."""
    lines = [
        "| page | queries (promised) | KB | ms | ÷ reference page (promised) |",
        "|---|---|---|---|---|",
        f"| reference page | 1 | | {reference_ms:.0f} | 1 |",
    ]
    for row in measured:
        page = row.page
        queries = _against(f"{row.queries}", row.queries, page.queries)
        ratio = _against(f"{row.ratio:.2f}", row.ratio, page.ratio)
        lines.append(
            f"| {page.title} | {queries} | {row.kilobytes:.0f} | {row.milliseconds:.0f} | {ratio} |"
        )
    lines += [
        f"| {page.title} | not there: {reason.split('. ')[0]} | | | |" for page, reason in missing
    ]
    return "\n".join(lines)


def _against(shown, value, promised):
    if promised is None:
        return shown
    return f"{shown} (≤ {promised})" if value <= promised else f"**{shown}** (≤ {promised})"


def work_table(figures: list[tuple[str, str]]) -> str:
    """One line a figure: what, how much."""
    lines = ["| work | |", "|---|---|"]
    return "\n".join(lines + [f"| {title} | {value} |" for title, value in figures])
