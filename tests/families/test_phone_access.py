"""A childminder without an e-mail address: her link, her code, her space, her signature."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from avip import outbox
from avip.models import Outbox
from avip.workflow import StepRefused
from families import signing
from families.models import SigningCode
from labels.childminders import open_phone_access
from labels.notifications import tell
from partners import phone_access
from partners.models import PhoneCode, PhoneLink, User
from tests import factories as f
from tests.families import factories as ff

pytestmark = pytest.mark.django_db
CODE, LOST = reverse("partners:phone_code"), reverse("partners:phone_lost")
TODO = reverse("reporting:todo")


@pytest.fixture
def rosa(service, coordinator):
    provider = ff.make_network_member("Rosa Ferreira", service=service)
    provider.phone = "0612345678"
    provider.save()
    return provider


@pytest.fixture
def link(rosa, coordinator):
    return open_phone_access(rosa, by=coordinator, at=timezone.now())


@pytest.fixture
def sms(monkeypatch):
    """The SMS that left: [(number, text)]."""
    sent = []
    monkeypatch.setattr("avip.mail.send_sms", lambda number, text: sent.append((number, text)))
    return sent


def deliver(kind=""):
    for row in Outbox.objects.filter(done_at=None, kind__startswith=kind):
        assert outbox.deliver(row.pk)


def open_link(client, link):
    path = phone_access.address_of(link)
    return client.get(path[path.index("/t/") :])


def come_in(client, link):
    open_link(client, link)
    client.post(CODE, {"send": "1"})
    code = PhoneCode.objects.latest("sent_at")
    return client.post(CODE, {"code": phone_access.digits_of(code)})


def test_her_space_opens_with_a_link_and_a_code(client, link, rosa, sms):
    deliver("partners.")
    ((number, text),) = sms
    assert number == "0612345678" and phone_access.address_of(link) in text
    assert "Rosa" not in text and len(text) <= 160
    assert come_in(client, link)["Location"] == TODO
    page = client.get(TODO).content.decode()
    assert "Rosa Ferreira" in page
    assert client.session.get_expiry_age() <= 120 * 60


def test_opening_the_link_changes_nothing_and_names_nobody(client, link):
    open_link(client, link)
    page = client.get(CODE).content.decode()
    client.head(CODE)
    assert "Recevoir mon code" in page and "Rosa" not in page and "5678" not in page
    assert not PhoneCode.objects.exists()
    assert client.get(TODO).status_code == 302


def test_a_wrong_code_is_counted_and_dies(client, link):
    open_link(client, link)
    client.post(CODE, {"send": "1"})
    right = phone_access.digits_of(PhoneCode.objects.get())
    wrong = "000000" if right != "000000" else "111111"
    for _ in range(5):
        page = client.post(CODE, {"code": wrong}).content.decode()
    assert "demandez-en un nouveau" in page
    client.post(CODE, {"code": right})
    assert client.get(TODO).status_code == 302


def test_codes_leave_three_times_an_hour(client, link):
    open_link(client, link)
    for _ in range(3):
        client.post(CODE, {"send": "1"})
    page = client.post(CODE, {"send": "1"}).content.decode()
    assert "codes sont déjà partis" in page
    assert PhoneCode.objects.count() == 3


def test_the_code_of_another_browser_opens_nothing(client, link):
    phone_access.send_code(link, at=timezone.now())
    digits = phone_access.digits_of(PhoneCode.objects.get())
    open_link(client, link)
    client.post(CODE, {"code": digits})
    assert client.get(TODO).status_code == 302


def test_the_link_of_somebody_else_opens_her_own_space_only(client, link, service, coordinator):
    other = ff.make_network_member("Fatou Sy", service=service)
    other.phone = "0700000001"
    other.save()
    theirs = open_phone_access(other, by=coordinator, at=timezone.now())
    come_in(client, theirs)
    assert client.get(link.user.memberships.get().provider.get_absolute_url()).status_code == 404


def test_two_presses_open_one_account(rosa, link, coordinator):
    with pytest.raises(StepRefused, match="déjà un espace"):
        open_phone_access(rosa, by=coordinator, at=timezone.now())
    assert User.objects.filter(email=None).count() == 1


def test_a_revoked_link_turns_her_out_and_a_new_one_comes_in(client, rosa, link, coordinator):
    come_in(client, link)
    phone_access.revoke(rosa, by=coordinator, at=timezone.now())
    assert client.get(TODO).status_code == 302
    open_link(client, link)
    assert "n’ouvre plus rien" in client.get(CODE).content.decode()
    again = phone_access.send_again(rosa, by=coordinator, at=timezone.now())
    assert come_in(client, again)["Location"] == TODO


def test_a_new_number_ends_the_former_link(client, rosa, link, coordinator):
    come_in(client, link)
    old = phone_access.address_of(link)
    rosa.phone = "0700000002"
    rosa.save()
    phone_access.number_changed(rosa, at=timezone.now())
    new = PhoneLink.objects.get()
    assert new.user.phone == "0700000002" and phone_access.address_of(new) != old
    assert client.get(TODO).status_code == 302


def test_no_link_leaves_to_a_stolen_mobile_once_a_landline_replaces_it(rosa, link, coordinator):
    rosa.phone = "0140000001"
    rosa.save()
    phone_access.number_changed(rosa, at=timezone.now())
    link.refresh_from_db()
    assert link.revoked_at and link.user.phone == "0140000001"
    with pytest.raises(StepRefused, match="mobile"):
        phone_access.send_again(rosa, by=coordinator, at=timezone.now())
    rosa.phone = "0700000002"
    rosa.save()
    again = phone_access.send_again(rosa, by=coordinator, at=timezone.now())
    assert (again.user.phone, again.revoked_at) == ("0700000002", None)


def test_her_rights_end_with_her_membership(client, link):
    come_in(client, link)
    link.user.memberships.update(
        starts_on="2020-01-01", ends_on=timezone.localdate() - timedelta(days=1)
    )
    open_link(client, link)
    assert "n’ouvre plus rien" in client.get(CODE).content.decode()


@pytest.mark.parametrize("phone", ["06 12 34 56 78", "06 99 99 99 99"])
def test_a_lost_link_leaves_again_and_the_page_says_nothing(client, link, phone):
    two_hours_ago(link)
    for _ in range(2):  # again at once: once per hour
        page = client.post(LOST, {"phone": phone}).content.decode()
        assert "Si un espace est ouvert" in page
        assert Outbox.objects.about(link).count() == (2 if "12 34" in phone else 1)


def two_hours_ago(link):
    """What left left two hours earlier."""
    PhoneLink.objects.update(issued_at=F("issued_at") - timedelta(hours=2))
    Outbox.objects.about(link).update(created_at=F("created_at") - timedelta(hours=2))


def test_whoever_types_her_number_voids_no_link_and_sends_her_few_messages(client, link, sms):
    for _ in range(6):
        two_hours_ago(link)
        client.post(LOST, {"phone": link.user.phone})
    deliver("partners.")
    assert {number for number, _ in sms} == {"0612345678"} and len(sms) == 3
    assert all(phone_access.address_of(link) in text for _, text in sms)
    assert come_in(client, link)["Location"] == TODO


def test_an_expired_link_asked_for_again_is_a_new_one(client, link, sms):
    two_hours_ago(link)
    PhoneLink.objects.update(expires_at=timezone.now())
    client.post(LOST, {"phone": link.user.phone})
    link.refresh_from_db()
    assert link.generation == 2 and link.is_open(timezone.now())


def test_a_mail_becomes_one_sms_without_a_name(rosa, link, sms, mailoutbox):
    member = rosa.network_memberships.get()
    tell("labels.licence_ending", member, [link.user], key=f"{rosa.childminder.licence_until}")
    deliver("labels.licence_ending")
    assert not mailoutbox
    ((number, text),) = sms
    assert number == "0612345678" and phone_access.address_of(link) in text
    assert "agrément" not in text and "Rosa" not in text


def test_every_mail_of_a_request_and_a_contract_reaches_her_by_sms(rosa, link, sms, mailoutbox):
    ff.make_contract("active", provider=rosa)
    deliver("families.referral")
    deliver("families.contract_to_sign")
    deliver("families.contract_signed")
    assert not [mail for mail in mailoutbox if not mail.to]
    assert {number for number, text in sms if "/t/" in text} <= {"0612345678"}


def test_the_team_and_the_account_show_somebody_without_an_address(client, link, coordinator):
    client.force_login(coordinator)
    assert "Rosa Ferreira" in client.get(reverse("partners:team")).content.decode()
    come_in(client, link)
    page = client.get(reverse("partners:account")).content.decode()
    assert "0612345678" in page and "Changer de mot de passe" not in page
    client.post(reverse("partners:account"), {"first_name": "Rosa", "last_name": "F"})
    link.user.refresh_from_db()
    assert (link.user.last_name, link.user.phone) == ("F", "0612345678")


def test_only_her_coordination_opens_her_space(rosa, caf):
    other = f.make_user("Ève", "Autre", member_of=f.make_service("RPE 19e", caf=caf))
    with pytest.raises(PermissionDenied):
        open_phone_access(rosa, by=other, at=timezone.now())


def test_who_did_not_wish_to_join_has_no_space(service, coordinator):
    provider = f.make_childminder(service=service)
    provider.phone = "0612345678"
    provider.save()
    with pytest.raises(StepRefused, match="souhait"):
        open_phone_access(provider, by=coordinator, at=timezone.now())


def test_she_signs_with_a_code_in_the_place_of_a_password(client, rosa, link, sms, of_today):
    contract = ff.make_contract("to_sign", provider=rosa, **of_today)
    come_in(client, link)
    url = reverse("families:contract_sign", args=[contract.pk])
    assert "Recevoir mon code" in client.get(url).content.decode()
    client.post(reverse("families:contract_sign_code", args=[contract.pk]))
    code = SigningCode.objects.get()
    form = {"text_sha256": contract.version.text_sha256, "consent": "on"}
    client.post(url, form | {"code": "12"})
    client.post(url, form)
    assert not contract.version.signatures.exists()
    client.post(url, form | {"code": signing.code_digits(code)})
    signature = contract.version.signatures.get()
    assert (signature.method, signature.user) == ("account", link.user)
    assert signature.evidence["code"]["channel"] == "sms"
    assert signature.how == "dans son compte, code reçu par SMS"


def test_the_code_sent_to_her_former_number_signs_nothing(client, rosa, coordinator, of_today):
    contract = ff.make_contract("to_sign", provider=rosa, **of_today)
    codes = [
        signing.send_code(
            contract.version.signatories.get(role=role),
            channel="sms",
            by=coordinator,
            at=timezone.now(),
        )
        for role in ("care", "parent")
    ]
    client.force_login(coordinator)
    page = reverse("families:childminder_update", args=[rosa.pk])
    form = client.get(page).context["form"]
    data = {name: form[name].value() or "" for name in form.fields}
    for phone in ("0612345678", "0700000002"):
        assert client.post(page, data | {"phone": phone}).status_code == 302
        alive = [signing.waiting_code(code.signatory, at=timezone.now()) for code in codes]
        assert alive == ([None, codes[1]] if phone == "0700000002" else codes)


def test_nobody_signs_by_a_session_alone(client, rosa, link):
    contract = ff.make_contract("to_sign", provider=rosa)
    care = contract.version.signatories.get(role="care")
    with pytest.raises(StepRefused, match="code"):
        ff.contracts.sign(
            contract.version,
            signatory=care,
            method="account",
            text_sha256=contract.version.text_sha256,
            by=User.objects.get(pk=link.user_id),
            on=ff.ON,
            at=timezone.now(),
        )


def test_without_a_password_she_attests_nobodys_identity(client, rosa, link, of_today):
    contract = ff.make_contract("to_sign", provider=rosa, **of_today)
    parent = contract.version.signatories.get(role="parent")
    come_in(client, link)
    url = reverse("families:sign_attested", args=[contract.pk, parent.pk])
    form = {"text_sha256": contract.version.text_sha256, "consent": "on", "identity_seen": "on"}
    assert client.post(url, form)["Location"] == contract.get_absolute_url()
    assert not contract.version.signatures.exists()
