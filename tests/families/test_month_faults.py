"""The month when several people or workers are at it at once, when a rule is wrong, past a cap."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from avip import outbox
from avip.models import Outbox
from avip.workflow import StepRefused
from families.models import Alert, MonthlyDeclaration, QuotaCheck
from families.monthly import open_last_month
from families.notifications.contract_ends import remind_of_contract_ends
from families.quota import check_quota, check_quotas, unchecked
from families.workflow import declarations
from labels.models import LocalRule
from tests import factories as f
from tests.families.declared import (
    AT,
    MONTH,
    ON,
    make_declaration,
    make_declared_month,
    make_labelled_facility,
    make_placement,
    submit,
)
from tests.families.factories import director_of, make_network_member

pytestmark = pytest.mark.django_db


def at_once(act, people=6):
    """What each of several threads got from `act(number)`; a refusal is its name."""

    def one(number):
        try:
            return act(number)
        except StepRefused:
            return "refused"
        finally:
            connection.close()

    with ThreadPoolExecutor(people) as threads:
        return list(threads.map(one, range(people)))


@pytest.mark.django_db(transaction=True)
def test_of_several_people_who_declare_the_same_month_at_once_one_does(rounds):
    provider = make_labelled_facility()
    director = director_of(provider)
    for turn in range(rounds):
        month = date(2024 + turn // 12, 1 + turn % 12, 1)
        pk = make_declaration(provider, month=month).pk

        def declare(number, pk=pk):
            mine = MonthlyDeclaration.objects.get(pk=pk)
            submit(mine, 10 + number, by=director, seen=0)
            return mine.children_present

        results = at_once(declare)
        found = MonthlyDeclaration.objects.get(pk=pk)
        assert results.count("refused") == 5
        assert results.count(found.children_present) == 1
        assert found.history.count() == found.revision == 1
    assert Outbox.objects.filter(kind="families.quota_check").count() == rounds


@pytest.mark.django_db(transaction=True)
def test_several_workers_that_open_a_month_at_once_open_it_once():
    provider = make_labelled_facility()
    make_placement(provider)
    at_once(lambda number: open_last_month(ON))
    assert MonthlyDeclaration.objects.get().lines.count() == 1
    assert Outbox.objects.filter(kind="families.month_opened").count() == 1


@pytest.mark.django_db(transaction=True)
def test_several_workers_that_judge_the_same_months_at_once_judge_them_once():
    provider = make_labelled_facility()
    make_declared_month(0, 30, provider=provider)
    make_declaration(provider, month=date(2026, 9, 1), children_present=30, on=ON)
    results = at_once(lambda number: check_quotas(MonthlyDeclaration.objects.all(), AT))
    assert sum(results) == 2
    assert (QuotaCheck.objects.count(), Alert.objects.count()) == (2, 1)


@pytest.mark.django_db(transaction=True)
def test_several_ticks_that_announce_an_end_at_once_announce_it_once():
    make_placement(make_labelled_facility(), end_on=ON + timedelta(days=7))
    at_once(lambda number: remind_of_contract_ends(ON))
    assert Outbox.objects.filter(kind="families.contract_ending").count() == 2


@pytest.mark.django_db(transaction=True)
def test_the_lock_and_a_correction_at_once_leave_one_state():
    declaration = make_declared_month(1, 30)
    director = director_of(declaration.provider)

    def press(number):
        mine = MonthlyDeclaration.objects.get(pk=declaration.pk)
        if number % 2:
            declarations.lock(mine, on=ON)
        else:
            declarations.correct(mine, by=director, on=ON)
        return mine.status

    results = at_once(press)
    assert results.count("refused") == 5
    assert MonthlyDeclaration.objects.get(pk=declaration.pk).status in results


# A rule that cannot be applied.


def wrong_rate(caf):
    return LocalRule(
        caf=caf,
        key="quota_rate",
        value="0.250001",
        valid_from=date(2024, 1, 1),
        recorded_at=datetime(2024, 1, 1, tzinfo=UTC),
        reference="Décision",
        motive="Essai",
        set_by=f.make_user("Marc", "Dubois", member_of=caf),
    )


def test_a_rate_finer_than_a_basis_point_is_refused_where_it_is_set(caf):
    rule = wrong_rate(caf)
    with pytest.raises(ValidationError, match="quatre décimales"):
        rule.clean()
    rule.value = str(Decimal("0.2505"))
    rule.clean()


def test_a_rule_wrong_in_one_caf_leaves_the_others_their_verdicts(caf, other_caf):
    wrong_rate(caf).save()
    here = make_declared_month(6, 30)
    there = make_declared_month(
        6, 30, provider=make_labelled_facility("Les Voisins", caf=other_caf)
    )
    with pytest.raises(ValueError, match="finer"):
        check_quotas(unchecked(), AT)
    assert QuotaCheck.objects.get().declaration == there
    assert list(unchecked()) == [here]


# A childminder past her cap.


def declared_by(provider, hours, month=MONTH, on=ON):
    declaration = make_declaration(provider, month=month)
    line = declaration.lines.get()
    declarations.submit(
        declaration, by=director_of(provider), on=on, minutes_by_line={line.pk: hours * 60}
    )
    Outbox.objects.update(next_try_at=AT)
    outbox.deliver_due()
    return declaration


def test_declared_hours_past_the_cap_are_kept_and_flagged_without_blame():
    provider = make_network_member()
    make_placement(provider)
    declaration = declared_by(provider, 54)
    alert = Alert.objects.get()
    assert declaration.lines.get().declared_minutes == 54 * 60
    assert alert.kind == Alert.Kind.HOURS
    assert (
        alert.text == "54\xa0h d’accueil en octobre\xa02026, pour 50\xa0h par mois dans la règle."
    )
    assert not QuotaCheck.objects.exists()


def test_the_cap_itself_is_within_the_cap():
    provider = make_network_member()
    make_placement(provider)
    declared_by(provider, 50)
    assert not Alert.objects.exists()


def test_the_next_month_within_the_cap_closes_the_alert():
    provider = make_network_member()
    make_placement(provider)
    declared_by(provider, 54)
    declared_by(provider, 40, month=date(2026, 11, 1), on=date(2026, 12, 1))
    assert Alert.objects.get().closed_at is not None


def test_an_older_month_does_not_close_the_alert_of_a_later_one():
    provider = make_network_member()
    make_placement(provider)
    declared_by(provider, 54)
    declared_by(provider, 20, month=date(2026, 9, 1))
    assert Alert.objects.get().closed_at is None


def test_a_month_checked_for_nothing_is_no_error():
    declaration = make_declared_month(1, 30)
    MonthlyDeclaration.objects.update(status="open")
    assert check_quota(declaration, AT) is None
