"""A Caf whose crèches declare by quarter: nothing is late before the quarter is over."""

from datetime import UTC, date, datetime

import pytest

from families.models import MonthlyDeclaration
from families.monthly import lock_declared_months
from families.notifications.declarations import due_on, last_day_of_period, locked_on
from families.views import declarations as pages
from labels.models import LocalRule
from tests.families.declared import make_declared_month

pytestmark = pytest.mark.django_db


@pytest.fixture
def july(caf, caf_manager):
    """A month submitted in October, with the two others of its quarter."""
    LocalRule.objects.create(
        caf=caf,
        key="declaration_period",
        value="quarter",
        valid_from=date(2026, 1, 1),
        recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
        reference="Décision",
        motive="Rythme local",
        set_by=caf_manager,
    )
    return make_declared_month(1, 30, month=date(2026, 7, 1))


@pytest.mark.parametrize(
    ("month", "period", "last"),
    [
        (date(2026, 1, 1), "month", date(2026, 1, 31)),
        (date(2026, 1, 1), "quarter", date(2026, 3, 31)),
        (date(2026, 3, 1), "quarter", date(2026, 3, 31)),
        (date(2026, 11, 1), "quarter", date(2026, 12, 31)),
    ],
)
def test_the_last_day_of_what_is_declared_together(month, period, last):
    assert last_day_of_period(month, period) == last


def test_a_month_of_a_quarter_is_due_and_locked_after_the_quarter(july):
    assert due_on(july) == date(2026, 10, 10)
    assert locked_on(july) == date(2026, 10, 20)
    assert pages._next_opening(july) == date(2027, 1, 1)


@pytest.mark.parametrize(
    ("on", "status"), [(date(2026, 10, 19), "submitted"), (date(2026, 10, 20), "locked")]
)
def test_a_month_of_a_quarter_may_be_corrected_until_its_day(july, on, status):
    lock_declared_months(on)
    assert MonthlyDeclaration.objects.get(pk=july.pk).status == status


def test_what_is_past_is_not_said(july):
    page = pages.DeclarationDetail()
    page.object = july
    page.today = date(2026, 10, 19)
    assert len(page._what_comes_next()) == 3
    page.today = date(2027, 1, 2)
    assert page._what_comes_next() == [
        f"La {july.caf} voit ces nombres, jamais le nom d’un enfant."
    ]
