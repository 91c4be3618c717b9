"""Several people at the same instant, on the real database."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from avip.workflow import StepRefused
from partners import invitations
from partners.models import Membership, User
from tests import factories as f

pytestmark = pytest.mark.django_db(transaction=True)


def all_at_once(*acts):
    """What each act gave: its value, or its refusal."""
    ready = Barrier(len(acts))

    def run(act):
        try:
            ready.wait()
            return act()
        except StepRefused as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def refusals(results):
    return [result for result in results if isinstance(result, StepRefused)]


def test_two_administrators_who_end_each_other_leave_one():
    facility = f.make_facility()
    today = timezone.localdate()
    first, second = (f.make_user(member_of=facility, is_admin=True) for _ in range(2))

    def ends(by, other):
        by = User.objects.get(pk=by.pk)
        membership = Membership.objects.get(user=other)
        return lambda: invitations.end_access(membership, by=by, on=today)

    results = all_at_once(ends(first, second), ends(second, first))
    assert len(refusals(results)) == 1
    assert Membership.objects.in_force(today).filter(is_admin=True).count() == 1


def test_a_link_opened_on_two_screens_makes_one_account():
    facility = f.make_facility()
    director = f.make_user(member_of=facility, is_admin=True)
    invitation = invitations.invite(
        facility, by=director, email="lea@example.fr", first_name="Léa", last_name="Noël"
    )

    def enter():
        return invitations.open_account(
            invitation, first_name="Léa", last_name="Noël", password="quatre rames bleues"
        )

    results = all_at_once(enter, enter, enter)
    assert len(refusals(results)) == 2
    assert Membership.objects.filter(user__email="lea@example.fr").count() == 1
