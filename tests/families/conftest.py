"""A contract waiting for signatures today, as the pages meet it."""

import os
from datetime import timedelta

import pytest
from django.utils import timezone

from families.models import Signatory
from tests.families import factories as f


@pytest.fixture
def today():
    return timezone.localdate()


@pytest.fixture
def of_today(today):
    """What a referral needs to be of this morning, for a place in three weeks, on a Monday."""
    return {
        "on": today,
        "at": timezone.now() - timedelta(hours=6),
        "from_on": today + timedelta(days=21 - today.weekday()),
    }


@pytest.fixture
def live(db, of_today):
    return f.make_contract(**of_today)


@pytest.fixture
def parent(live):
    return live.version.signatories.get(role=Signatory.Role.PARENT)


@pytest.fixture
def rounds():
    """How many times a race is run: a few, many in `make test-long`."""
    return 30 if os.environ.get("AVIP_LONG") else 3
