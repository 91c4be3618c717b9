"""Several presses at the same instant on one place, on one request at the guichet unique."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, time
from threading import Barrier

import pytest
from django.db import connection

from avip.workflow import StepRefused
from families.models import PlaceOffer, Referral
from families.offers import pause, resume, still_free
from families.place_planning import keep_planning
from families.workflow import referrals
from partners.models import Provider, User
from partners.organisations import set_single_counter
from tests import factories as f
from tests.families import factories as ff

pytestmark = pytest.mark.django_db(transaction=True)
TUESDAYS = [(1, time(8, 30), time(16, 30))]


def at_once(acts):
    """Run these at the same instant, each on its own connection; what each returned or refused."""
    barrier = Barrier(len(acts))

    def run(act):
        barrier.wait()
        try:
            return act()
        except StepRefused as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def refusals(results):
    return [result for result in results if isinstance(result, StepRefused)]


def test_two_first_places_at_once_are_one_place():
    claire = ff.make_network_member()
    anne = ff.coordinator_of(claire)

    def describe():
        keep_planning(
            PlaceOffer(),
            Provider.objects.get(pk=claire.pk),
            fields={"from_on": date(2026, 1, 1)},
            slots=TUESDAYS,
            days=[],
            by=anne,
            on=ff.ON,
            seen=0,
        )

    assert len(refusals(at_once([describe] * 4))) == 3
    assert PlaceOffer.objects.count() == 1


def test_pausing_and_confirming_at_once_leave_one_truth():
    claire = ff.make_network_member()
    anne = ff.coordinator_of(claire)
    offer = ff.make_planning(claire, TUESDAYS)

    def fresh():
        return PlaceOffer.objects.select_related("provider__childminder").get(pk=offer.pk)

    acts = [
        lambda: pause(fresh(), by=anne, on=ff.ON),
        lambda: still_free(fresh(), by=anne, on=ff.ON),
    ]
    at_once(acts * 2)
    assert fresh().is_paused_on(ff.ON)
    assert not refusals(at_once([lambda: resume(fresh(), by=anne, on=ff.ON)] * 3))
    assert (fresh().paused_from, fresh().confirmed_on) == (None, ff.ON)


def test_a_request_passed_on_by_two_at_once_reaches_the_creche_once():
    counter = f.make_service(is_single_counter=True)
    hugo = f.make_user("Hugo", "Blanc", member_of=counter)
    asked = ff.make_referral("to_dispatch")

    def pass_on():
        row = Referral.objects.get(pk=asked.pk)
        referrals.dispatch(row, by=User.objects.get(pk=hugo.pk), on=ff.ON, at=ff.AT)

    assert len(refusals(at_once([pass_on] * 3))) == 2
    assert asked.history.filter(step="dispatch").count() == 1


def test_two_services_that_become_the_counter_of_a_commune_at_once_are_one():
    services = [f.make_service("Une"), f.make_service("Deux")]
    people = [f.make_user("A", "B", member_of=one, is_admin=True) for one in services]
    acts = [
        lambda one=one, who=who: set_single_counter(one, wanted=True, by=who)
        for one, who in zip(services, people, strict=True)
    ]
    results = at_once(acts)
    assert sum(result is None for result in results) == 1
    assert type(services[0]).objects.filter(is_single_counter=True).count() == 1
