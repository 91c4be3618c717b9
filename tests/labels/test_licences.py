"""A licence ends: said in time, to her and to her coordination; then no new family."""

from datetime import date, timedelta

import pytest
from dateutil.relativedelta import relativedelta
from django.utils import timezone

from avip import outbox
from avip.models import Outbox
from labels.models import NetworkMember
from labels.models.labels import labelled_providers
from labels.notifications import coordination_of
from labels.tasks.network import warn_of_licences
from tests import factories as f
from tests.families import factories as ff

UNTIL = date(2026, 12, 31)


@pytest.fixture
def claire(service, coordinator):
    return ff.make_network_member(service=service, licence_until=UNTIL)


@pytest.fixture(autouse=True)
def long_ago(claire):
    NetworkMember.objects.update(created_at="2024-01-02T09:00:00Z")


def told():
    return Outbox.objects.filter(kind="labels.licence_ending").count()


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (UNTIL - relativedelta(months=6) - timedelta(days=1), 0),
        (UNTIL - relativedelta(months=6), 1),
        (UNTIL - relativedelta(months=3), 1),
        (UNTIL - relativedelta(months=1), 1),
        (UNTIL, 1),
        (UNTIL + timedelta(days=1), 1),
        (UNTIL + timedelta(days=60), 0),
    ],
)
def test_the_end_is_announced_on_its_days(on, expected):
    warn_of_licences(on)
    warn_of_licences(on)
    assert told() == expected


def test_she_and_her_coordination_are_told(claire, coordinator, mailoutbox):
    herself = f.make_user("Claire", "Morel", member_of=claire)
    until = timezone.localdate() + timedelta(days=20)
    claire.childminder.licence_until = until
    claire.childminder.save()
    warn_of_licences(timezone.localdate())
    for row in Outbox.objects.filter(kind="labels.licence_ending"):
        outbox.deliver(row.pk)
    assert {mail.to[0] for mail in mailoutbox} == {herself.email, coordinator.email}
    assert all("Claire" not in mail.subject for mail in mailoutbox)


def test_a_licence_renewed_meanwhile_is_not_announced(claire, mailoutbox):
    warn_of_licences(UNTIL)
    claire.childminder.licence_until = date(2031, 12, 31)
    claire.childminder.save()
    for row in Outbox.objects.filter(kind="labels.licence_ending"):
        outbox.deliver(row.pk)
    assert not mailoutbox


def test_once_ended_she_takes_nobody_new_until_it_is_renewed(claire):
    after = UNTIL + timedelta(days=1)
    assert labelled_providers(UNTIL).filter(pk=claire.pk).exists()
    assert not labelled_providers(after).filter(pk=claire.pk).exists()
    claire.childminder.licence_until = date(2031, 12, 31)
    claire.childminder.save()
    assert labelled_providers(after).filter(pk=claire.pk).exists()


def test_the_caf_hears_where_the_service_has_nobody_left(claire, coordinator, caf_agent):
    today = timezone.localdate()
    assert list(coordination_of(claire, today)) == [coordinator]
    coordinator.memberships.update(ends_on=today - timedelta(days=1))
    assert list(coordination_of(claire, today)) == [caf_agent]
