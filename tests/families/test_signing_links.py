"""The parent's own pages: the link locates, the code proves, nothing is said before."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from avip import outbox
from families import signing
from families.models import ParentLink, Signatory, Signature
from families.workflow import contracts
from tests.families import factories as f
from tests.families.pages import text_of

pytestmark = pytest.mark.django_db

HOME, DOCUMENT = reverse("families:parent_home"), reverse("families:parent_document")
LOST = reverse("families:parent_lost")
LIGHT = 50_000  # bytes


@pytest.fixture(autouse=True)
def sms_in_a_folder_of_its_own(settings, tmp_path):
    settings.PRIVATE_DIR = tmp_path


@pytest.fixture
def link(live, parent):
    parent.parent.email = "fatoumata@example.fr"
    parent.parent.save()
    return signing.issue_link(
        live, parent.parent, channel="email", by=live.adviser, at=timezone.now()
    )


@pytest.fixture
def phone():
    """A browser that checks forms, as the real one does, and hides where it comes from."""
    return Client(enforce_csrf_checks=True, HTTP_ORIGIN="null", REMOTE_ADDR="192.0.2.7")


def address(link):
    return reverse("families:parent_entry", args=[signing.link_token(link)])


def press(client, where, **fields):
    """Press the button of the page at this address."""
    client.get(where)
    token = client.cookies["csrf"].value
    return client.post(where, fields | {"csrfmiddlewaretoken": token})


def enter(client, link):
    """From the link to the document: in, a code asked for, its digits typed."""
    assert press(client, address(link)).url == HOME
    press(client, HOME, send="1")
    code = link.codes.latest("sent_at")
    # What waits for her, else her page.
    inside = press(client, HOME, code=signing.code_digits(code)).url
    assert inside in (DOCUMENT, reverse("families:parent_page"))
    return code


def secrets_of(live):
    parent = live.household.parents.get()
    names = [parent.first_name, parent.last_name, parent.phone, parent.email, str(live.code)]
    return [*names, "Issa", str(live.provider), str(live.adviser), str(live.agency), "crèche"]


def test_a_parent_signs_with_her_telephone(live, link, phone):
    entry = phone.get(address(link))
    assert "Un document vous attend" in text_of(entry)
    code = enter(phone, link)
    page = text_of(phone.get(DOCUMENT))
    assert "L’essentiel" in page and "Article 10" in page
    sent = {"text_sha256": live.version.text_sha256, "consent": "on"}
    press(phone, DOCUMENT, **sent)
    signature = Signature.objects.get()
    assert (signature.method, signature.link) == ("link_code", link)
    evidence = signature.evidence
    assert evidence["ip"] == "192.0.2.7"
    assert evidence["code"]["validated_at"] == link.codes.get().used_at.isoformat()
    assert evidence["link"]["channel"] == "email" and evidence["link"]["opened_at"]
    assert code.channel == "sms"
    assert "Vous avez signé le" in text_of(phone.get(DOCUMENT))
    # Pressed twice: quiet.
    assert press(phone, DOCUMENT, **sent).status_code == 302
    assert Signature.objects.count() == 1


def test_opening_the_link_changes_nothing_and_names_nobody(live, link):
    """Mail scanners open every link, with every method they know."""
    before = list(ParentLink.objects.values())
    pages = [address(link), HOME, DOCUMENT, LOST, reverse("families:parent_pdf")]
    for turn in range(50):
        client = Client()
        where = pages[turn % len(pages)]
        for answer in (client.get(where), client.head(where)):
            assert answer.status_code in (200, 302)
            for secret in secrets_of(live):
                assert secret not in text_of(answer)
    assert list(ParentLink.objects.values()) == before
    assert not link.codes.exists()


def test_nothing_personal_is_said_before_the_code(live, link, phone):
    answers = [press(phone, address(link)), phone.get(HOME), press(phone, HOME, send="1")]
    answers += [phone.get(HOME), press(phone, HOME, code="000000")]
    for answer in answers:
        assert not [s for s in secrets_of(live) if s in text_of(answer)]
    assert phone.get(DOCUMENT).url == HOME


def test_pages_are_light_and_leave_no_trace(live, link, phone):
    answers = [phone.get(address(link)), press(phone, address(link)), phone.get(HOME)]
    enter(phone, link)
    answers.append(phone.get(DOCUMENT))
    for answer in answers:
        assert len(answer.content) < LIGHT
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "no-store" in answer["Cache-Control"]
    cookie = phone.cookies["parent"]
    assert cookie["httponly"] and cookie["samesite"] == "Strict" and cookie["max-age"] == 1800
    assert signing.link_token(link) not in text_of(answers[-1])


def test_a_forged_press_is_refused(link):
    client = Client(enforce_csrf_checks=True, HTTP_ORIGIN="null")
    assert client.post(address(link)).status_code == 403
    other = Client(enforce_csrf_checks=True, HTTP_ORIGIN="https://ailleurs.example")
    other.get(address(link))
    token = other.cookies["csrf"].value
    assert other.post(address(link), {"csrfmiddlewaretoken": token}).status_code == 403


def test_five_wrong_codes_kill_the_code_and_another_may_be_asked(link, phone):
    press(phone, address(link))
    press(phone, HOME, send="1")
    code = link.codes.get()
    bad = "000000" if signing.code_digits(code) != "000000" else "000001"
    answers = [text_of(press(phone, HOME, code=bad)) for _ in range(6)]
    assert "Il vous reste 1\xa0essai." in answers[3] and "plus servir" in answers[4]
    assert "plus valable" in answers[5]
    assert "plus valable" in text_of(press(phone, HOME, code=signing.code_digits(code)))
    enter(phone, link)
    press(phone, HOME, send="1")
    assert "3 codes sont déjà partis" in text_of(press(phone, HOME, send="1"))


def test_a_code_asked_for_in_one_browser_opens_nothing_in_another(link, phone):
    press(phone, address(link))
    press(phone, HOME, send="1")
    digits = signing.code_digits(link.codes.get())
    thief = Client(enforce_csrf_checks=True, HTTP_ORIGIN="null")
    press(thief, address(link))
    press(thief, HOME, code=digits)
    assert thief.get(DOCUMENT).url == HOME
    assert link.codes.get().used_at is None


def test_an_expired_link_sends_another_to_the_same_address(live, link, phone):
    outbox.deliver_due()
    long_ago = timezone.now() - timedelta(days=9)
    ParentLink.objects.update(issued_at=long_ago, expires_at=long_ago + timedelta(days=7))
    page = phone.get(address(link))
    assert "Ce lien a expiré" in text_of(page)
    assert press(phone, address(link)).status_code == 200
    assert phone.get(HOME).url == LOST
    again = reverse("families:parent_new_link", args=[signing.link_token(link)])
    token = phone.cookies["csrf"].value
    said = phone.post(again, {"csrfmiddlewaretoken": token})
    outbox.deliver_due()
    link.refresh_from_db()
    assert link.generation == 2 and signing.link_token(link) in mail.outbox[-1].body
    assert mail.outbox[-1].to == ["fatoumata@example.fr"]
    # The same words whether or not anything was sent: nothing to learn.
    nothing = phone.post(again, {"csrfmiddlewaretoken": token})
    outbox.deliver_due()
    assert text_of(nothing) == text_of(said)
    assert sum(message.to == ["fatoumata@example.fr"] for message in mail.outbox) == 2


def test_unknown_and_withdrawn_links_say_the_same(link, phone):
    ParentLink.objects.update(revoked_at=timezone.now())
    unknown = reverse("families:parent_entry", args=["x" * 43])
    one, two = text_of(phone.get(address(link))), text_of(phone.get(unknown))
    assert one == two
    assert "demandez à votre conseiller" in one


def test_a_signed_document_says_so_even_by_an_old_link(live, link, phone):
    enter(phone, link)
    press(phone, DOCUMENT, text_sha256=live.version.text_sha256, consent="on")
    assert "Signé le" in text_of(phone.get(address(link)))
    ParentLink.objects.update(expires_at=timezone.now() - timedelta(days=1))
    page = text_of(phone.get(address(link)))
    assert "Signé le" in page and "nouveau-lien" in page
    assert not [s for s in secrets_of(live) if s in page]


def test_a_link_of_another_contract_signs_nothing(live, link, phone):
    other = f.make_contract()
    stranger = other.version.signatories.get(role=Signatory.Role.PARENT)
    code = signing.send_code(stranger, channel="sms", by=None, at=timezone.now(), link=link)
    signing.try_code(code, signing.code_digits(code), at=timezone.now())
    code.refresh_from_db()
    with pytest.raises(PermissionDenied):
        contracts.sign(
            other.version,
            signatory=stranger,
            method=Signature.Method.LINK_CODE,
            text_sha256=other.version.text_sha256,
            by=link,
            on=f.ON,
            code=code,
        )
    assert not Signature.objects.exists()


def test_a_text_changed_meanwhile_is_not_signed(link, phone):
    enter(phone, link)
    page = press(phone, DOCUMENT, text_sha256="0" * 64, consent="on")
    assert "Le texte a changé" in text_of(page)
    page = press(phone, DOCUMENT, text_sha256="0" * 64)
    assert "Cochez cette case" in text_of(page)
    assert not Signature.objects.exists()


def test_a_link_replaced_meanwhile_closes_the_session(live, link, parent, phone):
    enter(phone, link)
    signing.issue_link(live, parent.parent, channel="email", by=live.adviser, at=timezone.now())
    assert phone.get(DOCUMENT).url == LOST
    assert "n’ouvre rien" in text_of(phone.get(address(link)))


def test_a_link_by_sms_has_its_code_by_mail(live, parent, phone):
    parent.parent.email = "fatoumata@example.fr"
    parent.parent.save()
    link = signing.issue_link(
        live, parent.parent, channel="sms", by=live.adviser, at=timezone.now()
    )
    press(phone, address(link))
    assert "par courriel" in text_of(phone.get(HOME))
    press(phone, HOME, send="1")
    outbox.deliver_due()
    code = link.codes.get()
    assert code.channel == "email" and signing.code_digits(code) in mail.outbox[-1].body
    assert mail.outbox[-1].subject == "Votre code Avip"


def test_a_cancelled_contract_leaves_nothing_to_sign(live, link, phone):
    contracts.cancel(live, by=live.adviser, on=timezone.localdate())
    assert "Il n’y a rien à signer ici" in text_of(phone.get(address(link)))
    assert Client().post(address(link)).status_code == 200
    assert phone.get(HOME).url == LOST


def test_when_all_have_signed_the_parent_is_sent_her_copy(live, link, phone):
    f.sign_all(live.version, on=timezone.localdate(), at=timezone.now())
    outbox.deliver_due()
    copy = next(m for m in mail.outbox if "signé par tous" in m.subject and "fatou" in m.to[0])
    link.refresh_from_db()
    assert signing.link_token(link) in copy.body
    enter(phone, link)
    page = text_of(phone.get(DOCUMENT))
    assert "Tout le monde a signé" in page
    pdf = phone.get(reverse("families:parent_pdf"))
    assert pdf.status_code in (200, 404)  # sealed by the worker, sooner or later
