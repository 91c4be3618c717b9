"""The eve of school comes from the rules, like the age of the child."""

from datetime import date
from types import SimpleNamespace

from families.proposal import last_day_before_school
from labels.rules import rules_for


def test_the_eve_of_school_is_that_of_the_rules():
    born = date(2025, 3, 3)
    assert last_day_before_school(born, rules_for(None, date(2026, 1, 1))) == date(2028, 8, 31)
    earlier = SimpleNamespace(school_entry_age_years=4, school_last_day="15 juillet")
    assert last_day_before_school(born, earlier) == date(2029, 7, 15)
