"""No step leaves the family untold: each one of the table, walked."""

from datetime import timedelta

import pytest
from django.core import mail as sent_mail

from avip import outbox
from avip.models import Outbox
from families.models import Referral
from families.workflow import no_shows, referrals
from families.workflow.referral_steps import FAMILY_KNOWS, NOT_FINAL, REFERRAL
from partners.models import User
from tests import factories as f
from tests.families import factories as ff

pytestmark = pytest.mark.django_db
LATER = ff.AT + timedelta(hours=3)
REVIVALS = [name for name in REFERRAL.steps if name.startswith("revive_")]
WALKS = {
    "accept": "accepted",
    "put_on_waiting_list": "waiting_list",
    "propose_hours": "hours_proposed",
    "shortlist": "shortlisted",
    "refuse": "refused",
    "expire": "expired",
    "cancel": "cancelled",
}


def at_a_counter():
    """A crèche of a commune with a guichet unique."""
    commune = f.make_commune("75101", "Paris 1er Arrondissement")
    counter = f.make_service("Guichet", communes=[commune], is_single_counter=True)
    f.make_user("Hugo", "Blanc", member_of=counter)
    return ff.make_labelled(f.make_facility("Au guichet", commune=commune))


def counter_person(referral):
    return User.objects.get(memberships__service=referral.counter)


def walked(step, phone):
    """A request on which this step was the last."""
    household = ff.make_household(phone=phone)
    if step in WALKS:
        return ff.make_referral(WALKS[step], household=household)
    if step == "transfer":
        referral = ff.make_referral(household=household)
        other = ff.make_labelled(f.make_facility("Ailleurs"))
        referrals.transfer(referral, other, by=referral.adviser, on=ff.ON, at=LATER)
        return referral
    if step == "no_show":
        referral = ff.make_referral("confirmed", household=household)
        no_shows.no_show(referral, by=referral.adviser, on=ff.ON, at=LATER)
        return referral
    if step == "dispatch":
        referral = ff.make_referral("to_dispatch", household=household, provider=at_a_counter())
        outbox.deliver_due()
        referrals.dispatch(referral, by=counter_person(referral), on=ff.ON, at=LATER)
        return referral
    was = step.removeprefix("revive_")
    provider = ff.make_network_member() if was == "to_validate" else None
    provider = at_a_counter() if was == "to_dispatch" else provider
    adviser = ff.make_adviser(household.agency)
    sibling = ff.make_referral(was, household=household, adviser=adviser, provider=provider)
    final = ff.make_referral("confirmed", household=household, adviser=adviser)
    sibling.refresh_from_db()
    assert sibling.status == "obsolete"
    referrals.decline(final, by=adviser, on=ff.ON, at=LATER)
    sibling.refresh_from_db()
    return sibling


@pytest.mark.parametrize("step", [name for name in REFERRAL.steps if name not in FAMILY_KNOWS])
def test_after_every_step_the_family_is_told_or_waits_on_the_list_of_its_adviser(step, monkeypatch):
    handed = []
    monkeypatch.setattr("avip.mail.send_sms", lambda number, text: handed.append(text))
    referral = walked(step, "0600000001")
    assert referral.history.last().step == step
    assert referral.told_at is None
    rows = Outbox.objects.filter(kind="families.referral_sms", object_id=str(referral.pk))
    assert any(f":{step}:" in row.key for row in rows)
    outbox.deliver_due()
    referral.refresh_from_db()
    assert referral.told_at and handed and all(len(text) <= 160 for text in handed)


@pytest.mark.parametrize(
    "step", [n for n in REFERRAL.steps if n not in FAMILY_KNOWS and n not in REVIVALS]
)
def test_without_a_phone_it_is_on_the_list_of_the_adviser(step):
    referral = walked(step, "")
    outbox.deliver_due()
    assert referral in Referral.objects.family_to_tell()


def test_every_state_that_may_be_left_without_an_object_may_be_revived():
    assert {f"revive_{state.value}" for state in NOT_FINAL} == set(REVIVALS)


def test_the_adviser_reads_where_to_come_whom_to_ask_for_and_what_to_bring():
    ff.make_referral("accepted")
    outbox.deliver_due()
    body = next(m.body for m in sent_mail.outbox if "a une place" in m.body)
    for words in ("26 janvier 2026", "3 rue des Rames", "Nadia Benali", "carnet de santé"):
        assert words in body.replace("\u00a0", " ")
    assert "elle a dit oui" in body


def test_a_childminders_address_is_in_no_mail_before_the_contract():
    ff.make_referral("accepted", provider=ff.make_network_member())
    outbox.deliver_due()
    assert not any("rue des Lilas" in m.body for m in sent_mail.outbox)
