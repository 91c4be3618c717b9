"""« Souhaitez-vous rejoindre le réseau ? »: asked and answered by a link."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from avip import outbox
from avip.models import Outbox
from avip.workflow import StepRefused
from labels import workflow
from labels.models import NetworkMember
from labels.workflow.network import question_token
from tests import factories as f

N = NetworkMember.Status
ANSWER = reverse("labels:network_answer")


@pytest.fixture
def today(db):
    return timezone.localdate()


@pytest.fixture
def claire(service):
    provider = f.make_childminder(service=service)
    provider.email = "claire@example.fr"
    provider.save()
    return provider


@pytest.fixture
def asked(claire, coordinator, today):
    return workflow.ask_to_join(claire, by=coordinator, on=today)


def link_to(member):
    return reverse("labels:network_question", args=[question_token(member)])


def deliver(kind):
    for row in Outbox.objects.filter(kind=kind, done_at=None):
        assert outbox.deliver(row.pk)


def page(client):
    return client.get(ANSWER).content.decode().replace("\xa0", " ")


def test_the_question_leaves_by_mail_and_names_no_reason(asked, mailoutbox):
    deliver("labels.network_question")
    (mail,) = mailoutbox
    assert mail.to == ["claire@example.fr"]
    assert link_to(asked) in mail.body
    assert "Claire" not in mail.subject


def test_without_an_address_it_leaves_by_sms(claire, coordinator, today, monkeypatch):
    claire.email, claire.phone = "", "0612345678"
    claire.save()
    sent = []
    monkeypatch.setattr("avip.mail.send_sms", lambda number, text: sent.append((number, text)))
    member = workflow.ask_to_join(claire, by=coordinator, on=today)
    deliver("labels.network_question")
    ((number, text),) = sent
    assert number == "0612345678" and link_to(member) in text and "Claire" not in text


def test_who_cannot_be_reached_is_not_asked(claire, coordinator, today):
    claire.email, claire.phone = "", "0144556677"
    claire.save()
    with pytest.raises(StepRefused, match="mobile"):
        workflow.ask_to_join(claire, by=coordinator, on=today)


def test_two_presses_are_one_question(asked, claire, coordinator, today):
    with pytest.raises(StepRefused, match="attendue"):
        workflow.ask_to_join(claire, by=coordinator, on=today)
    assert NetworkMember.objects.count() == Outbox.objects.count() == 1


def test_the_page_says_who_asks_and_nothing_personal(client, asked, service):
    client.get(link_to(asked))
    text = page(client)
    assert service.name in text and "Paris 20e" in text and "Oui" in text
    for hidden in ("Claire", "Morel", "12 rue", "claire@example.fr"):
        assert hidden not in text


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_mail_scanner_that_opens_the_link_answers_nothing(client, asked, method):
    getattr(client, method)(link_to(asked))
    getattr(client, method)(ANSWER)
    asked.refresh_from_db()
    assert (asked.status, asked.history.count()) == (N.ASKED, 1)


@pytest.mark.parametrize(("answer", "status"), [("yes", N.WISH), ("no", N.DECLINED)])
def test_she_answers_with_a_button_and_once(client, asked, coordinator, answer, status):
    client.get(link_to(asked))
    for _ in range(2):
        client.post(ANSWER, {"answer": answer})
    asked.refresh_from_db()
    change = asked.history.latest("pk")
    assert (asked.status, asked.history.count()) == (status, 2)
    assert change.user is None and "lien envoyé" in change.comment
    assert (asked.wish_how, asked.wish_on) == (
        ("link", timezone.localdate()) if answer == "yes" else ("", None)
    )


def test_her_coordination_hears_of_a_yes(client, asked, coordinator, mailoutbox):
    client.get(link_to(asked))
    client.post(ANSWER, {"answer": "yes"})
    deliver("labels.network_wish")
    assert [mail.to for mail in mailoutbox] == [[coordinator.email]]


def test_she_changes_her_mind_by_the_same_link(client, asked):
    client.get(link_to(asked))
    client.post(ANSWER, {"answer": "yes"})
    assert "Vous souhaitez rejoindre" in page(client)
    client.post(ANSWER, {"answer": "no"})
    asked.refresh_from_db()
    assert asked.status == N.DECLINED
    assert "Vous ne souhaitez pas" in page(client)


def test_a_link_too_old_asks_for_another_one(client, asked):
    NetworkMember.objects.update(ask_expires_at=timezone.now() - timedelta(days=2))
    old = link_to(asked)
    client.get(old)
    assert "plus valable" in page(client)
    client.post(ANSWER, {"answer": "yes"})
    asked.refresh_from_db()
    assert asked.status == N.ASKED
    client.post(ANSWER, {"answer": "renew"})
    asked.refresh_from_db()
    assert asked.ask_generation == 2 and asked.ask_expires_at > timezone.now()
    client.get(old)
    assert "ne s’ouvre pas" in page(client)


def test_the_link_of_another_childminder_answers_for_her_alone(client, asked, service, coordinator):
    other = f.make_childminder("Sonia Haddad", service=service)
    other.email = "sonia@example.fr"
    other.save()
    theirs = workflow.ask_to_join(other, by=coordinator, on=timezone.localdate())
    client.get(link_to(theirs))
    client.post(ANSWER, {"answer": "no"})
    asked.refresh_from_db()
    assert asked.status == N.ASKED


@pytest.mark.parametrize("token", ["x" * 43, "un-jeton"])
def test_an_unknown_link_opens_nothing(client, asked, token):
    client.get(reverse("labels:network_question", args=[token]))
    assert "ne s’ouvre pas" in page(client)
    assert client.post(ANSWER, {"answer": "yes"}).status_code == 404


def test_a_wish_on_paper_keeps_the_date_of_the_paper(claire, coordinator, today):
    day = today - timedelta(days=12)
    member = workflow.express_wish(claire, by=coordinator, on=today, how="paper", wish_on=day)
    assert (member.status, member.wish_how, member.wish_on) == (N.WISH, "paper", day)
    with pytest.raises(StepRefused, match="pas encore venu"):
        workflow.express_wish(claire, by=coordinator, on=today, wish_on=today + timedelta(days=1))


def test_she_is_asked_again_after_a_refusal(asked, claire, coordinator, today):
    workflow.decline(asked, by=coordinator, on=today)
    again = workflow.ask_to_join(claire, by=coordinator, on=today)
    assert (again.pk, again.status, again.ask_generation) == (asked.pk, N.ASKED, 2)


def test_a_neighbouring_coordinator_asks_nobody_here(claire, caf, today):
    other = f.make_user("Ève", "Autre", member_of=f.make_service("RPE 19e", caf=caf))
    with pytest.raises(PermissionDenied):
        workflow.ask_to_join(claire, by=other, on=today)
    assert not NetworkMember.objects.exists()


def test_the_caf_asks_where_there_is_no_service(claire, caf_agent, other_caf_agent, today):
    claire.childminder.service = None
    claire.childminder.save()
    with pytest.raises(PermissionDenied):
        workflow.ask_to_join(claire, by=other_caf_agent, on=today)
    assert workflow.ask_to_join(claire, by=caf_agent, on=today).status == N.ASKED


@pytest.mark.parametrize(
    ("licence", "words"),
    [({"licence_department": "93"}, "département 93"), ({"licence_number": " "}, "numéro")],
)
def test_a_licence_of_elsewhere_or_without_number_is_not_checked(
    service, coordinator, licence, words
):
    claire = f.make_childminder(
        service=service, licence_from=date(2025, 1, 1), licence_until=date(2035, 1, 1), **licence
    )
    on = date(2026, 3, 2)
    member = workflow.express_wish(claire, by=coordinator, on=on)
    with pytest.raises(StepRefused, match=words):
        workflow.check_licence(member, by=coordinator, on=on)
    claire.childminder.licence_department, claire.childminder.licence_number = "75", "1"
    claire.childminder.save()
    workflow.check_licence(NetworkMember.objects.get(), by=coordinator, on=on)
    assert NetworkMember.objects.get().licence_checked_on == on


def test_the_page_before_yes_reads_its_numbers_in_the_rules(client, db):
    text = client.get(reverse("labels:before_yes")).content.decode().replace("\xa0", " ")
    for words in ("50 heures", "Pajemploi", "votre employeur", "CASF" and "art. L. 421-4"):
        assert words in text
