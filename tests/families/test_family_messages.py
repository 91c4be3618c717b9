"""What a family is told: neither more nor less than what happened."""

import pytest

from families.notifications.referrals import sms_text
from tests.families import factories as f

pytestmark = pytest.mark.django_db


@pytest.fixture
def sms(monkeypatch):
    """What leaves by SMS: (number, text)."""
    handed = []
    monkeypatch.setattr("avip.mail.send_sms", lambda number, text: handed.append((number, text)))
    return handed


def test_silence_is_not_said_to_be_an_answer():
    assert "sans réponse" in sms_text(f.make_referral("expired"))
    assert "une réponse" in sms_text(f.make_referral("refused"))
