"""The rows that are measured: always the same ones, invented, inserted in their final state."""

from random import Random

from django.db import connection, transaction
from django.utils import timezone

from tests.bench import contracts, declared, families, labelled, places
from tests.bench.places import Country
from tests.bench.size import Size

SEED = 2016


def load(size: Size) -> Country:
    """Fill an empty, migrated database; returns what the pages are looked at with."""
    country = Country(Random(SEED), timezone.localdate(), size)
    with transaction.atomic():
        places.settle(country)
        labelled.label(country)
        offers = families.offer(country)
        families.wait(country, offers)
        contracts.sign(country, offers)
    with transaction.atomic():
        declared.declare(country)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return country
