"""« À traiter »: what waits for a person, computed from the live database.

One definition per kind of wait (`reporting.waits`) feeds both the page (its rows) and the
navigation (its counts).
"""

from dataclasses import replace
from datetime import date, datetime

from django.db import connection
from django.urls import reverse
from django.utils import timezone

from avip.templatetags.words import count_of
from reporting.waits import WAITS
from reporting.waits.wait import GROUPS, Item

ROWS_PER_KIND = 10


def todo(user, now):
    """[(group title, [Item])] of what waits for this person, without the empty groups.

    The first line of all bears the page's primary button.
    """
    today = timezone.localtime(now).date()
    groups = {name: [] for name in GROUPS}
    for wait, count in _waiting(user, today):
        if count:
            items = [wait.item(row) for row in wait.rows(user, today)[:ROWS_PER_KIND]]
            groups[wait.group] += items
            if more := count - len(items):
                groups[wait.group].append(_more(wait, more))
    waiting = [
        (GROUPS[name], sorted(items, key=_urgency)) for name, items in groups.items() if items
    ]
    if waiting:
        first = waiting[0][1]
        first[0] = replace(first[0], primary=True)
    return waiting


def _urgency(item):
    """The nearest deadline first; what has none comes after, in the order it was found."""
    deadline = item.deadline
    if deadline is None:
        return date.max
    return timezone.localdate(deadline) if isinstance(deadline, datetime) else deadline


def counts(user, now):
    """How many things wait under each entry of the navigation: one query, whatever the trade."""
    totals = {}
    for wait, count in _waiting(user, timezone.localtime(now).date()):
        totals[wait.nav] = totals.get(wait.nav, 0) + count
    return totals


def _more(wait, count):
    return Item(
        title=f"Et {count_of(count, 'autre')}", detail="", url=reverse(wait.nav), action="Tout voir"
    )


def _waiting(user, today):
    """[(wait, how many rows)], asked once: each request loads its own user."""
    if getattr(user, "waiting", None) is None:
        user.waiting = _count(user, today)
    return user.waiting


def _count(user, today):
    """One statement whatever the trade: every page pays for the counts of its navigation."""
    waits = [wait for wait in WAITS if wait.concerns(user.reach)]
    columns, params = [], []
    for wait in waits:
        rows = wait.rows(user, today).order_by().select_related(None).values("pk")
        sql, values = rows.query.sql_with_params()
        columns.append(f"(SELECT count(*) FROM ({sql}) AS waiting)")
        params += values
    if not waits:
        return []
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)}", params)
        return list(zip(waits, cursor.fetchone(), strict=True))
