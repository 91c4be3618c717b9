"""Early ends with their reason and by whom; the cases that do not stop a contract."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from avip.workflow import StepRefused
from families.models import AvipContract, Hold
from families.workflow import contracts, outcomes
from labels.models import Label
from partners.models import Membership
from tests import factories as people
from tests.families import factories as f
from tests.families.pages import signed_in, text_of, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def contract():
    return f.make_contract("active")


@pytest.fixture
def begun(of_today):
    """A contract whose care began some days ago."""
    contract = f.make_contract("active", **of_today)
    return contract


def test_a_reason_and_who_stops_are_read_by_the_parties(begun):
    client = signed_in(begun.adviser)
    client.post(url("contract_end", begun), {"stop_reason": "provider", "stopped_by": "care"})
    begun.refresh_from_db()
    assert (begun.status, begun.stop_reason, begun.stopped_by) == ("terminated", "provider", "care")
    text = text_of(client.get(begun.get_absolute_url()))
    assert "le mode d’accueil ne peut plus accueillir, par le mode d’accueil" in text


def test_the_notice_cannot_pass_the_end_nor_begin_yesterday(begun):
    client, page = signed_in(begun.adviser), url("contract_end", begun)
    after = begun.end_on + timedelta(days=1)
    text = text_of(client.post(page, {"stop_reason": "moved", "last_day": f"{after}"}))
    assert "Le contrat finit avant ce jour" in text
    yesterday = timezone.localdate() - timedelta(days=1)
    text = text_of(client.post(page, {"stop_reason": "moved", "last_day": f"{yesterday}"}))
    assert "Ce jour est passé" in text
    begun.refresh_from_db()
    assert begun.status == "active"


def test_a_family_that_never_came_frees_the_place_and_marks_the_request(begun):
    AvipContract.objects.filter(pk=begun.pk).update(start_on=timezone.localdate())
    type(begun.referral).objects.filter(pk=begun.referral_id).update(
        from_on=timezone.localdate() - timedelta(days=1)
    )
    client = signed_in(f.director_of(begun.provider))
    client.post(url("contract_end", begun), {"stop_reason": "no_show", "stopped_by": "care"})
    begun.refresh_from_db()
    begun.referral.refresh_from_db()
    assert (begun.status, begun.stop_reason) == ("terminated", "no_show")
    assert begun.referral.status == "no_show"
    assert not Hold.objects.filter(released_at=None).exists()


def test_a_label_lost_lets_the_contract_go_on_and_opens_nothing_new(contract):
    Label.objects.filter(provider=contract.provider).update(ends_on=contract.start_on)
    with pytest.raises(StepRefused, match="pas de label en cours"):
        contracts.renew(contract, by=contract.adviser, on=date(2026, 4, 20))
    contracts.end(contract, on=contract.end_on + timedelta(days=1))
    assert contract.status == "ended"


def test_a_child_who_turns_three_stays_until_the_end_of_the_contract():
    birth = date(2023, 3, 10)
    contract = f.make_contract("active", household=f.make_household(births=(birth,)))
    assert contract.start_on < date(2026, 3, 10) < contract.end_on
    assert contract.placements.get().end_on == contract.end_on


def test_an_agency_that_closes_leaves_the_outcome_to_the_creche(contract):
    day = contract.end_on + timedelta(days=1)
    Membership.objects.filter(agency=contract.agency).update(ends_on=date(2026, 3, 1))
    contracts.end(contract, on=day)
    outcomes.record(contract, by=f.director_of(contract.provider), on=day, outcome="unknown")
    assert contract.outcome == "unknown"


def test_a_director_who_has_gone_leaves_the_end_to_her_operator():
    operator = people.make_operator()
    manager = people.make_user("Ali", "Haddad", member_of=operator)
    provider = f.make_labelled(people.make_facility(operator=operator))
    contract = f.make_contract("active", provider=provider)
    f.director_of(provider).memberships.update(ends_on=date(2026, 2, 1))
    contracts.terminate(
        contract, by=manager, on=date(2026, 3, 2), stop_reason="provider", stopped_by="care"
    )
    assert contract.status == "terminated"
