"""The quota: the vectors of the law, whom it counts, one check a month, alerts that stay true."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from avip import outbox
from avip.models import Outbox
from families.checks import basis_points, quota, ramp_up_ends_on
from families.figures import forecast
from families.models import Alert, MonthlyDeclaration, PlaceOffer, QuotaCheck
from families.monthly import check_declared_months
from families.quota import check_quota, check_quotas, preview, unchecked
from families.workflow import declarations
from labels.models import LocalRule
from labels.rules import rules_for
from tests import factories as f
from tests.families.declared import (
    AT,
    MONTH,
    make_declaration,
    make_declared_month,
    make_labelled_facility,
    make_placement,
    submit,
)
from tests.families.factories import director_of

FIFTH, THIRD = Decimal("0.20"), Decimal("0.30")


def verdict_of(declaration, at=AT):
    return check_quota(declaration, at)


def set_rule(caf, key, value, *, valid_from=date(2024, 1, 1), recorded_at=None):
    return LocalRule.objects.create(
        caf=caf,
        key=key,
        value=value,
        valid_from=valid_from,
        recorded_at=recorded_at or datetime(2024, 1, 1, tzinfo=UTC),
        reference="Décision du conseil",
        motive="Projet de territoire",
        set_by=f.make_user("Marc", "Dubois", member_of=caf),
    )


# The verdict, pure.


@pytest.mark.parametrize(
    ("part", "whole", "rate_bp", "verdict", "missing", "if_added"),
    [
        (6, 30, 2000, "compliant", 0, 0),
        (5, 24, 2083, "compliant", 0, 0),  # places
        (4, 24, 1667, "short", 1, 1),
        (12, 264, 455, "short", 41, 51),  # Nevers
        (2, 12, 1667, "short", 1, 1),
        (3, 12, 2500, "compliant", 0, 0),
        (136, 495, 2747, "compliant", 0, 0),
        (5, 30, 1667, "short", 1, 2),  # replacing one, or adding two: 7 of 32
        (0, 1, 0, "short", 1, 1),
        (1, 1, 10_000, "compliant", 0, 0),
        (1999, 9999, 1999, "short", 1, 1),  # 19.992 %: never shown as 20 %
        (99_999, 500_000, 1999, "short", 1, 2),  # would round to 20 %
    ],
)
def test_the_quota_in_exact_integers(part, whole, rate_bp, verdict, missing, if_added):
    found = quota(part, whole, FIFTH)
    assert (found.rate_bp, found.verdict) == (rate_bp, verdict)
    assert (found.missing, found.missing_if_added) == (missing, if_added)


@pytest.mark.parametrize("rate", [Decimal("0.20"), Decimal("0.30"), Decimal("0.6667")])
def test_the_missing_numbers_are_the_smallest_that_reach_the_quota(rate):
    for whole in range(1, 40):
        for part in range(whole + 1):
            found = quota(part, whole, rate)
            assert (found.verdict == "compliant") == (part >= rate * whole)
            k, added = found.missing, found.missing_if_added
            assert part + k >= rate * whole and (k == 0 or part + k - 1 < rate * whole)
            assert part + added >= rate * (whole + added)
            assert added == 0 or part + added - 1 < rate * (whole + added - 1)


def test_nobody_present_or_nothing_declared_is_not_assessable():
    for found in [
        quota(0, 0, FIFTH),
        quota(None, 24, FIFTH),
        quota(5, 30, FIFTH, is_declared=False),
    ]:
        assert (found.verdict, found.rate_bp, found.missing) == ("not_assessable", None, 0)


def test_a_fresh_label_is_given_its_numbers_without_a_verdict():
    found = quota(1, 30, FIFTH, is_ramping_up=True)
    assert (found.verdict, found.rate_bp, found.missing) == ("ramp_up", 333, 5)


def test_a_quota_of_everybody_cannot_be_reached_by_adding():
    assert quota(1, 2, Decimal(1)).missing_if_added is None


def test_a_rate_finer_than_a_basis_point_is_an_error():
    assert basis_points(Decimal("0.2005")) == 2005
    with pytest.raises(ValueError, match="finer"):
        basis_points(Decimal("0.20005"))


@pytest.mark.parametrize(
    ("labels", "ends_on"),
    [
        ([(date(2026, 5, 15), date(2029, 5, 14))], date(2026, 11, 14)),
        # Renewed the day after: its history began with the first.
        (
            [(date(2023, 1, 1), date(2025, 12, 31)), (date(2026, 1, 1), date(2028, 12, 31))],
            date(2023, 6, 30),
        ),
        # Taken up again after a gap: a fresh label.
        (
            [(date(2023, 1, 1), date(2025, 12, 30)), (date(2026, 1, 1), date(2028, 12, 31))],
            date(2026, 6, 30),
        ),
        ([(date(2027, 1, 1), date(2029, 12, 31))], None),
    ],
)
def test_the_ramp_up_runs_from_the_first_day_of_an_unbroken_label(labels, ends_on):
    assert ramp_up_ends_on(labels, date(2026, 10, 31), 6) == ends_on


# Whom it counts.

pytestmark = pytest.mark.django_db


def test_a_declared_month_gets_its_check_with_what_it_was_computed_from():
    declaration = make_declared_month(6, 30)
    check = verdict_of(declaration)
    assert (check.verdict, check.avip_children, check.all_children) == ("compliant", 6, 30)
    assert (check.rate_bp, check.required_bp, check.missing) == (2000, 2000, 0)
    assert check.rule_values["quota_rate"] == {
        "value": "0.20",
        "reference": "Avenant de 2017 à la charte\xa0; CASF, art. L. 214-7, III",
        "since": "2017-01-01",
        "is_local": False,
    }
    assert (check.checked_at, check.known_at, check.caf) == (AT, AT, declaration.caf)


def test_the_rule_of_the_last_day_of_the_month_judges_it(caf):
    provider = make_labelled_facility(starts_on=date(2016, 6, 1))
    for month, required in [(date(2016, 12, 1), 3000), (date(2017, 1, 1), 2000)]:
        declaration = make_declaration(
            provider, month=month, children_present=10, on=month + timedelta(days=40)
        )
        assert verdict_of(declaration).required_bp == required


def test_a_local_rule_from_the_last_day_of_the_month_judges_the_month(caf):
    declaration = make_declared_month(5, 24)
    set_rule(caf, "quota_rate", "0.25", valid_from=date(2026, 10, 31))
    assert verdict_of(declaration).required_bp == 2500


def test_a_local_rule_from_the_day_after_does_not(caf):
    declaration = make_declared_month(5, 24)
    set_rule(caf, "quota_rate", "0.25", valid_from=date(2026, 11, 1))
    assert verdict_of(declaration).required_bp == 2000


def counted(provider, **fields):
    return verdict_of(make_declaration(provider, children_present=30, **fields)).avip_children


def test_a_child_with_two_short_contracts_counts_once():
    provider = make_labelled_facility()
    first = make_placement(
        provider, end_on=date(2026, 10, 12), status="ended", ended_on=date(2026, 10, 12)
    )
    make_placement(provider, child=first.child, start_on=date(2026, 10, 13))
    assert counted(provider) == 1


def test_a_child_without_counted_hours_does_not_count():
    provider = make_labelled_facility()
    make_placement(provider, counts_from=date(2026, 11, 2))  # signed after the month
    assert counted(provider) == 0


def test_a_child_who_never_came_does_not_count():
    provider = make_labelled_facility()
    make_placement(provider)
    declaration = make_declaration(provider)
    submit(declaration, minutes_by_line={declaration.lines.get().pk: 0})
    assert verdict_of(declaration).avip_children == 0


@pytest.mark.parametrize(
    ("birth_date", "count"),
    [
        (date(2023, 10, 1), 0),  # three years old on the first day of the month
        (date(2023, 10, 2), 1),  # under three on that day
    ],
)
def test_a_child_counts_while_under_age_on_some_day_of_the_month(birth_date, count):
    provider = make_labelled_facility()
    make_placement(provider, birth_date=birth_date)
    assert counted(provider) == count


@pytest.mark.parametrize(("rule", "count"), [(True, 1), (False, 0)])
def test_a_kept_child_counts_by_rule(caf, rule, count):
    set_rule(caf, "quota_counts_retained", rule)
    provider = make_labelled_facility()
    make_placement(
        provider,
        start_on=date(2026, 6, 1),
        end_on=date(2026, 8, 31),
        placement_until=date(2027, 8, 31),
        status="ended",
        ended_on=date(2026, 9, 1),
    )
    assert counted(provider) == count


def test_the_other_ways_to_count_stand_beside():
    provider = make_labelled_facility(capacity=24)
    PlaceOffer.objects.create(provider=provider, places=5, from_on=date(2026, 1, 1))
    PlaceOffer.objects.create(
        provider=provider, places=9, from_on=date(2026, 1, 1), until=date(2026, 10, 30)
    )
    make_placement(provider)
    bases = verdict_of(make_declaration(provider, children_present=30, hours_total=320)).other_bases
    assert {name: (b["part"], b["whole"], b["rate_bp"]) for name, b in bases.items()} == {
        "children": (1, 30, 333),
        "places": (5, 24, 2083),
        "hours": (32 * 60, 320 * 60, 1000),
    }


def test_where_no_place_is_blocked_places_are_not_assessable():
    bases = verdict_of(make_declared_month(1, 30)).other_bases
    assert bases["places"]["verdict"] == "not_assessable"


@pytest.mark.parametrize(
    ("basis", "rate_bp"), [("children", 333), ("places", 2083), ("hours", 119)]
)
def test_the_basis_of_the_rule_decides(caf, basis, rate_bp):
    set_rule(caf, "quota_basis", basis)
    provider = make_labelled_facility(capacity=24)
    PlaceOffer.objects.create(provider=provider, places=5, from_on=date(2026, 1, 1))
    make_placement(provider)
    check = verdict_of(make_declaration(provider, children_present=30, hours_total=2700))
    assert check.rate_bp == rate_bp
    assert check.verdict == ("compliant" if basis == "places" else "short")


def test_a_year_is_the_sum_of_its_months(caf):
    set_rule(caf, "quota_period", "year")
    provider = make_labelled_facility()
    make_placement(provider, start_on=date(2026, 9, 1))
    september = make_declaration(
        provider, month=date(2026, 9, 1), children_present=2, on=date(2026, 10, 2)
    )
    october = make_declaration(provider, children_present=10)
    check_quotas(MonthlyDeclaration.objects.all(), AT)
    found = QuotaCheck.objects.get(declaration=october)
    assert (found.avip_children, found.all_children, found.rate_bp) == (2, 12, 1667)
    # September declared again changes October's verdict.
    later = AT + timedelta(days=1)
    declarations.correct(september, by=director_of(provider), on=later.date())
    submit(september, 1, at=later)
    check_quota(september, later)
    assert QuotaCheck.objects.get(declaration=october).all_children == 11


def test_the_months_of_a_year_are_locked_together(caf):
    set_rule(caf, "quota_period", "year")
    provider = make_labelled_facility()
    make_placement(provider, start_on=date(2026, 9, 1))
    september = make_declaration(
        provider, month=date(2026, 9, 1), children_present=2, on=date(2026, 10, 2)
    )
    make_declaration(provider, children_present=10)
    with CaptureQueriesContext(connection) as queries:
        check_quota(september, AT)
    locks = [q["sql"] for q in queries if "monthlydeclaration" in q["sql"] and "FOR NO" in q["sql"]]
    assert len(locks) == 1 and "ORDER BY" in locks[0]
    assert QuotaCheck.objects.count() == 2


# One check a month, alerts.


def test_a_month_without_the_label_has_no_check(caf):
    provider = make_labelled_facility()
    declaration = make_declaration(provider, children_present=30)
    provider.labels.update(starts_on=date(2026, 11, 1))
    assert verdict_of(declaration) is None


def test_a_month_being_corrected_is_not_judged_again():
    declaration = make_declared_month(1, 30)
    declarations.correct(declaration, by=director_of(declaration.provider), on=AT.date())
    assert verdict_of(declaration) is None


def test_checking_twice_changes_nothing():
    declaration = make_declared_month(1, 30)
    before = verdict_of(declaration)
    after = verdict_of(declaration, AT + timedelta(days=3))
    assert (after.pk, after.checked_at) == (before.pk, before.checked_at)
    assert QuotaCheck.objects.count() == Alert.objects.count() == 1


def test_a_month_declared_again_is_judged_again_in_place():
    declaration = make_declared_month(6, 31)
    before = verdict_of(declaration)
    assert Alert.objects.open().count() == 1
    later = AT + timedelta(days=1)
    declarations.correct(
        declaration, by=director_of(declaration.provider), on=later.date(), at=later
    )
    submit(declaration, 30, at=later)
    assert list(unchecked()) == [declaration]
    check_declared_months(later.date())
    after = QuotaCheck.objects.get()
    assert (before.verdict, after.verdict, after.pk) == ("short", "compliant", before.pk)
    assert not Alert.objects.open().exists()
    assert not unchecked().exists()


def test_a_rule_corrected_afterwards_leaves_the_check_until_somebody_asks(caf):
    declaration = make_declared_month(6, 30)
    verdict_of(declaration)
    set_rule(caf, "quota_rate", "0.25", recorded_at=AT + timedelta(days=5))
    assert not unchecked().exists()
    assert verdict_of(declaration, AT + timedelta(days=4)).required_bp == 2000
    asked = verdict_of(declaration, AT + timedelta(days=6))
    assert (asked.required_bp, asked.known_at) == (2500, AT + timedelta(days=6))


def test_a_shortfall_opens_one_alert_and_says_what_is_missing():
    provider = make_labelled_facility()
    verdict_of(make_declared_month(4, 30, provider=provider))
    verdict_of(
        make_declaration(
            provider, month=date(2026, 11, 1), children_present=31, on=date(2026, 12, 1)
        )
    )
    alert = Alert.objects.get()
    assert (
        alert.text
        == "4\xa0enfants Avip sur 31 en novembre\xa02026\xa0: il en manque 3 pour 20\xa0%."
    )
    assert (alert.opened_at, alert.closed_at) == (AT, None)


def test_an_older_month_judged_late_does_not_reopen_what_is_over():
    provider = make_labelled_facility()
    october = make_declared_month(1, 5, provider=provider)
    september = make_declaration(
        provider, month=date(2026, 9, 1), children_present=30, on=date(2026, 11, 2)
    )
    verdict_of(october)
    assert verdict_of(september).verdict == "short"
    assert not Alert.objects.open().exists()


def test_a_month_with_nobody_leaves_the_alert_as_it_is():
    provider = make_labelled_facility()
    verdict_of(make_declared_month(0, 30, provider=provider))
    empty = make_declaration(
        provider, month=date(2026, 11, 1), children_present=0, on=date(2026, 12, 1)
    )
    assert verdict_of(empty).verdict == "not_assessable"
    assert Alert.objects.open().count() == 1


def test_where_the_quota_informs_no_alert_opens(caf):
    set_rule(caf, "quota_mode", "informative")
    assert verdict_of(make_declared_month(0, 30)).verdict == "short"
    assert not Alert.objects.exists()


def test_a_fresh_label_has_no_alert():
    provider = make_labelled_facility(starts_on=date(2026, 9, 1))
    check = verdict_of(make_declared_month(0, 30, provider=provider))
    assert check.verdict == "ramp_up"
    assert check.rule_values["ramp_up_until"] == "2027-02-28"
    assert not Alert.objects.exists()


def test_the_submission_runs_the_check_without_waiting_for_the_night():
    declaration = make_declared_month(6, 30)
    assert outbox.deliver(Outbox.objects.get().pk)
    assert QuotaCheck.objects.get().declaration == declaration


def test_the_preview_says_what_the_check_will_say():
    declaration = make_declared_month(5, 24)
    seen = preview(declaration, AT)
    assert not QuotaCheck.objects.exists()
    assert (seen.rate_bp, seen.inputs_sha256) == (2083, verdict_of(declaration).inputs_sha256)


def test_the_queries_do_not_grow_with_the_creches(caf):
    def queries_for(count):
        for _ in range(count):
            make_declared_month(2, 30)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert check_quotas(unchecked(), AT) == count
        return len(captured)

    assert queries_for(1) == queries_for(7) <= 20


def test_a_neighbouring_caf_sees_neither_check_nor_alert(caf_agent, other_caf_agent, other_caf):
    mine = verdict_of(make_declared_month(0, 30))
    other = make_labelled_facility("Les Voisins", caf=other_caf)
    verdict_of(make_declared_month(0, 30, provider=other))
    assert list(QuotaCheck.objects.visible_to(caf_agent)) == [mine]
    assert QuotaCheck.objects.visible_to(other_caf_agent).get().provider == other
    assert Alert.objects.visible_to(other_caf_agent).get().provider == other


# Figures.


def test_the_forecast_says_what_the_signed_contracts_would_give():
    provider = make_labelled_facility()
    make_declared_month(4, 30, provider=provider)
    make_placement(provider, start_on=date(2026, 12, 1), end_on=date(2027, 2, 28))
    rules = rules_for(provider.caf, date(2026, 11, 30))
    assert forecast(provider, date(2026, 11, 1), rules).missing == 2
    assert forecast(provider, date(2026, 12, 1), rules).rate_bp == 333
    assert forecast(make_labelled_facility("Autre"), MONTH, rules).verdict == "not_assessable"
