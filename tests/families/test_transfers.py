"""A request passed on: by the agency, by an operator among its crèches."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from avip.workflow import StepRefused
from families.models import Referral
from families.workflow import referrals
from families.workflow.transfers import first_sent_at
from tests import factories as f
from tests.families import factories as ff
from tests.families.pages import signed_in, text_of

pytestmark = pytest.mark.django_db
Status = Referral.Status


@pytest.fixture
def operator():
    return f.make_operator()


@pytest.fixture
def paula(operator):
    return f.make_user("Paula", "Roux", member_of=operator)


@pytest.fixture
def creches(operator):
    return [ff.make_labelled(f.make_facility(name, operator=operator)) for name in ("Une", "Deux")]


@pytest.mark.parametrize("status", ["sent", "waiting_list", "hours_proposed", "accepted"])
def test_an_operator_passes_a_request_on_with_its_need_and_its_time(paula, creches, status):
    referral = ff.make_referral(status, provider=creches[0])
    following = referrals.transfer(referral, creches[1], by=paula, on=ff.ON)
    assert (referral.status, following.status) == (Status.TRANSFERRED, Status.SENT)
    assert not referral.holds.filter(released_at=None).exists()
    assert following.transferred_from == referral and referral.told_at is None
    assert [str(s) for s in following.slots.all()] == [str(s) for s in referral.slots.all()]
    assert list(following.children.all()) == list(referral.children.all())
    assert first_sent_at(following) == referral.sent_at


def test_it_stays_among_the_creches_of_the_operator(paula, creches):
    referral = ff.make_referral(provider=creches[0])
    stranger = ff.make_labelled(f.make_facility("Ailleurs"))
    with pytest.raises(PermissionDenied):
        referrals.transfer(referral, stranger, by=paula, on=ff.ON)
    with pytest.raises(PermissionDenied):
        referrals.transfer(referral, creches[1], by=f.make_user(member_of=creches[0]), on=ff.ON)
    assert Referral.objects.get().status == Status.SENT


def test_a_creche_without_a_label_receives_nothing(paula, creches):
    referral = ff.make_referral(provider=creches[0])
    creches[1].labels.all().delete()
    with pytest.raises(StepRefused):
        referrals.transfer(referral, creches[1], by=paula, on=ff.ON)
    referral.refresh_from_db()
    assert referral.status == Status.SENT


def test_the_operator_chooses_among_its_own_on_the_page(paula, creches, of_today):
    from datetime import timedelta

    household = ff.make_household(births=[of_today["on"] - timedelta(days=200)])
    referral = ff.make_referral(provider=creches[0], household=household, **of_today)
    ff.make_labelled(f.make_facility("Ailleurs"))
    client = signed_in(paula)
    url = reverse("families:referral_transfer", args=[referral.pk])
    html = text_of(client.get(url))
    assert "Deux" in html and "Ailleurs" not in html
    client.post(url, {"to_provider": creches[1].pk})
    following = Referral.objects.get(transferred_from=referral)
    page = text_of(client.get(following.get_absolute_url()))
    assert "la famille attend depuis" in page
