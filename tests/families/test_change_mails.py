"""What leaves when a contract changes: to whom, in which words, and never a name to a parent."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from avip import outbox
from avip.models import Outbox
from families.contract_text import sha256_of
from families.workflow import referents
from families.workflow.adjustments import adjust, cancel_adjustment
from families.workflow.revisions import revise, withdraw_revision
from tests import factories as base
from tests.families import factories as f

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(settings, tmp_path):
    """What leaves from now on: the mails, and the text of the SMS."""
    settings.PRIVATE_DIR = tmp_path

    def deliver():
        outbox.deliver_due()
        assert not Outbox.objects.exclude(error="").exists()
        file = tmp_path / "sms.jsonl"
        return mail.outbox, file.read_text() if file.exists() else ""

    return deliver


@pytest.fixture
def contract(live, of_today):
    f.sign_all(live.version, on=of_today["on"], at=of_today["at"])
    live.refresh_from_db()
    Outbox.objects.all().delete()
    return live


def test_an_adjustment_and_its_end_are_told(contract, sent):
    on, now = timezone.localdate(), timezone.now()
    monday = contract.start_on + timedelta(days=7)
    adjustment = adjust(
        contract,
        [(s, a, b) for s, a, b in f.NEED[:1]],
        monday,
        None,
        by=contract.adviser,
        on=on,
        at=now,
    )
    mails, texts = sent()
    assert "Nouvel horaire" in mails[-1].body and "rien n’est à signer" in mails[-1].body
    assert "changent" in texts and "Issa" not in texts and "Diallo" not in texts
    cancel_adjustment(adjustment, by=contract.adviser, on=on, at=now)
    mails, texts = sent()
    assert "s’appliquent de nouveau" in mails[-1].body and "reviennent" in texts


def test_a_new_text_and_its_withdrawal_are_told(contract, sent):
    on, now = timezone.localdate(), timezone.now()
    who = {"by": contract.adviser, "on": on, "at": now}
    revise(contract, slots=f.NEED, envelope_minutes=20 * 60, **who)
    mails, _ = sent()
    assert "C’est une nouvelle version" in mails[-1].body
    assert "le texte en vigueur continue" in mails[-1].body
    withdraw_revision(contract, **who)
    mails, _ = sent()
    assert "Le contrat en vigueur continue" in mails[-1].body


@pytest.mark.parametrize("answer", ["accept", "decline"])
def test_a_new_referent_is_told_to_all(contract, sent, answer):
    on, now = timezone.localdate(), timezone.now()
    agency = base.make_agency("Mission Locale Nord")
    newcomer = base.make_user("Leïla", "Amrani", member_of=agency)
    change = referents.propose_change(
        contract, to_agency=agency, reason="age", by=contract.adviser, on=on, at=now
    )
    mails, _ = sent()
    assert mails[-1].to == [newcomer.email] and "Lire et répondre" in mails[-1].body
    if answer == "decline":
        referents.decline_change(change, by=newcomer, on=on, at=now)
        mails, _ = sent()
        assert "n’a pas lieu" in mails[-1].body
        return
    sha = sha256_of(referents.frozen_text(change))
    referents.accept_change(change, text_sha256=sha, by=newcomer, on=on, at=now)
    mails, texts = sent()
    assert {m.to[0] for m in mails[-2:]} == {
        f.director_of(contract.provider).email,
        change.asked_by.email,
    }
    assert "nouveau conseiller" in texts
