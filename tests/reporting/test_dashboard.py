from datetime import date

import pytest
from django.utils import timezone

from families.models import AvipContract, QuotaCheck
from labels.models import Label
from labels.rules import rules_for
from partners.models import Membership
from reporting.dashboard import caf_figures, exits, masked, own_gauges
from reporting.demo.build import TINY, build
from tests.factories import make_user


@pytest.fixture
def world(db):
    return build(TINY, timezone.localdate())


def test_the_caf_sees_its_facilities_with_the_verdict_of_their_latest_month(world):
    figures = caf_figures(world.officer, world.caf, world.today)

    running = Label.objects.filter(caf=world.caf, status__in=["active", "notice_given"])
    assert len(figures["labels"]) == running.count()
    for label in figures["labels"]:
        latest = QuotaCheck.objects.filter(provider=label.provider).order_by("-month").first()
        assert label.check == latest
    active = AvipContract.objects.filter(caf=world.caf, status="active").count()
    assert figures["running"] == active > 0


def test_another_caf_sees_nothing_of_this_one(world):
    figures = caf_figures(world.neighbour_officer, world.caf, world.today)

    assert figures["labels"] == [] and figures["running"] == 0
    assert not figures["alerts"]


def test_positive_outcomes_are_those_of_the_rule_over_those_recorded(world):
    contracts = AvipContract.objects.filter(caf=world.caf)
    contracts.filter(status="active").update(status="ended", ended_on=world.today, outcome="")
    begun = contracts.filter(status="ended", start_on__lt=world.today)
    first, second, *_ = begun.filter(ended_on=world.today).not_renewed()
    contracts.filter(pk=first.pk).update(outcome="cdi")
    contracts.filter(pk=second.pk).update(outcome="none")

    found = exits(
        contracts.filter(pk__in=[first.pk, second.pk]),
        rules_for(world.caf, world.today),
        world.today,
    )
    assert (found.ended, found.recorded, found.positive) == (2, 2, 1)
    assert found.positive_bp == 5000


def test_a_national_reader_gets_counts_without_the_small_ones_and_nobodys_own_figure(world):
    reader = make_user("Irène", "Nation")
    Membership.objects.create(user=reader, kind="national", starts_on=date(2020, 1, 1))

    running = AvipContract.objects.filter(caf=world.caf, status="active")
    few = list(running.values_list("pk", flat=True)[:5])
    running.exclude(pk__in=few).update(status="ended", ended_on=world.today)
    figures = caf_figures(reader, world.caf, world.today)
    assert figures["running"] is None  # a handful of contracts
    assert all(label.check is None for label in figures["labels"])
    assert not figures["alerts"]


@pytest.mark.parametrize(("count", "shown"), [(0, 0), (1, None), (10, None), (11, 11)])
def test_a_small_count_is_not_published(count, shown):
    assert masked(count, 11) == shown


def test_a_director_sees_the_gauge_of_her_own_creche_alone(world):
    director = world.directors[world.facilities[0].pk]
    assert {check.provider for check in own_gauges(director)} <= {world.facilities[0]}
