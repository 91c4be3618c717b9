"""A label taken over counts from the day it is, and ramps up from then."""

from datetime import UTC, date, datetime

import pytest

from families.figures import label_periods
from families.quota import preview
from families.workflow.declarations import labelled_during
from partners.calendars import month_bounds
from tests import factories as f
from tests.families.declared import AT, make_declared_month, make_label_row

TAKEN = datetime(2026, 10, 14, 9, 0, tzinfo=UTC)


@pytest.fixture
def taken_over(caf):
    creche = f.make_facility("Reprise", caf=caf)
    make_label_row(creche, date(2024, 1, 1), date(2027, 12, 31), taken_over=True, created_at=TAKEN)
    return creche


def test_it_counts_from_the_day_it_was_taken_over(taken_over):
    assert label_periods([taken_over.pk])[taken_over.pk] == [
        (date(2026, 10, 14), date(2027, 12, 31))
    ]


@pytest.mark.parametrize(("month", "declares"), [(9, False), (10, True), (11, True)])
def test_no_month_before_is_asked_for(taken_over, month, declares):
    found = labelled_during(*month_bounds(date(2026, month, 1)))
    assert found.filter(pk=taken_over.pk).exists() == declares


def test_it_ramps_up_like_a_fresh_label(taken_over):
    check = preview(make_declared_month(0, 10, provider=taken_over), AT)
    assert check.verdict == "ramp_up"
    assert check.rule_values["ramp_up_until"] == "2027-04-13"
