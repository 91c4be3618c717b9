"""What life brings: a gateway that refuses, an agency that closes, a family from elsewhere."""

from datetime import timedelta

import pytest
from django.utils import timezone

from avip import outbox
from avip.models import Outbox
from families.models import AvipContract, Household, Referral
from families.workflow import contracts, referrals
from partners.models import Membership
from tests import factories as base
from tests.families import factories as f
from tests.families.pages import signed_in, text_of, url

pytestmark = pytest.mark.django_db


def gateway_that_refuses(number, text):
    raise OSError("402 Payment Required")


def test_an_sms_that_the_gateway_refuses_stays_on_the_list_of_the_adviser(settings, live, of_today):
    """The family is not left untold: nobody believes that it knows."""
    settings.SMS_BACKEND = f"{__name__}.gateway_that_refuses"
    referral = f.make_referral(
        provider=live.provider, household=f.make_household(live.agency), **of_today
    )
    referrals.refuse(
        referral, by=f.director_of(live.provider), reason="full",
        on=of_today["on"], at=of_today["at"],
    )  # fmt: skip
    outbox.deliver_due()
    row = Outbox.objects.get(kind="families.referral_sms", object_id=str(referral.pk))
    assert row.done_at is None and row.tries == 1 and "402" not in row.error
    referral.refresh_from_db()
    assert referral.told_at is None


def test_a_code_that_the_gateway_refuses_leaves_two_other_ways(settings, live, parent):
    settings.SMS_BACKEND = f"{__name__}.gateway_that_refuses"
    client, page = signed_in(live.adviser), url("sign_on_site", live, parent.pk)
    client.post(url("sign_on_site_code", live, parent.pk))
    outbox.deliver_due()
    said = text_of(client.get(page))
    assert "Ce code n’a pas pu partir" in said
    assert url("sign_attested", live, parent.pk) in said
    assert url("sign_on_paper", live, parent.pk) in text_of(client.get(live.get_absolute_url()))


def test_the_caf_of_the_provider_rules_and_that_of_the_family_sees_nothing(other_caf):
    """The family lives in one département, the crèche is in another."""
    household = f.make_household(caf=other_caf)
    contract = f.make_contract("active", household=household)
    assert contract.caf == contract.provider.caf != household.caf
    home = base.make_user(member_of=other_caf, quality="chargée de conseil")
    theirs = f.make_contract(
        "active", provider=f.make_labelled(base.make_facility("Chez elle", caf=other_caf))
    )
    assert list(AvipContract.objects.visible_to(home)) == [theirs]
    assert list(Referral.objects.visible_to(home)) == [theirs.referral]
    assert not Household.objects.visible_to(home).exists()
    assert signed_in(home).get(contract.get_absolute_url()).status_code == 404


def test_when_an_agency_closes_the_others_read_whom_to_turn_to(live, of_today):
    """Its last member has gone; the contract goes on, and another agency is proposed."""
    f.sign_all(live.version, on=of_today["on"], at=of_today["at"])
    yesterday = timezone.localdate() - timedelta(days=1)
    Membership.objects.filter(agency=live.agency).update(ends_on=yesterday)
    live.refresh_from_db()
    assert live.status == "active"
    for person in (f.director_of(live.provider), base.make_user(member_of=live.caf)):
        page = text_of(signed_in(person).get(live.get_absolute_url()))
        assert "n’a plus personne pour suivre cette famille" in page
        assert url("referent_propose", live) in page


def test_a_director_who_has_gone_leaves_the_pen_to_her_colleague(live, of_today):
    """Her name stays in the text; whoever answers for the crèche now signs, under her own."""
    Membership.objects.filter(provider=live.provider).update(
        ends_on=of_today["on"] - timedelta(days=1)
    )
    care = live.version.signatories.get(role="care")
    successor = base.make_user("Lina", "Haddad", member_of=live.provider, quality="directrice")
    signature = contracts.sign(
        live.version,
        signatory=care,
        method="account",
        text_sha256=live.version.text_sha256,
        by=successor,
        **{name: of_today[name] for name in ("on", "at")},
    )
    assert (signature.user, care.name) == (successor, "Nadia Benali")
    assert signature.evidence["by"]["name"] == "Lina Haddad"
