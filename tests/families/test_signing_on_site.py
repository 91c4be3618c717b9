"""On the professional's screen, on paper, and the link she sends."""

import io
from datetime import timedelta

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from avip import mail, outbox
from families import signing
from families.models import ParentLink, Signature
from families.notifications.contracts import code_sms, link_sms, link_url
from families.wording import GSM, SMS_LENGTH
from tests import factories as base
from tests.families import factories as f
from tests.families.pages import signed_in, text_of, url

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sms_in_a_folder_of_its_own(settings, tmp_path):
    settings.PRIVATE_DIR = tmp_path


def reachable(signatory):
    """A parent with a mail and a phone."""
    signatory.parent.email = "fatoumata@example.fr"
    signatory.parent.save()


def make_pdf():
    buffer = io.BytesIO()
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.save(buffer)
    return buffer.getvalue()


def test_the_text_a_code_and_the_parent_has_signed(live, parent):
    client = signed_in(f.director_of(live.provider))
    page = url("sign_on_site", live, parent.pk)
    first = text_of(client.get(page))
    assert "L’essentiel" in first and "Envoyer le code" in first and 'name="code"' not in first
    client.post(url("sign_on_site_code", live, parent.pk))
    code = parent.codes.get()
    sent = {
        "text_sha256": live.version.text_sha256,
        "consent": "on",
        "interpreter": "M. Li, mandarin",
    }
    wrong = client.post(page, sent | {"code": "12345"})
    assert "Le code a six chiffres" in text_of(wrong)
    bad = "000000" if signing.code_digits(code) != "000000" else "000001"
    assert "Il vous reste 4\xa0essais" in text_of(client.post(page, sent | {"code": bad}))
    assert not Signature.objects.exists()
    right = sent | {"code": signing.code_digits(code)}
    assert client.post(page, right).url == live.get_absolute_url()
    signature = Signature.objects.get()
    assert (signature.method, signature.interpreter) == ("on_site_code", "M. Li, mandarin")
    assert signature.evidence["code"]["tries"] == 2
    # Pressed twice: quiet, and the page says so.
    assert client.post(page, right).status_code == 302
    assert "a déjà signé" in text_of(client.get(page, follow=True))


def test_five_wrong_codes_then_a_new_one_then_no_more_this_hour(live, parent):
    client = signed_in(live.adviser)
    page, send = url("sign_on_site", live, parent.pk), url("sign_on_site_code", live, parent.pk)
    sent = {"text_sha256": live.version.text_sha256, "consent": "on"}
    client.post(send)
    bad = "000000" if signing.code_digits(parent.codes.get()) != "000000" else "000001"
    answers = [text_of(client.post(page, sent | {"code": bad})) for _ in range(5)]
    assert "Il ne peut plus servir" in answers[4]
    assert "Envoyer le code" in text_of(client.get(page))
    client.post(send)
    client.post(send)
    refused = client.post(send, follow=True)
    assert "3 codes sont déjà partis" in text_of(refused).replace("\xa0", " ")


def test_an_attested_identity_asks_the_password(live, parent):
    client = signed_in(live.adviser)
    page = url("sign_attested", live, parent.pk)
    sent = {
        "text_sha256": live.version.text_sha256,
        "consent": "on",
        "interpreter": "Mme Sow, soninké",
    }
    asked = client.post(page, sent | {"identity_seen": "on"})
    assert asked.url.startswith(reverse("account_reauthenticate"))
    client.post(asked.url, {"password": base.PASSWORD, "next": page})
    signature = Signature.objects.get()
    assert (signature.method, signature.attested_by) == ("on_site_attested", live.adviser)
    assert signature.evidence["identity_seen"] is True
    assert signature.evidence["interpreter"] == "Mme Sow, soninké"


def test_the_identity_must_have_been_seen(live, parent):
    client = signed_in(live.adviser)
    page = url("sign_attested", live, parent.pk)
    asked = client.post(page, {"text_sha256": live.version.text_sha256, "consent": "on"})
    answer = client.post(asked.url, {"password": base.PASSWORD, "next": page})
    assert "Attestez que vous avez vu" in text_of(answer) and not Signature.objects.exists()


def test_a_paper_with_its_scan(live, parent):
    client = signed_in(live.adviser)
    page = url("sign_on_paper", live, parent.pk)
    today = timezone.localdate()
    sent = {
        "text_sha256": live.version.text_sha256,
        "signed_on": today.isoformat(),
        "original_held_by": "la crèche",
        "attested": "on",
    }

    def scan(data):
        return {"scan": SimpleUploadedFile("scan.pdf", data, "application/pdf")}

    answer = client.post(page, sent | scan(b"GIF89a"))
    assert "n’est pas un PDF" in text_of(answer)
    future = (today + timedelta(days=1)).isoformat()
    assert "pas encore venue" in text_of(
        client.post(page, sent | scan(make_pdf()) | {"signed_on": future})
    )
    before = (today - timedelta(days=2)).isoformat()
    assert "n’existait pas" in text_of(
        client.post(page, sent | scan(make_pdf()) | {"signed_on": before})
    )
    assert client.post(page, sent | scan(make_pdf())).status_code == 302
    signature = Signature.objects.get()
    assert signature.method == "paper" and signature.scan.data[:5].tobytes() == b"%PDF-"
    assert signature.evidence["signed_on_paper_on"] == today.isoformat()
    assert "sur papier" in text_of(client.get(live.get_absolute_url()))


def test_a_link_by_one_way_and_its_delivery_in_words(live, parent, mailoutbox):
    reachable(parent)
    client = signed_in(live.adviser)
    client.post(url("contract_send_link", live, parent.pk), {"channel": "email"})
    assert "en cours d’envoi" in text_of(client.get(live.get_absolute_url()))
    outbox.deliver_due()
    link = ParentLink.objects.get()
    message = next(m for m in mailoutbox if m.to == ["fatoumata@example.fr"])
    assert message.subject == "Un document vous attend"
    assert signing.link_token(link) in message.body
    for secret in ("Fatoumata", "Issa", live.provider.name, "crèche"):
        assert secret not in message.body + message.subject
    assert link.message_id == message.extra_headers["Message-ID"]
    assert "Lien envoyé par courriel" in text_of(client.get(live.get_absolute_url()))
    # Sent again, the former address is dead.
    client.post(url("contract_send_link", live, parent.pk), {"channel": "sms"})
    again = ParentLink.objects.get()
    assert (again.pk, again.generation, again.channel) == (link.pk, 2, "sms")
    assert again.token_sha256 != link.token_sha256


def test_a_mail_that_fails_is_said_then_tried_again(live, parent, monkeypatch):
    reachable(parent)

    def down(*args, **kwargs):
        raise OSError

    monkeypatch.setattr(mail, "send", down)
    client = signed_in(live.adviser)
    client.post(url("contract_send_link", live, parent.pk), {"channel": "email"})
    outbox.deliver_due()
    assert "n’est pas encore parti" in text_of(client.get(live.get_absolute_url()))
    outbox.Outbox.objects.filter(done_at=None).update(given_up_at=timezone.now())
    assert "n’a pas pu partir" in text_of(client.get(live.get_absolute_url()))


def test_one_telephone_is_never_a_dead_end(live, parent):
    client = signed_in(live.adviser)
    page = client.get(url("contract_send_link", live, parent.pk))
    assert "n’a qu’un téléphone" in text_of(page)
    assert url("sign_on_site", live, parent.pk) in text_of(page)
    assert url("sign_on_paper", live, parent.pk) in text_of(page)
    assert (
        client.post(url("contract_send_link", live, parent.pk), {"channel": "sms"}).status_code
        == 200
    )
    assert not ParentLink.objects.exists()
    parent.parent.phone = ""
    parent.parent.save()
    page = text_of(client.get(url("sign_on_site", live, parent.pk)))
    assert url("sign_attested", live, parent.pk) in page


def test_messages_fit_one_sms_and_name_nobody(live, parent):
    reachable(parent)
    link = signing.issue_link(
        live, parent.parent, channel="sms", by=live.adviser, at=timezone.now()
    )
    for base_url in (
        "http://localhost:8000",
        "https://avip.caf-de-la-seine-saint-denis.example.fr",
    ):
        address = link_url(link).replace("http://localhost:8000", base_url)
        text = link_sms(address)
        assert text.endswith(address) and len(text) <= SMS_LENGTH and set(text) <= GSM
        assert "Fatoumata" not in text and "Issa" not in text
    text = code_sms("123456")
    assert text.startswith("123456") and len(text) <= SMS_LENGTH and set(text) <= GSM
