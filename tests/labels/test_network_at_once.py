"""The network when two people press at the same moment: one question, one space, one list."""

from datetime import timedelta

import pytest
from django.utils import timezone

from avip.models import Outbox
from labels import workflow
from labels.childminders import open_phone_access
from labels.models import NetworkImport, NetworkMember
from labels.network_import import carry_out, keep_for_preview
from partners.models import Childminder, PhoneLink, Provider, User
from tests import factories as f
from tests.labels.test_at_once import at_once, refusals
from tests.labels.test_network_import import ON, _many

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(service):
    """Two coordinators of one service."""
    return [f.make_user(name, "C", member_of=service) for name in ("Ana", "Bob")]


@pytest.fixture
def claire(service):
    provider = f.make_childminder(service=service)
    provider.phone = "0612345678"
    provider.save()
    return provider


def each(people, act):
    """The same act by each of them, with rows of their own."""
    return at_once(*[lambda pk=p.pk: act(User.objects.get(pk=pk)) for p in people])


@pytest.mark.parametrize("turn", range(3))
def test_two_coordinators_ask_at_once(claire, people, turn):
    today = timezone.localdate()

    def ask(person):
        return workflow.ask_to_join(Provider.objects.get(pk=claire.pk), by=person, on=today)

    assert len(refusals(each(people, ask))) == 1
    assert NetworkMember.objects.count() == Outbox.objects.count() == 1


@pytest.mark.parametrize("turn", range(3))
def test_two_coordinators_open_her_space_at_once(claire, people, turn):
    at = timezone.now() - timedelta(minutes=1)
    workflow.express_wish(claire, by=people[0], on=timezone.localdate())

    def open_it(person):
        return open_phone_access(Provider.objects.get(pk=claire.pk), by=person, at=at)

    assert len(refusals(each(people, open_it))) == 1
    assert PhoneLink.objects.count() == User.objects.filter(email=None).count() == 1


@pytest.mark.parametrize("turn", range(3))
def test_two_coordinators_record_a_list_at_once(service, people, turn):
    kept = keep_for_preview(service, service.caf, _many(20), by=people[0])

    def record(person):
        return carry_out(NetworkImport.objects.get(pk=kept.pk), by=person, on=ON)

    assert sorted(each(people, record)) == [0, 20]
    assert Childminder.objects.count() == 20
