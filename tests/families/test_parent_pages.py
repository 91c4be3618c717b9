"""What a parent reads: light, translatable, hers; a lost link is sent again without a word."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.urls import reverse
from django.utils import timezone

from avip.models import Outbox
from avip.templatetags.words import fr_datetime
from families import signing
from families.models import Interview, Parent, ParentLink, Signature
from families.parties import parents_who_sign
from families.signing import contact_corrected
from tests.families import factories as f
from tests.families.pages import signed_in, text_of, url
from tests.families.test_signing_links import DOCUMENT, LOST, address, enter, press

pytestmark = pytest.mark.django_db

MINE = reverse("families:parent_page")
LIGHT = 50_000  # bytes, with all that a page loads
PAGES = ["base_parent", *sorted(
    path.stem for path in Path(settings.BASE_DIR, "templates/families").glob("parent_*.html")
)]  # fmt: skip


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


def weight(answer):
    """The page and every file it loads."""
    files = re.findall(r'(?:href|src)="/static/([^"?]+)', text_of(answer))
    return len(answer.content) + sum(Path(finders.find(name)).stat().st_size for name in files)


def test_her_page_has_her_contract_her_appointment_and_her_adviser(live, link, client, of_today):
    f.sign_all(live.version, on=of_today["on"], at=of_today["at"])
    soon = timezone.now() + timedelta(days=3)
    Interview.objects.create(contract=live, planned_at=soon, by=live.adviser)
    link = ParentLink.objects.get(revoked_at=None)
    enter(client, link)
    page = text_of(client.get(MINE))
    for words in ("Mon contrat", "Mon prochain rendez-vous", "Mon conseiller"):
        assert words in page
    assert str(live.adviser) in page and fr_datetime(soon) in page
    assert "lundi" in page and "Relire le contrat" in page
    assert client.get(DOCUMENT).status_code == 200


def test_every_page_of_a_parent_is_light_with_all_it_loads(live, link, client, of_today):
    answers = [client.get(address(link)), client.get(LOST)]
    enter(client, link)
    answers += [client.get(reverse("families:parent_home")), client.get(DOCUMENT)]
    sent = {"text_sha256": live.version.text_sha256, "consent": "on"}
    press(client, DOCUMENT, **sent)
    answers += [client.get(DOCUMENT), client.get(MINE)]
    for answer in answers:
        assert weight(answer) < LIGHT


def test_the_moment_the_text_was_shown_is_in_the_evidence(live, link, client):
    enter(client, link)
    form = client.get(DOCUMENT).context["form"]
    sent = {"text_sha256": live.version.text_sha256, "consent": "on"}
    press(client, DOCUMENT, shown=form.initial["shown"], **sent)
    shown = Signature.objects.get().evidence["text_shown_at"]
    assert shown.startswith(f"{timezone.now():%Y-%m-}")


def test_a_forged_moment_is_not_kept(live, link, client):
    enter(client, link)
    sent = {"text_sha256": live.version.text_sha256, "consent": "on", "shown": "a:b:c"}
    press(client, DOCUMENT, **sent)
    assert "text_shown_at" not in Signature.objects.get().evidence


@pytest.mark.parametrize("name", PAGES)
def test_no_word_of_a_parent_page_escapes_translation(name):
    folder = "" if name == "base_parent" else "families/"
    source = Path(settings.BASE_DIR, f"templates/{folder}{name}.html").read_text()
    source = re.sub(r"{#.*?#}", "", source)
    source = re.sub(r"{%\s*blocktranslate.*?endblocktranslate\s*%}", "", source, flags=re.DOTALL)
    source = re.sub(r"{%.*?%}|{{.*?}}", "", source, flags=re.DOTALL)
    words = re.sub(r"<[^>]+>", " ", source, flags=re.DOTALL)
    left = [word for word in re.findall(r"[A-Za-zÀ-ÿ]{4,}", words) if word != "Avip"]
    assert not left


@pytest.mark.parametrize("contact", ["fatoumata@example.fr", "06 00 00 00 01", "nobody@x.fr"])
def test_a_lost_link_is_sent_again_and_the_answer_never_varies(link, client, contact):
    ParentLink.objects.update(issued_at=timezone.now() - timedelta(hours=3))
    Outbox.objects.all().delete()
    answer = text_of(press(client, LOST, contact=contact))
    assert "Si un document ou une page vous attend" in answer and contact not in answer
    assert Outbox.objects.count() == (contact != "nobody@x.fr")


def test_asked_again_at_once_nothing_more_leaves(link, client):
    Outbox.objects.all().delete()
    press(client, LOST, contact="fatoumata@example.fr")
    assert not Outbox.objects.exists()


def test_a_corrected_contact_kills_the_old_link_and_voids_nothing(live, link, client, of_today):
    adviser = live.version.signatories.get(role="adviser")
    f.sign_as(adviser, on=of_today["on"], at=of_today["at"])
    old = address(link)
    contact_corrected(link.parent, at=timezone.now())
    assert "Ce lien n’ouvre rien" in text_of(client.get(old))
    assert Signature.objects.count() == 1
    # Nothing is waited for: the next one leaves at once, to the right place.
    sent = signed_in(live.adviser).post(
        url("contract_send_link", live, live.version.signatories.get(role="parent").pk),
        {"channel": "email"},
    )
    assert sent.status_code == 302
    assert ParentLink.objects.filter(revoked_at=None).count() == 1


def test_a_second_link_must_wait_and_says_until_when(live, link):
    answer = signed_in(live.adviser).post(
        url("contract_send_link", live, live.version.signatories.get(role="parent").pk),
        {"channel": "email"},
    )
    assert "de nouveau possible à" in text_of(answer)


def test_a_second_parent_signs_when_she_asks_and_a_minor_is_represented():
    household = f.make_household()
    minor = household.parents.get()
    second = Parent.objects.create(
        household=household, first_name="Moussa", last_name="Diallo", is_referring=False,
        signs=False,
    )  # fmt: skip
    assert parents_who_sign(household) == [minor]
    second.signs = True
    second.save()
    assert parents_who_sign(household) == [minor, second]
    Parent.objects.create(
        household=household, first_name="Aminata", last_name="Ba", is_referring=False,
        is_representative=True,
    )  # fmt: skip
    version = f.make_contract(household=household).version
    assert "Aminata Ba, qui représente Fatoumata Diallo, parent mineur" in version.html
    assert version.signatories_expected == 5
