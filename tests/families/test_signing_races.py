"""Everybody presses at the same instant: one signature each, one contract in force."""

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import OperationalError, connection

from avip.models import Outbox
from avip.workflow import StepRefused
from families.models import ContractVersion, Placement, Referral, Signatory, Signature
from families.workflow import contracts
from tests import factories as base
from tests.families import factories as f

ROUNDS = 30 if os.environ.get("AVIP_LONG") else 3

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(acts):
    """Run these at the same instant, each on its own connection; what each returned or raised."""
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


def test_all_parties_signing_at_once_make_one_contract_in_force():
    for _ in range(ROUNDS):
        version = f.make_contract().version
        signatories = list(version.signatories.all())
        results = at_once([lambda s=s: f.sign_as(_fresh(s)) for s in signatories])
        assert all(isinstance(result, Signature) for result in results)
        version = ContractVersion.objects.get(pk=version.pk)
        assert (version.status, version.signatures_count) == ("in_force", 3)
        assert version.contract.status == "active"
        assert Placement.objects.filter(contract=version.contract).count() == 1
        sealings = Outbox.objects.filter(kind="families.contract_pdf", object_id=str(version.pk))
        assert sealings.count() == 1


def test_fifty_presses_of_one_party_are_one_signature():
    version = f.make_contract().version
    care = version.signatories.get(role=Signatory.Role.CARE)
    f.director_of(version.contract.provider)
    presses = 50 if ROUNDS > 3 else 12

    def press():
        try:
            return f.sign_as(_fresh(care))
        except OperationalError:
            return None  # a slow machine: she waited for her own presses, and presses again

    results = [one for one in at_once([press] * presses) if one]
    assert {result.pk for result in results} == {Signature.objects.get().pk}
    version.refresh_from_db()
    assert version.care_signed == 1


def test_a_last_signature_and_a_cancellation_at_once_leave_one_truth():
    for _ in range(ROUNDS):
        version = f.make_contract().version
        f.sign_all(version, but=[Signatory.Role.ADVISER])
        adviser = version.signatories.get(role=Signatory.Role.ADVISER)
        contract = version.contract
        results = at_once(
            [
                lambda s=adviser: f.sign_as(_fresh(s)),
                lambda c=contract: contracts.cancel(c, by=c.adviser, on=f.ON),
            ]
        )
        assert sum(isinstance(result, StepRefused) for result in results) == 1
        version = ContractVersion.objects.get(pk=version.pk)
        assert (version.status, version.contract.status) in {
            ("in_force", "active"),
            ("abandoned", "cancelled"),
        }


def test_two_proposals_at_once_make_one_contract():
    for _ in range(ROUNDS):
        referral = f.make_referral("confirmed")
        colleague = base.make_user("Odile", "Marchand", member_of=referral.agency)
        results = at_once(
            [
                lambda by=by, r=referral.pk: contracts.propose(
                    Referral.objects.get(pk=r),
                    by=by,
                    on=f.ON,
                    start_on=f.FROM_ON,
                    slots=f.NEED,
                    envelope_minutes=24 * 60,
                )
                for by in (referral.adviser, colleague)
            ]
        )
        assert sum(isinstance(result, StepRefused) for result in results) == 1
        assert referral.contracts.count() == 1


def _fresh(signatory):
    """As a page reads it: nothing shared between two threads."""
    return Signatory.objects.get(pk=signatory.pk)
