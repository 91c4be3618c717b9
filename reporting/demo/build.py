"""Writes the whole demonstration, from the first label to this month's declarations."""

from dataclasses import dataclass

from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone

from avip import outbox
from avip.models import Outbox
from families.renewals import open_renewals
from partners.models import User
from reporting.demo import (
    caf_story,
    contract_story,
    desk_story,
    family_story,
    follow_story,
    label_story,
    month_story,
    network_story,
    people,
    place_story,
    referral_story,
    situation_story,
)

DOCUMENTS = (
    "families.contract_pdf",
    "families.month_statement",
    "labels.certificate",
    "labels.letter",
    "labels.committee_pack",
    "labels.minutes",
)
PDFS_BEFORE_THE_FIRST_PAGE = 12


@dataclass(frozen=True)
class Size:
    facilities: int = 43  # the 44th label is granted with reservations
    operated: int = 5  # crèches of the same operator
    childminders: int = 12
    contracts: int = 150
    months: int = 12


TINY = Size(facilities=3, operated=2, childminders=2, contracts=4, months=4)


def is_built() -> bool:
    """Whether the demonstration's people are there."""
    return User.objects.filter(is_demo_persona=True).exists()


def build(size: Size, today):
    """Everything in one transaction: a half demonstration never exists. Returns the World."""
    with outbox.doorbell.silenced(), transaction.atomic():
        world = people.build(size, today)
        _tell_the_planner()
        label_story.tell(world, today)
        caf_story.tell(world, today)
        family_story.tell(world, today, size)
        contract_story.tell(world, today)
        referral_story.tell(world, today)
        situation_story.tell(world, today)
        follow_story.tell(world, today)
        place_story.tell(world, today)
        _tell_the_planner()
        month_story.tell(world, today, size)
        desk_story.tell(world, today, size)
        network_story.tell(world, today)
        open_renewals(today)
        _past_effects_are_done()
        _tell_the_planner()
    return world


def _tell_the_planner():
    """So many rows at once: PostgreSQL would go on believing the tables empty for a while.

    Table by table: the catalogues that all databases share would stay locked until the end.
    """
    tables = [connection.ops.quote_name(m._meta.db_table) for m in apps.get_models()]
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(tables)}")


def _past_effects_are_done():
    """Nobody is written to about the past; documents alone remain to be made."""
    now = timezone.now()
    Outbox.objects.filter(done_at=None).exclude(kind__in=DOCUMENTS).update(done_at=now)


def make_first_documents():
    """A dozen sealed contracts and their certificates before the first page; the worker
    makes the rest.
    """
    waiting = Outbox.objects.due(timezone.now()).filter(kind__in=DOCUMENTS)
    latest = waiting.filter(kind=DOCUMENTS[0]).order_by("-created_at")[:PDFS_BEFORE_THE_FIRST_PAGE]
    return sum(outbox.deliver(row.pk) for row in latest)
