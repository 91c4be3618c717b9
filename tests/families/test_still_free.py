"""« Toujours libre ? »: asked once a month, answered in one press; two months of silence seen."""

from datetime import date, time, timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from avip import outbox
from avip.workflow import StepRefused
from families.models import Hold, PlaceOffer
from families.offers import pause, still_free
from families.search import Need, search
from families.still_free import Question, ask_who_keeps, question_of
from families.views.month_end import offers_of
from partners.models import Membership, Provider, User
from reporting.todo import todo
from tests import factories as f
from tests.families import factories as ff
from tests.families.declared import make_declared_month

pytestmark = pytest.mark.django_db
TUESDAYS = [(1, time(8, 30), time(16, 30))]
PAGE = reverse("families:still_free")


def text_of(response):
    return response.content.decode().replace("\u00a0", " ")


@pytest.fixture
def today():
    """A day late enough in its month for the question."""
    return timezone.localdate().replace(day=15)


@pytest.fixture
def claire(service, coordinator):
    return ff.make_network_member(service=service)


@pytest.fixture
def offer(claire):
    return ff.make_planning(claire, TUESDAYS)


@pytest.fixture
def herself(claire):
    return f.make_user("Claire", "Morel", member_of=claire)


def text_of_provider(client, person, provider):
    client.force_login(person)
    return text_of(client.get(provider.get_absolute_url()))


def link(offer, person, month=None):
    month = month or timezone.localdate().replace(day=1)
    return Question(offer.pk, person.pk, month).path


def test_she_is_asked_once_a_month_by_mail(offer, herself, today):
    assert ask_who_keeps(today) == "1 places à confirmer"
    ask_who_keeps(today + timedelta(days=1))
    outbox.deliver_due()
    (message,) = mail.outbox
    assert message.to == [herself.email] and "toujours libre" in message.subject
    assert link(offer, herself) in message.body and "mardi" in message.body


def test_without_an_account_her_coordinator_is_asked(offer, coordinator, today):
    ask_who_keeps(today)
    outbox.deliver_due()
    assert [m.to for m in mail.outbox] == [[coordinator.email]]


def test_with_a_phone_only_it_is_one_sms(offer, claire, today, monkeypatch):
    sent = []
    monkeypatch.setattr("avip.mail.send_sms", lambda number, text: sent.append((number, text)))
    person = User.objects.create(
        phone="0612345678", first_name="Claire", last_name="Morel", email=None
    )
    f.make_membership(person, claire)
    ask_who_keeps(today)
    outbox.deliver_due()
    ((number, text),) = sent
    assert number == "0612345678" and len(text) <= 160 and text.endswith(link(offer, person))


def test_nobody_is_asked_of_a_place_confirmed_paused_held_or_closed(claire, offer, herself, today):
    PlaceOffer.objects.update(confirmed_on=today.replace(day=1))
    assert ask_who_keeps(today) == "0 places à confirmer"
    PlaceOffer.objects.update(confirmed_on=None)
    assert ask_who_keeps(today.replace(day=1)) == "rien à demander"
    pause(offer, by=herself, on=today)
    assert ask_who_keeps(today) == "0 places à confirmer"
    PlaceOffer.objects.update(paused_from=None)
    Provider.objects.get().network_memberships.update(status="left")
    assert ask_who_keeps(today) == "0 places à confirmer"


def test_opening_the_link_changes_nothing_and_one_press_says_yes(client, offer, herself):
    response = client.get(link(offer, herself))
    assert response["Location"] == PAGE and response["Referrer-Policy"] == "no-referrer"
    page = text_of(client.get(PAGE))
    assert "Votre place est-elle toujours libre ?" in page and "mardi 8 h 30 – 16 h 30" in page
    offer.refresh_from_db()
    assert offer.confirmed_on is None
    client.post(PAGE, {"reponse": "oui"})
    client.post(PAGE, {"reponse": "oui"})
    offer.refresh_from_db()
    assert (offer.confirmed_on, offer.edited_by) == (timezone.localdate(), "Claire Morel")
    assert "votre réponse est notée" in text_of(client.get(PAGE))


def test_no_pauses_the_place_until_a_day_or_for_good(client, offer, herself):
    client.get(link(offer, herself))
    assert "commencé" in text_of(client.post(PAGE, {"until": "2020-01-01"}))
    client.post(PAGE, {"until": ""})
    offer.refresh_from_db()
    assert offer.is_paused_on(timezone.localdate())
    client.post(PAGE, {"reponse": "oui"})  # the first answer stands
    offer.refresh_from_db()
    assert offer.confirmed_on is None


def test_a_place_kept_for_a_family_is_not_said_still_free(client, offer, herself, claire, today):
    client.get(link(offer, herself))
    assert "Encore libre" in text_of_provider(client, herself, claire)
    client.get(link(offer, herself))
    ff.make_referral("confirmed", provider=claire, slots=TUESDAYS)
    Hold.objects.update(until=date(2036, 1, 1))
    with pytest.raises(StepRefused, match="retenue pour une famille"):
        still_free(offer, by=herself, on=today)
    page = text_of(client.post(PAGE, {"reponse": "oui"}, follow=True))
    assert "Cette place n’est pas libre : elle est retenue pour une famille." in page
    offer.refresh_from_db()
    assert offer.confirmed_on is None
    assert "Encore libre" not in text_of_provider(client, herself, claire)
    assert offers_of(make_declared_month(0, 0, provider=claire), herself, today) == []


@pytest.mark.parametrize("token", ["x" * 67, "été", "a"])
def test_a_link_that_is_not_ours_opens_nothing(client, offer, token):
    assert question_of(token) is None
    client.get(reverse("families:still_free_link", args=[token]))
    assert "ne s’ouvre pas" in text_of(client.get(PAGE))
    client.post(PAGE, {"reponse": "oui"})
    offer.refresh_from_db()
    assert offer.confirmed_on is None


def test_a_link_altered_by_one_letter_opens_nothing(offer, herself):
    token = link(offer, herself).rstrip("/").rpartition("/")[2]
    other = ("B" if token[0] == "A" else "A") + token[1:]
    assert question_of(token).person == herself.pk and question_of(other) is None


def test_an_old_link_and_somebody_who_left_answer_no_more(client, offer, herself):
    client.get(link(offer, herself, date(2026, 1, 1)))
    assert "n’est plus valable" in text_of(client.get(PAGE))
    yesterday = timezone.localdate() - timedelta(days=1)
    Membership.objects.filter(user=herself).update(ends_on=yesterday)
    client.get(link(offer, herself))
    assert "ne s’ouvre pas" in text_of(client.get(PAGE))
    client.post(PAGE, {"reponse": "oui"})
    offer.refresh_from_db()
    assert offer.confirmed_on is None


def test_her_coordinator_sees_a_silence_of_two_months(offer, coordinator):
    now = timezone.now()

    def titles():
        person = User.objects.get(pk=coordinator.pk)
        return [item.title for _, items in todo(person, now) for item in items]

    assert any("La place de Claire Morel" in title for title in titles())
    PlaceOffer.objects.update(confirmed_on=timezone.localdate() - timedelta(days=20))
    assert titles() == []


def test_the_search_puts_first_the_place_confirmed_of_late():
    for name in ("A silencieuse", "B confirmée"):
        offer = ff.make_planning(ff.make_network_member(name), TUESDAYS)
        if name.startswith("B"):
            PlaceOffer.objects.filter(pk=offer.pk).update(confirmed_on=ff.ON)
    need = Need(from_on=ff.FROM_ON, radius_km=5, lat=48.8629, lon=2.4012)
    found = search(Provider.objects.all(), need, ff.ON)
    assert [result.provider.name for result in found] == ["B confirmée", "A silencieuse"]


def test_the_search_reads_her_planning_and_its_exceptions():
    offer = ff.make_planning(
        ff.make_network_member(), TUESDAYS, dates=[(date(2026, 2, 3), None, None)]
    )

    def results(**need):
        need = {"from_on": ff.FROM_ON, "radius_km": 5, "lat": 48.8629, "lon": 2.4012} | need
        return search(Provider.objects.all(), Need(**need), ff.ON)

    (result,) = results(starts=time(8, 30), ends=time(16), keys=("1-am", "1-pm"))
    assert [w.replace("\u00a0", " ") for w in result.said] == ["mardi 3 février : pas d’accueil"]
    assert result.places[0].sentence.replace("\u00a0", " ") == "mardi 8 h 30 – 16 h 30"
    assert results(starts=time(8)) == []
    assert results(ends=time(17), keys=("1-pm",)) == []
    assert results(starts=time(9), keys=("2-am",)) == []
    pause(offer, by=ff.coordinator_of(offer.provider), on=ff.ON, until=date(2026, 2, 10))
    assert results() == []
    (result,) = results(from_on=date(2026, 2, 11))
    assert result.said == []
