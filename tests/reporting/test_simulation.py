"""Which crèches a rule of the quota would touch, before it is set; nothing is written."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from families.models import Alert, QuotaCheck
from labels.models import LocalRule
from labels.rules import rules_for
from reporting.simulation import can_simulate, simulate
from tests.families.declared import AT, ON, make_declared_month, make_labelled_facility

URL = "/regles/quota_rate/simuler/"


@pytest.fixture
def declared(caf):
    """Three crèches: 4 of 10 children, 2 of 9, 1 of 10."""
    for name, avip, present in [("Large", 4, 10), ("Juste", 2, 9), ("Sous", 1, 10)]:
        make_declared_month(avip, present, provider=make_labelled_facility(name, caf=caf))


@pytest.fixture
def today(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: AT)


def tried(caf, by, key="quota_rate", value=Decimal("0.25")):
    return simulate(by, caf, key, value, on=ON, at=AT)


def test_it_says_which_creches_would_fall_short_and_which_change(declared, caf, caf_agent):
    found = tried(caf, caf_agent)
    assert found.month == date(2026, 10, 1)
    assert (found.judged, found.short_before) == (3, 1)
    assert [str(one.provider) for one in found.short] == ["Juste", "Sous"]
    assert [str(one.provider) for one in found.changed] == ["Juste"]
    assert found.changed[0].words == ("conforme", "sous le seuil")
    assert [str(one.provider) for one in found.shown] == ["Juste", "Sous"]


def test_nothing_is_written(declared, caf, caf_agent):
    before = list(QuotaCheck.objects.values_list("pk", "verdict", "required_bp"))
    tried(caf, caf_agent)
    assert list(QuotaCheck.objects.values_list("pk", "verdict", "required_bp")) == before
    assert not LocalRule.objects.exists()
    assert rules_for(caf, ON).quota_rate == Decimal("0.20")


def test_a_rate_met_to_the_child_is_met(caf, caf_agent):
    make_declared_month(2, 8, provider=make_labelled_facility("Juste", caf=caf))
    assert tried(caf, caf_agent).short == []
    assert len(tried(caf, caf_agent, value=Decimal("0.2501")).short) == 1


def test_the_other_rules_of_the_quota_are_tried_too(declared, caf, caf_agent):
    informed = tried(caf, caf_agent, "quota_mode", "informative")
    assert [one.words[1] for one in informed.changed] == ["sous le seuil, pour information"]
    by_places = tried(caf, caf_agent, "quota_basis", "places")
    assert {one.after.verdict for one in by_places.outcomes} == {"not_assessable"}
    ramping = tried(caf, caf_agent, "quota_ramp_up_months", 60)
    assert {one.after.verdict for one in ramping.outcomes} == {"ramp_up"}
    assert tried(caf, caf_agent, "quota_period", "year").judged == 3


def test_those_that_have_not_declared_are_said_and_not_judged(declared, caf, caf_agent):
    make_labelled_facility("Silencieuse", caf=caf)
    found = tried(caf, caf_agent)
    assert (found.judged, found.undeclared) == (3, 1)


def test_a_month_that_few_have_declared_yet_waits(declared, caf, caf_agent):
    make_declared_month(
        0, 10, provider=make_labelled_facility("En avance", caf=caf), month=date(2026, 9, 1)
    )
    assert tried(caf, caf_agent).month == date(2026, 10, 1)


def test_without_a_declared_month_there_is_nothing_to_judge(caf, caf_agent):
    make_labelled_facility("Neuve", caf=caf)
    assert tried(caf, caf_agent) is None


def test_the_neighbours_creches_are_not_judged(declared, caf, other_caf, other_caf_agent):
    assert tried(caf, other_caf_agent) is None


@pytest.mark.parametrize(
    ("key", "yes"),
    [
        ("quota_rate", True),
        ("quota_max_child_age_months", False),
        ("label_duration_months", False),
        ("rien", False),
    ],
)
def test_only_what_a_caf_may_set_of_the_quota_is_tried(key, yes):
    assert can_simulate(key) == yes


def test_the_responsable_tries_then_sets(client, declared, caf, caf_manager, today):
    client.force_login(caf_manager)
    page = client.get(URL, {"value": "25"}).content.decode()
    assert "crèches seraient sous le seuil" in page and "Juste" in page
    assert "Fixer «\xa025\xa0%\xa0»" in page
    sent = {
        "value": "25",
        "valid_from": "2027-01-01",
        "reference": "Comité",
        "motive": "Tension locale",
    }
    client.post(URL, sent)
    assert rules_for(caf, date(2027, 1, 1)).quota_rate == Decimal("0.25")
    assert not Alert.objects.filter(month__gte=date(2027, 1, 1)).exists()


def test_a_value_under_the_law_asks_for_its_derogation_and_keeps_what_was_typed(
    client, declared, caf_manager, today
):
    client.force_login(caf_manager)
    sent = {"value": "10", "valid_from": "2027-01-01", "reference": "R", "motive": "Mon motif"}
    page = client.post(URL, sent).content.decode()
    assert "référence de la dérogation" in page and "Mon motif" in page
    assert "Avec «\xa010\xa0%\xa0»" in page
    assert not LocalRule.objects.exists()


def test_the_agent_tries_and_does_not_set(client, declared, caf_agent, today):
    client.force_login(caf_agent)
    page = client.get(URL, {"value": "25"}).content.decode()
    assert "Seul un responsable" in page and "Fixer cette valeur" not in page
    assert client.post(URL, {"value": "25"}).status_code == 403


def test_the_director_tries_nothing(client, declared, director):
    client.force_login(director)
    assert client.get(URL).status_code == 403


@pytest.mark.parametrize("value", ["", "beaucoup", "150"])
def test_a_value_that_does_not_read_is_said(client, caf_agent, value):
    client.force_login(caf_agent)
    response = client.get(URL, {"value": value})
    assert "value" in response.context["trial"].errors


def test_as_many_queries_for_twelve_creches_as_for_three(client, declared, caf, caf_agent, today):
    client.force_login(caf_agent)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get(URL, {"value": "25"})
        return len(captured)

    first = queries()
    for number in range(9):
        make_declared_month(1, 10, provider=make_labelled_facility(f"C{number}", caf=caf))
    assert queries() == first
    assert reverse("reporting:simulation", args=["quota_rate"]) == URL
