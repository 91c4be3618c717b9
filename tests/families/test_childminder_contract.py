"""The contract with a childminder: the parent is her employer, her address, the right words."""

import pytest
from django.urls import reverse

from families.documents import essentials_of
from families.models import Signature
from families.workflow import contracts
from partners.models import Childminder, User
from tests import factories as f
from tests.families import factories as ff

pytestmark = pytest.mark.django_db
ADDRESS = "12 rue des Lilas"


def said(html):
    return " ".join(str(html).replace("\xa0", " ").split())


def text_of(response):
    """The page above its footer, which names the directory of crèches."""
    return said(response.content.decode().partition("<footer")[0])


@pytest.fixture
def claire(service, coordinator):
    provider = ff.make_network_member(service=service)
    f.make_user("Claire", "Morel", member_of=provider, quality="assistante maternelle")
    return provider


@pytest.fixture
def contract(claire):
    return ff.make_contract("to_sign", provider=claire)


def test_the_essential_says_who_employs_and_who_pays(contract):
    essential = said(essentials_of(contract.versions.get().html))
    assert "vous êtes son employeur" in essential
    assert "vous signez ce contrat de travail à part, avec elle" in essential
    assert "vous la déclarez à Pajemploi" in essential
    assert "Avip ne paie rien et ne remplace pas Pajemploi" in essential
    assert "crèche" not in said(contract.versions.get().html)


def test_a_creche_s_contract_says_nothing_of_pajemploi():
    html = said(ff.make_contract("to_sign").versions.get().html)
    assert "Pajemploi" not in html and "employeur" not in html


def test_her_address_comes_with_the_contract_and_not_before(client, claire):
    referral = ff.make_referral("confirmed", provider=claire)
    client.force_login(referral.adviser)
    for url in (referral.get_absolute_url(), claire.get_absolute_url()):
        assert ADDRESS not in text_of(client.get(url))
    contract = ff.make_contract("to_sign", referral=referral)
    assert ADDRESS in said(contract.versions.get().html)


def test_without_a_service_the_caf_coordinates(claire):
    referral = ff.make_referral("confirmed", provider=claire)
    Childminder.objects.filter(provider=claire).update(service=None)
    version = contracts.propose(
        type(referral).objects.get(pk=referral.pk),
        by=referral.adviser,
        on=ff.ON,
        at=ff.AT,
        start_on=referral.from_on,
        slots=ff.FOUR_HOURS_ONCE,
        envelope_minutes=24 * 60,
    )
    html = said(version.html)
    assert "membre du réseau labellisé (Caf de Paris)" in html and "None" not in html


def test_she_signs_in_her_account_or_with_her_coordinator(contract, claire, coordinator):
    version = contract.versions.get()
    care = version.signatories.get(role="care")
    herself = User.objects.get(memberships__provider=claire)
    signature = contracts.sign(
        version,
        signatory=care,
        method=Signature.Method.ACCOUNT,
        text_sha256=version.text_sha256,
        by=herself,
        on=ff.ON,
        at=ff.AT,
    )
    assert signature.signatory == care


@pytest.mark.parametrize("name", ["interview_plan", "interview_record", "point_record"])
def test_the_pages_of_the_follow_up_speak_of_her(client, contract, name):
    contract = ff.sign_all(contract.versions.get()).contract
    client.force_login(contract.adviser)
    page = text_of(client.get(reverse(f"families:{name}", args=[contract.pk])))
    assert "l’assistante maternelle" in page and "crèche" not in page
    page = text_of(client.get(contract.get_absolute_url()))
    assert "crèche" not in page
