"""The point before the end: each says its part, all read the three, nothing is decided by it."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from avip.workflow import StepRefused
from families.models import AvipContract, ContractReview
from families.workflow import reviews
from tests.families.declared import make_labelled_facility, make_placement
from tests.families.factories import director_of
from tests.families.pages import signed_in, text_of, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def contract():
    today = timezone.localdate()
    return make_placement(
        make_labelled_facility(),
        start_on=today - timedelta(days=70),
        end_on=today + timedelta(days=20),
    ).contract


def test_three_parts_are_said_and_shown_together(contract):
    director, adviser = director_of(contract.provider), contract.adviser
    signed_in(director).post(url("review", contract), {"care": "renew"})
    signed_in(adviser).post(url("review", contract), {"adviser": "change", "parent": "renew"})
    review = ContractReview.objects.get()
    assert (review.care_opinion, review.adviser_opinion) == ("renew", "change")
    assert review.parent_wish == "renew" and review.parent_said_at
    for person in [director, adviser]:
        for page in [contract.get_absolute_url(), url("contract_renew", contract)]:
            assert "Renouveler avec d’autres horaires" in text_of(signed_in(person).get(page))


def test_the_creche_does_not_speak_for_the_others(contract, caf_agent):
    on = timezone.localdate()
    director = director_of(contract.provider)
    for person, part in [(director, "adviser"), (director, "parent"), (caf_agent, "care")]:
        with pytest.raises(PermissionDenied):
            reviews.say(contract, by=person, on=on, part=part, opinion="stop")


def test_nothing_is_said_of_a_contract_that_is_over(contract):
    on = timezone.localdate()
    AvipContract.objects.update(status="ended", ended_on=on)
    with pytest.raises(StepRefused, match="plus en cours"):
        reviews.say(contract, by=contract.adviser, on=on, part="adviser", opinion="stop")


def test_the_point_is_made_in_the_last_month(contract):
    days = timedelta(days=30)
    assert reviews.is_due(contract, contract.end_on - days)
    assert not reviews.is_due(contract, contract.end_on - days - timedelta(days=1))


def test_the_page_says_what_happens_without_a_renewal(contract):
    text = text_of(signed_in(contract.adviser).get(url("contract_renew", contract)))
    assert "Sans renouvellement" in text and "l’issue se note" in text
