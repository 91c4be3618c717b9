"""« Toujours en emploi ? »: the adviser first, the family by one link, one answer."""

import json
from datetime import date, timedelta

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from avip import outbox
from avip.models import Outbox
from avip.workflow import StepRefused
from families.follow_up_jobs import ask_about_work
from families.models import AvipContract
from families.wording import SMS_LENGTH
from families.workflow import work_checks
from tests.families.declared import make_labelled_facility, make_placement
from tests.families.factories import director_of
from tests.families.pages import signed_in, text_of, url

pytestmark = pytest.mark.django_db
NOTED = date(2026, 3, 4)
DUE = date(2026, 9, 4)


@pytest.fixture
def contract():
    contract = make_placement(
        make_labelled_facility(), start_on=date(2025, 12, 1), end_on=date(2026, 2, 27)
    ).contract
    AvipContract.objects.update(
        status="ended", ended_on=contract.end_on, outcome="cdi", outcome_recorded_on=NOTED
    )
    contract.household.parents.update(email="fatoumata@example.fr")
    contract.refresh_from_db()
    return contract


def test_the_question_comes_six_months_later_and_after_a_good_outcome_only(contract):
    assert not work_checks.due(DUE - timedelta(days=1)).exists()
    assert work_checks.due(DUE).get() == contract
    AvipContract.objects.update(outcome="none")
    assert not work_checks.due(DUE).exists()


def test_the_adviser_answers_once(contract):
    client = signed_in(contract.adviser)
    client.post(url("work_check", contract), {"still": "unknown"})
    contract.refresh_from_db()
    assert (contract.still_in_work, bool(contract.still_in_work_on)) == (None, True)
    with pytest.raises(StepRefused, match="déjà"):
        work_checks.answer(contract, by=contract.adviser, on=DUE, still="yes")


def test_who_gives_care_is_not_asked(contract):
    with pytest.raises(PermissionDenied):
        work_checks.answer(contract, by=director_of(contract.provider), on=DUE, still="yes")


def test_the_family_is_asked_once_where_the_adviser_has_not_said(contract):
    ask_about_work(DUE + timedelta(days=13))
    assert not Outbox.objects.exists()
    for offset in (14, 15, 40):
        ask_about_work(DUE + timedelta(days=offset))
    outbox.deliver_due()
    (letter,) = mail.outbox
    assert letter.to == ["fatoumata@example.fr"]
    for secret in ("Diallo", "Fatoumata", "Awa", contract.provider.name):
        assert secret not in letter.body + letter.subject
    assert "/p/emploi/" in letter.body


def test_a_family_with_one_phone_is_asked_by_a_message_that_fits(contract, settings, tmp_path):
    settings.PRIVATE_DIR = tmp_path
    settings.BASE_URL = "https://avip.caf-exemple.fr"
    parents = contract.household.parents
    parents.update(email="", phone="0600000001")
    ask_about_work(DUE + timedelta(days=14))
    outbox.deliver_due()
    text = json.loads((tmp_path / "sms.jsonl").read_text())["text"]
    assert not mail.outbox and len(text) <= SMS_LENGTH
    address = text[text.index("/p/emploi/") :]
    assert "Merci" in text_of(Client().post(address, {"still": "yes"}))


def test_a_link_changes_nothing_when_read_and_one_press_answers(contract):
    page = reverse("families:work_answer", args=[work_checks.token_for(contract)])
    client = Client()
    for _ in range(20):
        client.get(page)
        client.head(page)
    contract.refresh_from_db()
    assert contract.still_in_work_on is None
    text = text_of(client.get(page))
    for secret in ("Diallo", "Fatoumata", contract.provider.name):
        assert secret not in text
    assert "Merci" in text_of(client.post(page, {"still": "no"}))
    client.post(page, {"still": "yes"})
    contract.refresh_from_db()
    assert contract.still_in_work is False
    assert contract.history.last().comment == "non par la famille"


def test_a_forged_link_opens_nothing(contract):
    page = reverse("families:work_answer", args=["faux:jeton:ici"])
    assert "plus valable" in text_of(Client().post(page, {"still": "yes"}))
    assert timezone.localdate() and not AvipContract.objects.filter(still_in_work=True).exists()
