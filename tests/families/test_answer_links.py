"""Answering from the link of a mail, without signing in."""

from datetime import timedelta

import pytest
from django.core import mail as sent_mail
from django.urls import reverse
from django.utils import timezone

from avip import outbox
from families.answer_links import answer_path, token_of
from families.models import AnswerLink, Referral
from families.workflow import referrals
from tests import factories as f
from tests.families import factories as ff
from tests.families.pages import signed_in, text_of

pytestmark = pytest.mark.django_db
Status = Referral.Status
ANSWER = reverse("families:answer")


def step(name):
    return reverse("families:answer_step", args=[name])


@pytest.fixture
def creche():
    return ff.make_labelled(f.make_facility())


@pytest.fixture
def director(creche):
    return ff.director_of(creche)


@pytest.fixture
def referral(creche, director, of_today):
    young = timezone.localdate() - timedelta(days=300)
    household = ff.make_household(births=[young], single_parent=True)
    return ff.make_referral(provider=creche, household=household, **of_today)


@pytest.fixture
def link(referral, director):
    answer_path(referral, director, timezone.now())
    return AnswerLink.objects.get()


def entered(client, link):
    return client.get(reverse("families:answer_link", args=[token_of(link)]), follow=True)


def test_the_mail_carries_a_link_that_needs_no_account(client, referral, director):
    outbox.deliver_due()
    body = next(m.body for m in sent_mail.outbox if m.to == [director.email])
    token = token_of(AnswerLink.objects.get(user=director))
    assert f"/repondre/{token}/" in body and str(referral.pk) not in body


def test_the_page_names_nobody(client, link):
    html = text_of(entered(client, link))
    assert "prioritaire" in html and "matin" in html
    for hidden in ("Diallo", "Fatoumata", "Issa", "Belkacem", "Benali", "monoparentale"):
        assert hidden not in html


def test_a_scanner_that_opens_the_link_ten_times_changes_nothing(client, link, referral):
    before = Referral.objects.values().get()
    for _ in range(10):
        entered(client, link)
        for name in ("accepter", "attente", "refuser"):
            client.get(step(name))
            client.head(step(name))
    assert Referral.objects.values().get() == before
    assert referral.history.count() == 1


def test_she_accepts_in_her_own_name(client, link, referral, director):
    entered(client, link)
    assert "obligatoire" in text_of(client.post(step("accepter"), {}))
    html = text_of(client.post(step("accepter"), {"contact_name": "Nadia au portail"}, follow=True))
    referral.refresh_from_db()
    assert "Votre réponse est enregistrée" in html
    assert referral.status == Status.ACCEPTED
    assert referral.history.last().user == director


@pytest.mark.parametrize(
    ("name", "data", "status"),
    [("attente", {}, "waiting_list"), ("refuser", {"reason": "full"}, "refused")],
)
def test_the_other_answers(client, link, referral, name, data, status):
    entered(client, link)
    client.post(step(name), data)
    referral.refresh_from_db()
    assert referral.status == status


def test_the_link_of_someone_who_left_shows_a_way_out_and_answers_nothing(
    client, link, referral, director
):
    director.memberships.update(ends_on=timezone.localdate() - timedelta(days=1))
    html = text_of(entered(client, link))
    assert "ne permet plus de répondre" in html and "prioritaire" not in html
    client.post(step("refuser"), {"reason": "full"})
    referral.refresh_from_db()
    assert referral.status == Status.SENT


def test_a_membership_that_ends_between_two_pages_is_read_again(client, link, referral, director):
    entered(client, link)
    client.get(step("refuser"))
    director.memberships.update(ends_on=timezone.localdate() - timedelta(days=1))
    client.post(step("refuser"), {"reason": "full"})
    referral.refresh_from_db()
    assert referral.status == Status.SENT


def test_an_answered_request_says_so_and_an_old_link_sends_to_the_account(client, link, referral):
    AnswerLink.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert "n’est plus valable" in text_of(entered(client, link))
    referrals.cancel(referral, by=referral.adviser, on=timezone.localdate())
    assert "n’attend plus de réponse" in text_of(entered(client, link))
    assert client.post(step("refuser"), {"reason": "full"}).status_code == 302
    referral.refresh_from_db()
    assert referral.status == Status.CANCELLED


def test_an_unknown_link_says_what_to_do(client):
    html = text_of(client.get(reverse("families:answer_link", args=["x" * 43]), follow=True))
    assert "Ce lien ne s’ouvre pas" in html
    assert client.post(step("refuser"), {"reason": "full"}).status_code == 404
    assert client.get(step("valider")).status_code == 404


def test_whoever_is_signed_in_answers_from_her_own_page(link, referral):
    colleague = f.make_user("Lise", "Martin", member_of=referral.provider)
    response = signed_in(colleague).get(
        reverse("families:answer_link", args=[token_of(link)]), follow=True
    )
    assert response.redirect_chain[-1][0] == referral.get_absolute_url()


def test_the_token_is_nowhere_in_the_database(link):
    assert token_of(link) not in str(AnswerLink.objects.values())
