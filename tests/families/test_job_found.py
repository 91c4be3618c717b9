"""« J’ai trouvé un emploi »: said by the family, confirmed by the adviser, it ends nothing."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from avip import outbox
from avip.workflow import StepRefused
from families import signing
from families.models import AvipContract, CorrectionRequest
from families.workflow import endings
from tests.families import factories as f
from tests.families.pages import signed_in, text_of, url
from tests.families.test_signing_links import enter

pytestmark = pytest.mark.django_db
JOB = reverse("families:parent_job")


@pytest.fixture(autouse=True)
def sms_in_a_folder_of_its_own(settings, tmp_path):
    settings.PRIVATE_DIR = tmp_path


@pytest.fixture
def link(live, parent):
    parent.parent.email = "fatoumata@example.fr"
    parent.parent.save()
    f.sign_all(live.version, on=timezone.localdate(), at=timezone.now() - timedelta(hours=1))
    live.refresh_from_db()
    return signing.issue_link(
        live, parent.parent, channel="email", by=live.adviser, at=timezone.now()
    )


@pytest.fixture
def inside(link):
    """The parent's own page, open in her browser."""
    phone = Client(HTTP_ORIGIN="null", REMOTE_ADDR="192.0.2.7")
    enter(phone, link)
    return phone


def test_a_parent_says_it_and_nothing_ends(live, inside):
    assert "Voici ce qui change" in text_of(inside.get(JOB))
    live.refresh_from_db()
    assert live.job_said_at is None
    outbox.deliver_due()
    mail.outbox.clear()
    inside.post(JOB)
    assert "rien ne s’arrête" in text_of(inside.get(JOB))
    live.refresh_from_db()
    assert live.job_said_at and live.status == "active"
    outbox.deliver_due()
    (letter,) = [letter for letter in mail.outbox if letter.to == [live.adviser.email]]
    assert letter.subject == "Une famille annonce un emploi"
    assert "Diallo" not in letter.body and "Issa" not in letter.body


def test_without_the_code_nothing_is_said(live, link):
    assert Client().post(JOB).status_code == 302
    live.refresh_from_db()
    assert live.job_said_at is None


def test_the_adviser_confirms_and_the_place_may_be_kept(live, link):
    endings.say_job(live, by=link, on=timezone.localdate())
    page = url("job_confirm", live)
    signed_in(live.adviser).post(page, {"kind": "job"})
    live.refresh_from_db()
    assert live.job_confirmed_at and live.status == "active"
    with pytest.raises(StepRefused, match="déjà confirmé"):
        endings.confirm_job(live, by=live.adviser, on=timezone.localdate(), kind="job")


def test_a_short_job_is_an_event_inside_the_contract(live, link):
    on = timezone.localdate()
    endings.say_job(live, by=link, on=on)
    endings.confirm_job(live, by=live.adviser, on=on, kind="short")
    assert (live.job_said_at, live.job_confirmed_at) == (None, None)
    assert live.history.filter(step="confirm_job").get().comment.startswith("quelques jours")
    endings.say_job(live, by=link, on=on)
    assert live.job_said_at


def test_the_creche_confirms_nothing(live, link):
    endings.say_job(live, by=link, on=timezone.localdate())
    with pytest.raises(PermissionDenied):
        endings.confirm_job(
            live, by=f.director_of(live.provider), on=timezone.localdate(), kind="job"
        )


def test_said_twice_it_is_said_once(live, link):
    endings.say_job(live, by=link, on=timezone.localdate())
    with pytest.raises(StepRefused, match="déjà noté"):
        endings.say_job(live, by=link, on=timezone.localdate())


def test_the_parent_says_what_she_wishes_near_the_end(live, inside):
    wish = reverse("families:parent_wish")
    assert "pas encore le moment" in text_of(inside.get(wish))
    soon = timezone.localdate() + timedelta(days=5)
    AvipContract.objects.update(start_on=soon - timedelta(days=60), end_on=soon)
    assert "Continuer avec d’autres horaires" in text_of(inside.get(wish))
    inside.post(wish, {"wish": "stop"})
    live.refresh_from_db()
    assert live.review.parent_wish == "stop"


def test_a_parent_reads_downloads_and_has_her_data_corrected(live, inside):
    page = reverse("families:parent_data")
    text = text_of(inside.get(page))
    for fact in ("Fatoumata Diallo", "Issa", live.provider.public_name, "Demander la correction"):
        assert fact in text
    file = inside.get(reverse("families:parent_data_file"))
    assert "Diallo" in text_of(file) and "attachment" in file["Content-Disposition"]
    for _ in range(2):
        inside.post(page, {"what": "child"})
    correction = CorrectionRequest.objects.get()
    assert (correction.household, correction.done_at) == (live.household, None)
    client = signed_in(live.adviser)
    client.post(reverse("families:correction_done", args=[correction.pk]))
    correction.refresh_from_db()
    assert correction.done_at and correction.done_by == live.adviser
