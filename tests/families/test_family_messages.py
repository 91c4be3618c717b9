"""What a family is told: neither more nor less than what happened."""

import pytest
from django.core import mail
from django.utils import timezone

from avip import outbox
from avip.models import Document
from families.contract_page import documents_of
from families.models import Parent
from families.notifications.referrals import sms_text
from families.wording import SMS_LENGTH
from families.workflow import contracts
from tests.families import factories as f
from tests.families.pages import signed_in, text_of, url

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sms(monkeypatch):
    """What leaves by SMS: (number, text)."""
    handed = []
    monkeypatch.setattr("avip.mail.send_sms", lambda number, text: handed.append((number, text)))
    return handed


def test_silence_is_not_said_to_be_an_answer():
    assert "sans réponse" in sms_text(f.make_referral("expired"))
    assert "une réponse" in sms_text(f.make_referral("refused"))


def stopped(live, **fields):
    """The contract of a parent reached this way, stopped today by its crèche."""
    f.sign_all(live.version, on=timezone.localdate(), at=timezone.now())
    Parent.objects.filter(household=live.household).update(**fields)
    live.refresh_from_db()
    outbox.deliver_due()
    mail.outbox.clear()
    contracts.terminate(
        live, by=f.director_of(live.provider), on=timezone.localdate(), reason="Trop d’absences."
    )
    outbox.deliver_due()
    return live


def test_a_parent_is_told_by_sms_that_her_contract_stops(live, sms):
    stopped(live, phone="06 12 34 56 78", email="fatoumata@example.fr")
    ((number, text),) = [sent for sent in sms if "s'arr" in sent[1]]
    assert number == "06 12 34 56 78" and len(text) <= SMS_LENGTH
    for secret in ("absences", live.provider.public_name, "Diallo", "Fatoumata", "Issa"):
        assert secret not in text


def test_a_parent_without_a_phone_is_told_by_mail(live, sms):
    stopped(live, phone="", email="fatoumata@example.fr")
    (letter,) = [letter for letter in mail.outbox if letter.to == ["fatoumata@example.fr"]]
    assert "Cela seul ne change aucune allocation" in letter.body
    for secret in ("absences", live.provider.public_name, "Diallo", "Fatoumata", "Issa"):
        assert secret not in letter.subject + letter.body + letter.alternatives[0][0]
    assert not [sent for sent in sms if "s'arr" in sent[1]]


def test_a_family_stops_without_giving_a_reason(live):
    f.sign_all(live.version, on=timezone.localdate(), at=timezone.now())
    client = signed_in(live.adviser)
    page = url("contract_end", live)
    assert "Dites pourquoi en une phrase." in text_of(client.post(page, {}))
    assert client.post(page, {"asked_by_family": "on"}).url == live.get_absolute_url()
    live.refresh_from_db()
    assert (live.status, live.end_reason) == ("terminated", "À la demande de la famille.")


@pytest.mark.parametrize(
    ("phone", "email", "by_hand"),
    [("", "", True), ("06 12 34 56 78", "", True), ("06 12 34 56 78", "f@example.fr", False)],
)
def test_the_professionals_know_to_whom_the_paper_must_be_given(live, phone, email, by_hand):
    Parent.objects.filter(household=live.household).update(phone=phone, email=email)
    f.sign_all(live.version, on=timezone.localdate(), at=timezone.now())
    outbox.deliver_due()
    parent = str(live.household.parents.get())
    letters = [letter for letter in mail.outbox if "signé par tous" in letter.subject]
    professionals = [letter for letter in letters if letter.to != [email]]
    assert len(professionals) == 2
    for letter in professionals:
        assert (f"imprimé à {parent}" in letter.body) is by_hand
        assert (parent in letter.alternatives[0][0]) is by_hand
        assert parent not in letter.subject
    version = live.versions.get()
    version.sealed_pdf = Document.objects.write(filename="contrat.pdf", data=b"%PDF")
    notes = [document["note"] for document in documents_of(version)]
    assert any(parent in note for note in notes) is by_hand
