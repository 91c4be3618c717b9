"""The référentiel: the value of a rule on a day, for a Caf, as it was known then."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.urls import reverse

from labels.models import LocalRule
from labels.rules import RULES, RuleMissing, capacity_category, from_json, in_words, rules_for
from tests.labels.factories import ON

KNOWN = datetime(2026, 1, 15, tzinfo=UTC)


def set_rule(caf, by, key="quota_rate", value="0.25", valid_from=date(2026, 1, 1), **fields):
    defaults = {
        "reference": "Comité du 10 décembre",
        "motive": "Tension locale",
        "recorded_at": datetime(2025, 12, 15, tzinfo=UTC),
    }
    rule = LocalRule(
        caf=caf, key=key, value=value, valid_from=valid_from, set_by=by, **defaults | fields
    )
    rule.full_clean()
    rule.save()
    return rule


@pytest.mark.parametrize(
    ("on", "rate"),
    [
        (date(2016, 5, 1), "0.30"),
        (date(2016, 12, 31), "0.30"),
        (date(2017, 1, 1), "0.20"),
        (date(2026, 3, 2), "0.20"),
    ],
)
def test_the_share_went_from_thirty_to_twenty_on_the_first_of_january_2017(on, rate):
    value, reference, _ = RULES["quota_rate"].national(on)
    assert value == Decimal(rate)
    assert reference


def test_no_value_in_force_is_an_error_never_a_default(db):
    with pytest.raises(RuleMissing, match="n’a pas de valeur"):
        _ = rules_for(None, date(2016, 4, 30)).quota_rate
    with pytest.raises(RuleMissing):
        _ = rules_for(None, date(2024, 12, 31)).childminder_hours_month_cap
    assert rules_for(None, date(2025, 1, 1)).childminder_hours_month_cap == 50


def test_an_unknown_rule_is_a_mistake_of_the_code(db):
    with pytest.raises(AttributeError):
        _ = rules_for(None, ON).quota_rat


@pytest.mark.parametrize(
    ("on", "rate"), [(date(2025, 12, 31), Decimal("0.20")), (date(2026, 1, 1), Decimal("0.25"))]
)
def test_a_local_value_holds_from_its_first_day(caf, caf_manager, on, rate):
    set_rule(caf, caf_manager)
    rules = rules_for(caf, on)
    assert rules.quota_rate == rate
    assert rules.entry("quota_rate").is_local == (rate == Decimal("0.25"))


def test_a_local_value_is_that_of_its_caf_alone(caf, other_caf, caf_manager):
    set_rule(caf, caf_manager)
    assert rules_for(other_caf, ON).quota_rate == Decimal("0.20")


def test_a_correction_for_the_same_day_wins_and_what_used_the_old_one_keeps_it(caf, caf_manager):
    set_rule(caf, caf_manager)
    set_rule(caf, caf_manager, value="0.30", recorded_at=datetime(2026, 2, 1, tzinfo=UTC))
    assert rules_for(caf, ON).quota_rate == Decimal("0.30")
    assert rules_for(caf, ON, known_at=KNOWN).quota_rate == Decimal("0.25")


def test_the_next_local_value_takes_over_on_its_day(caf, caf_manager):
    set_rule(caf, caf_manager)
    set_rule(caf, caf_manager, value="0.40", valid_from=date(2026, 3, 2))
    assert rules_for(caf, date(2026, 3, 1)).quota_rate == Decimal("0.25")
    assert rules_for(caf, date(2026, 3, 2)).quota_rate == Decimal("0.40")


def test_a_local_value_is_never_edited_nor_deleted(caf, caf_manager):
    rule = set_rule(caf, caf_manager)
    rule.value = "0.50"
    with pytest.raises(DatabaseError), transaction.atomic():
        rule.save()
    with pytest.raises(DatabaseError), transaction.atomic():
        rule.delete()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"key": "child_max_age_months", "value": 48}, "key"),
        ({"key": "unknown", "value": 1}, "key"),
        ({"value": "beaucoup"}, "value"),
        ({"key": "contract_duration_months", "value": "6"}, "value"),
        ({"key": "quota_mode", "value": "souple"}, "value"),
        ({"value": "0.10"}, "derogation_reference"),
    ],
)
def test_what_a_caf_may_not_set_is_refused(caf, caf_manager, fields, field):
    with pytest.raises(ValidationError) as error:
        set_rule(caf, caf_manager, **fields)
    assert field in error.value.message_dict


def test_a_derogation_with_its_reference_goes_below_the_national_value(caf, caf_manager):
    set_rule(caf, caf_manager, value="0.10", derogation_reference="Convention du 3 mars")
    assert rules_for(caf, ON).quota_rate == Decimal("0.10")


@pytest.mark.parametrize(
    ("capacity", "category"),
    [
        (12, "micro-crèche"),
        (13, "petite crèche"),
        (24, "petite crèche"),
        (25, "crèche"),
        (40, "grande crèche"),
        (60, "très grande crèche"),
    ],
)
def test_the_category_follows_the_capacity(capacity, category):
    assert capacity_category(capacity, ON) == category


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("quota_rate", "0.125", "12,5\xa0%"),
        ("quota_basis", "places", "les places"),
        ("quota_counts_retained", False, "non"),
        ("contract_duration_months", 6, "6\xa0mois"),
        ("positive_outcomes", ["job"], "emploi"),
    ],
)
def test_a_value_is_said_in_words(caf, caf_manager, key, value, words):
    LocalRule.objects.create(
        caf=caf,
        key=key,
        value=value,
        valid_from=ON,
        reference="r",
        motive="m",
        set_by=caf_manager,
        recorded_at=KNOWN,
    )
    assert from_json(key, value) is not None
    assert in_words(rules_for(caf, ON).entry(key)) == words


def test_the_rules_page_shows_the_local_value_and_what_is_to_be_confirmed(
    client, caf, other_caf, caf_agent, caf_manager, other_caf_agent, director
):
    set_rule(caf, caf_manager, value="0.25")
    for person, seen in [
        (caf_agent, "25\xa0%"),
        (director, "25\xa0%"),
        (other_caf_agent, "20\xa0%"),
    ]:
        client.force_login(person)
        page = client.get(reverse("labels:rules")).content.decode()
        assert seen in page
        assert "à confirmer" in page
        assert ("locale</span>" in page) == (seen == "25\xa0%")


def test_the_rules_page_asks_few_queries(client, caf, caf_agent, django_assert_max_num_queries):
    client.force_login(caf_agent)
    client.get(reverse("labels:rules"))
    with django_assert_max_num_queries(12):
        client.get(reverse("labels:rules"))


def test_what_is_read_of_a_rule_never_breaks_before_its_punctuation():
    for rule in RULES.values():
        for text in (rule.label, *(reference for _, reference in rule.values.values())):
            assert not re.search(r" [:;%!?»]|« ", text), text
