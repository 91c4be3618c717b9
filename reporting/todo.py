"""« À traiter »: what waits for a person, computed from the live database.

One definition per kind of wait (`reporting.waits`) feeds both the page (its rows) and the
navigation (its counts).
"""

from dataclasses import astuple, fields, replace
from datetime import date, datetime
from functools import cache, lru_cache
from uuid import NAMESPACE_OID, UUID, uuid5

from django.db import connection
from django.urls import reverse
from django.utils import timezone

from avip.templatetags.words import count_of
from partners.models import User
from partners.models.people import Reach
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
    reach = user.reach
    shape = tuple(len(value) if isinstance(value, frozenset) else value for value in astuple(reach))
    waits, sql, params = _counting(shape, today)
    if not waits:
        return []
    real = {_stand_in("user", 0): user.pk}
    for field in fields(reach):
        value = getattr(reach, field.name)
        if isinstance(value, frozenset):
            real |= {_stand_in(field.name, i): pk for i, pk in enumerate(value)}
    with connection.cursor() as cursor:
        cursor.execute(sql, [real.get(p, p) if isinstance(p, UUID) else p for p in params])
        return list(zip(waits, cursor.fetchone(), strict=True))


@lru_cache(maxsize=512)
def _counting(shape, today):
    """(waits, SQL, parameters) for people who belong to as many organisations of each kind.

    Composing these queries takes longer than running them: it is done once a day for each shape,
    with stand-ins for the ids, which each request replaces by its own. A wait therefore reads
    nothing but the day, the person’s key and her reach.
    """
    stand_ins = {
        field.name: frozenset(_stand_in(field.name, i) for i in range(size))
        if field.type is frozenset
        else size
        for field, size in zip(fields(Reach), shape, strict=True)
    }
    user = User(pk=_stand_in("user", 0))
    user.reach = Reach(**stand_ins)
    waits = [wait for wait in WAITS if wait.concerns(user.reach)]
    columns, params = [], []
    for wait in waits:
        rows = wait.rows(user, today).order_by().select_related(None).values("pk")
        sql, values = rows.query.sql_with_params()
        columns.append(f"(SELECT count(*) FROM ({sql}) AS waiting)")
        params += values
    return waits, f"SELECT {', '.join(columns)}", params


@cache
def _stand_in(kind, number):
    return uuid5(NAMESPACE_OID, f"{kind} {number}")
