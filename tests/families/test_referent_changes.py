"""Another référent emploi in mid-contract: it reads, signs alone, and has the file."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from avip.models import Outbox
from avip.workflow import StepRefused
from families.contract_text import sha256_of
from families.models import AvipContract, Household, ReferentChange, Referral
from families.workflow import contracts, referents
from partners.models import Membership
from tests import factories as base
from tests.families import factories as f
from tests.families.pages import signed_in, text_of, url

pytestmark = pytest.mark.django_db

ON = date(2026, 2, 11)
NOW = f.AT + timedelta(days=30)


@pytest.fixture
def contract():
    return f.make_contract("active")


@pytest.fixture
def newcomer():
    return base.make_user("Leïla", "Amrani", member_of=base.make_agency("Mission Locale Nord"))


def propose(contract, newcomer, reason="left", by=None):
    agency = newcomer.memberships.get().agency
    return referents.propose_change(
        contract, to_agency=agency, reason=reason, by=by or contract.adviser, on=ON, at=NOW
    )


def accept(change, by):
    sha = sha256_of(referents.frozen_text(change))
    referents.accept_change(change, text_sha256=sha, by=by, on=ON, at=NOW)


@pytest.mark.parametrize("reason", ["left", "age", "moved"])
def test_the_new_agency_signs_alone_and_the_contract_goes_on(contract, newcomer, reason):
    before, html = contract.end_on, contract.version.html
    change = propose(contract, newcomer, reason)
    accept(change, newcomer)
    contract.refresh_from_db()
    assert (contract.status, contract.end_on) == ("active", before)
    assert contract.version.html == html and contract.adviser == newcomer
    assert contract.agency == contract.household.agency == change.to_agency
    change.refresh_from_db()
    assert change.signed_by == newcomer and change.from_on == ON
    text = change.history.get(step="accept").comment
    assert sha256_of(text) == change.text_sha256
    assert "Fatoumata D." in text and change.get_reason_display() in text


def test_the_former_agency_keeps_no_access(contract, newcomer):
    former = contract.adviser
    accept(propose(contract, newcomer), newcomer)
    for model in (AvipContract, Household, Referral):
        assert not model.objects.visible_to(former).exists()
        assert model.objects.visible_to(newcomer).count() == 1


def test_until_it_signs_the_new_agency_reads_the_text_and_nothing_else(contract, newcomer):
    change = propose(contract, newcomer)
    client = signed_in(newcomer)
    page = text_of(client.get(reverse("families:referent_change", args=[change.pk])))
    assert "Fatoumata D." in page and "Diallo" not in page and "Issa" not in page
    assert client.get(contract.get_absolute_url()).status_code == 404


def test_when_the_agency_is_closed_its_caf_proposes_another(contract, newcomer):
    officer = base.make_user(member_of=contract.caf)
    with pytest.raises(PermissionDenied):
        propose(contract, newcomer, by=officer)
    Membership.objects.filter(agency=contract.agency).update(ends_on=ON - timedelta(days=1))
    change = propose(contract, newcomer, "agency_closed", by=base.make_user(member_of=contract.caf))
    accept(change, newcomer)
    contract.refresh_from_db()
    assert contract.agency == change.to_agency
    assert "Diallo" not in referents.frozen_text(change)


def test_the_creche_may_propose_and_everybody_is_told(contract, newcomer):
    director = f.director_of(contract.provider)
    change = propose(contract, newcomer, by=director)
    assert Outbox.objects.get(kind="families.referent_proposed").recipient_id == str(newcomer.pk)
    accept(change, newcomer)
    told = set(
        Outbox.objects.filter(kind="families.referent_changed").values_list(
            "recipient_id", flat=True
        )
    )
    former = Membership.objects.get(agency=change.from_agency).user_id
    assert told == {str(director.pk), str(former)}
    assert Outbox.objects.filter(kind="families.parent_new_referent").count() == 1


def test_a_refusal_changes_nothing_and_is_told(contract, newcomer):
    before = contract.agency
    change = propose(contract, newcomer)
    referents.decline_change(change, by=newcomer, on=ON, at=NOW)
    contract.refresh_from_db()
    assert contract.agency == before
    assert Outbox.objects.filter(kind="families.referent_declined").exists()
    propose(contract, newcomer)  # another may be asked


def test_one_proposal_at_a_time_and_none_to_an_empty_agency(contract, newcomer):
    propose(contract, newcomer)
    with pytest.raises(StepRefused):
        propose(contract, newcomer)
    empty = base.make_agency("Agence vide")
    with pytest.raises(StepRefused):
        referents.propose_change(
            f.make_contract("active"),
            to_agency=empty,
            reason="left",
            by=AvipContract.objects.exclude(pk=contract.pk).get().adviser,
            on=ON,
            at=NOW,
        )


def test_strangers_neither_propose_nor_sign(contract, newcomer):
    stranger = f.make_contract("active").adviser
    with pytest.raises(PermissionDenied):
        propose(contract, newcomer, by=stranger)
    change = propose(contract, newcomer)
    for by in (stranger, contract.adviser, f.director_of(contract.provider)):
        with pytest.raises(PermissionDenied):
            accept(change, by)
    with pytest.raises(StepRefused):
        referents.accept_change(change, text_sha256="0" * 64, by=newcomer, on=ON, at=NOW)
    assert ReferentChange.objects.get().status == "proposed"


def test_the_password_is_asked_again_to_sign(live, newcomer, of_today):
    f.sign_all(live.version, on=of_today["on"], at=of_today["at"])
    live.refresh_from_db()
    client = signed_in(live.adviser)
    agency = newcomer.memberships.get().agency
    sent = {"to_agency": agency.pk, "reason": "age"}
    client.post(url("referent_propose", live), sent)
    change = ReferentChange.objects.get()
    other = signed_in(newcomer)
    session = other.session
    session["account_authentication_methods"] = [{"method": "password", "at": 0}]
    session.save()
    page = reverse("families:referent_change", args=[change.pk])
    sha = sha256_of(referents.frozen_text(change))
    answer = other.post(page, {"text_sha256": sha, "consent": "on"})
    assert answer.url.startswith("/compte/confirmer/")
    change.refresh_from_db()
    assert change.status == "proposed"


def test_no_text_waits_under_the_name_of_the_former_agency(contract, newcomer):
    """The whole file goes: the other contract of the family is signed, or given up, before."""
    referral = f.make_referral(
        "confirmed",
        household=contract.household,
        adviser=contract.adviser,
        children=contract.household.children.all(),
        from_on=contract.end_on + timedelta(days=3),
    )
    waiting = f.make_contract(referral=referral)
    with pytest.raises(StepRefused, match="Un autre contrat de la famille attend"):
        propose(contract, newcomer)
    contracts.cancel(waiting, by=contract.adviser, on=f.ON)
    assert propose(contract, newcomer).status == "proposed"
