"""What leaves about a contract: to whom, with which link, and what is never written."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.utils import timezone

from avip import outbox
from families import nightly
from families.models import Signatory
from families.notifications.contracts import link_sms
from families.recipients import people_of
from families.workflow import contracts
from partners.models import Membership
from tests import factories as base
from tests.families import factories as f

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sms_in_a_folder_of_its_own(settings, tmp_path):
    settings.PRIVATE_DIR = tmp_path


def letters(word):
    """The mails already delivered whose subject contains this."""
    outbox.deliver_due()
    return [message for message in mail.outbox if word in message.subject]


def link_of(contract):
    return settings.BASE_URL + contract.get_absolute_url()


def test_who_must_sign_is_written_to_with_the_link_and_no_name(live):
    director = f.director_of(live.provider)
    (letter,) = letters("Un contrat à signer")
    assert letter.to == [director.email]  # its adviser proposed it
    assert link_of(live) in letter.body and link_of(live) in letter.alternatives[0][0]
    parent = live.household.parents.get()
    for secret in (parent.first_name, parent.last_name, "Issa"):
        assert secret not in letter.subject + letter.body
    assert "Sans toutes les signatures" in letter.body


def test_a_childminder_without_account_is_told_through_her_coordinator():
    contract = f.make_contract(provider=f.make_network_member())
    (letter,) = letters("Un contrat à signer")
    assert letter.to == [f.coordinator_of(contract.provider).email]
    assert "Morel" not in letter.subject + letter.body


def test_a_creche_without_members_is_told_through_its_operator():
    operator = base.make_operator()
    boss = base.make_user("Rose", "Gérant", member_of=operator)
    creche = f.make_labelled(base.make_facility(operator=operator))
    version = f.make_contract(provider=creche).version
    care = version.signatories.get(role=Signatory.Role.CARE)
    director = f.director_of(creche)
    assert people_of(care, on=f.ON) == [director]
    director.memberships.all().delete()
    assert people_of(care, on=f.ON) == [boss]


def test_who_has_left_is_not_written_to(live):
    director = f.director_of(live.provider)
    Membership.objects.filter(user=director).update(ends_on=timezone.localdate().replace(year=2021))
    assert letters("Un contrat à signer") == []


def test_all_are_told_when_all_have_signed(live):
    f.sign_all(live.version, on=timezone.localdate(), at=timezone.now())
    told = {letter.to[0] for letter in letters("signé par tous")}
    assert told == {live.adviser.email, f.director_of(live.provider).email}


def test_a_contract_closed_without_signatures_is_said_once_to_each():
    contract = f.make_contract()
    outbox.deliver_due()
    for _ in range(2):
        nightly.lapse_contracts(contract.start_on.replace(year=2027))
    closed = letters("Un contrat est arrêté")
    assert {letter.to[0] for letter in closed} == {
        contract.adviser.email,
        f.director_of(contract.provider).email,
    }
    assert "clos\xa0: tous ne l’ont pas signé à temps" in closed[0].body


def test_who_cancels_is_not_told_what_she_did(live):
    contracts.cancel(live, by=live.adviser, on=timezone.localdate())
    (letter,) = letters("Un contrat est arrêté")
    assert letter.to == [f.director_of(live.provider).email]


def test_when_the_family_alone_is_missing_its_adviser_is_recalled(live):
    f.sign_all(live.version, on=timezone.localdate(), but=[Signatory.Role.PARENT])
    nightly.recall_unsigned(timezone.localdate() + timedelta(days=3))
    (letter,) = letters("attend encore une signature")
    assert letter.to == [live.adviser.email] and "2\xa0signatures sur 3" in letter.body


def test_the_message_of_a_signed_contract_does_not_ask_to_sign():
    assert "à garder" in link_sms("https://avip.example.fr/p/abc/", to_sign=False)
    assert "signer" not in link_sms("https://avip.example.fr/p/abc/", to_sign=False)
