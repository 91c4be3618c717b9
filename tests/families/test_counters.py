"""The guichet unique: each request to a crèche of its communes comes first to it."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from avip import outbox
from avip.workflow import StepRefused
from families.models import Referral, ResponseTime
from families.responses import measure_responses
from families.sight import Sight
from families.workflow import dispatching, referrals
from partners.models import User
from reporting.todo import todo
from tests import factories as f
from tests.families import factories as ff

pytestmark = pytest.mark.django_db
Status = Referral.Status
LATER = ff.AT + timedelta(hours=2)


def text_of(response):
    return response.content.decode().replace("\u00a0", " ")


def url(name, referral):
    return reverse(f"families:referral_{name}", args=[referral.pk])


def fresh(person):
    return User.objects.get(pk=person.pk)


@pytest.fixture
def counter(caf):
    return f.make_service("Guichet Paris 20e", caf=caf, is_single_counter=True)


@pytest.fixture
def hugo(counter):
    return f.make_user("Hugo", "Blanc", member_of=counter)


@pytest.fixture
def creche(facility, director):
    return ff.make_labelled(facility)


@pytest.fixture
def asked(counter, hugo, creche):
    """A request that the counter has just received, on a Monday at 10."""
    return ff.make_referral("to_dispatch", provider=creche)


def test_a_request_to_a_creche_reaches_the_counter_first(asked, hugo, director, counter):
    assert (asked.status, asked.counter, asked.validated_at) == (Status.TO_DISPATCH, counter, None)
    assert asked in Referral.objects.visible_to(hugo)
    assert asked not in Referral.objects.visible_to(director)
    outbox.deliver_due()
    assert [m.to for m in mail.outbox] == [[hugo.email]]
    # Sixteen working hours from Monday 10 o'clock: Wednesday 17 o'clock, less one.
    assert asked.answer_due_at == datetime(2026, 1, 14, 15, 0, tzinfo=UTC)


def test_the_operator_does_not_see_it_before_the_counter_has_spoken(counter, hugo):
    operator = f.make_operator()
    paula = f.make_user("Paula", "Roux", member_of=operator)
    asked = ff.make_referral(
        "to_dispatch", provider=ff.make_labelled(f.make_facility(operator=operator))
    )
    assert asked not in Referral.objects.visible_to(paula)
    referrals.dispatch(asked, by=hugo, on=ff.ON, at=LATER)
    assert asked in Referral.objects.visible_to(paula)


def test_elsewhere_and_at_a_childminders_nothing_changes(counter, hugo, other_facility):
    assert ff.make_referral(provider=ff.make_labelled(other_facility)).status == Status.SENT
    member = ff.make_network_member(service=counter)
    assert ff.make_referral("to_validate", provider=member).status == Status.TO_VALIDATE


def test_passed_on_the_delay_of_the_creche_begins(asked, hugo, director):
    referrals.dispatch(asked, by=hugo, on=ff.ON, at=LATER)
    assert (asked.status, asked.validated_at) == (Status.SENT, LATER)
    assert asked.answer_due_at > LATER and asked.reminded_at is None
    assert asked in Referral.objects.visible_to(fresh(director))
    ff.accept(asked, by=director)
    assert asked.status == Status.ACCEPTED


def test_a_request_is_passed_on_once(asked, hugo):
    twice = Referral.objects.get(pk=asked.pk)
    referrals.dispatch(asked, by=hugo, on=ff.ON, at=LATER)
    with pytest.raises(StepRefused, match="n’est plus possible"):
        referrals.dispatch(twice, by=hugo, on=ff.ON, at=LATER)
    assert asked.history.filter(step="dispatch").count() == 1


def test_switched_off_the_counter_still_passes_on_what_it_received(asked, hugo, counter, director):
    counter.is_single_counter = False
    counter.save(update_fields=["is_single_counter"])
    assert ff.make_referral(provider=asked.provider).status == Status.SENT
    hugo = fresh(hugo)
    assert asked in Referral.objects.visible_to(hugo)
    referrals.dispatch(asked, by=hugo, on=ff.ON, at=LATER)
    assert asked.status == Status.SENT


def test_it_addresses_a_family_to_another_of_its_places_once(asked, hugo, director):
    other = ff.make_labelled(f.make_facility("Les Voisines"))
    following = referrals.transfer(asked, other, by=hugo, on=ff.ON, at=LATER)
    assert (asked.status, following.status) == (Status.TRANSFERRED, Status.SENT)
    assert following.counter == asked.counter and following.validated_at == LATER
    assert asked not in Referral.objects.visible_to(director)
    assert list(Referral.objects.family_to_tell()) == [asked]


def test_it_does_not_address_one_to_the_creche_of_another_commune(asked, hugo, other_facility):
    with pytest.raises(PermissionDenied):
        referrals.transfer(asked, ff.make_labelled(other_facility), by=hugo, on=ff.ON, at=LATER)


def test_refused_with_a_reason_it_never_reaches_the_creche(asked, hugo, director):
    referrals.refuse(asked, by=hugo, on=ff.ON, at=LATER, reason="full")
    assert asked.status == Status.REFUSED
    assert asked not in Referral.objects.visible_to(director)
    outbox.deliver_due()
    assert any("Le guichet unique (Guichet Paris 20e)" in m.body for m in mail.outbox)


def test_nobody_else_passes_it_on(asked, director, caf_agent, coordinator):
    for person in (director, caf_agent, coordinator, asked.adviser):
        with pytest.raises(PermissionDenied):
            referrals.dispatch(asked, by=person, on=ff.ON, at=LATER)


def test_a_silent_counter_is_reminded_then_its_caf_may_pass_on(asked, hugo, caf_agent):
    outbox.deliver_due()
    mail.outbox.clear()

    def runs(now):
        done = (
            dispatching.expire_waiting(on=now.date(), now=now),
            dispatching.escalate_waiting(on=now.date(), now=now),
            dispatching.remind_waiting(on=now.date(), now=now),
        )
        outbox.deliver_due()
        asked.refresh_from_db()
        return done

    assert runs(ff.AT + timedelta(hours=1)) == (0, 0, 0)
    assert runs(datetime(2026, 1, 13, 11, 0, tzinfo=UTC)) == (0, 0, 1)
    assert [m.to for m in mail.outbox] == [[hugo.email]]
    assert runs(datetime(2026, 1, 14, 12, 0, tzinfo=UTC)) == (0, 1, 0)
    assert runs(datetime(2026, 1, 14, 12, 15, tzinfo=UTC)) == (0, 0, 0)
    assert mail.outbox[-1].to == [caf_agent.email]
    assert "Le guichet unique (Guichet Paris 20e) n’a pas encore répondu" in mail.outbox[-1].body
    assert runs(datetime(2026, 1, 14, 16, 0, tzinfo=UTC)) == (1, 0, 0)
    assert (asked.status, asked.told_at is None) == (Status.EXPIRED, False)


def test_once_escalated_the_caf_passes_it_on(asked, caf_agent):
    Referral.objects.filter(pk=asked.pk).update(escalated_at=LATER)
    asked.refresh_from_db()
    referrals.dispatch(asked, by=caf_agent, on=ff.ON, at=LATER)
    assert (asked.status, asked.escalated_at) == (Status.SENT, None)


def test_the_caf_stands_in_for_a_counter_until_the_request_is_passed_on(
    asked, hugo, caf_agent, director
):
    Referral.objects.filter(pk=asked.pk).update(escalated_at=LATER)
    asked.refresh_from_db()
    assert not Sight(asked, caf_agent).is_caf_only
    referrals.dispatch(asked, by=hugo, on=ff.ON, at=LATER)
    Referral.objects.filter(pk=asked.pk).update(escalated_at=LATER)  # the crèche is silent in turn
    asked.refresh_from_db()
    assert Sight(asked, caf_agent).is_caf_only and not Sight(asked, hugo).is_caf_only
    referrals.refuse(asked, by=director, on=ff.ON, at=LATER, reason="full")
    assert Sight(asked, caf_agent).is_caf_only


def test_an_urgent_request_waits_two_working_hours(counter, hugo, creche):
    stay = ff.make_stay(provider=creche)
    assert stay.status == Status.TO_DISPATCH
    assert stay.answer_due_at == datetime(2026, 1, 12, 11, 0, tzinfo=UTC)


def test_its_time_is_not_counted_against_the_creche(asked, hugo, director, creche):
    referrals.refuse(asked, by=hugo, on=ff.ON, at=LATER, reason="full")
    measure_responses(ff.ON)
    assert not ResponseTime.objects.exists()
    passed_on = ff.make_referral("to_dispatch", provider=creche)
    referrals.dispatch(passed_on, by=hugo, on=ff.ON, at=LATER)
    referrals.refuse(
        passed_on, by=director, on=ff.ON, at=LATER + timedelta(minutes=30), reason="full"
    )
    measure_responses(ff.ON)
    assert ResponseTime.objects.get().median_minutes == 30


def test_its_pages_show_the_need_and_pass_the_request_on(client, asked, hugo):
    client.force_login(hugo)
    page = text_of(client.get(asked.get_absolute_url()))
    assert "Adresser la demande" in page and "un enfant de" in page.lower()
    assert "Fatoumata" not in page
    assert asked.provider.public_name in text_of(client.get(asked.provider.get_absolute_url()))
    page = text_of(client.get(url("dispatch", asked)))
    assert "Adresser à la crèche" in page
    ff.make_labelled(f.make_facility("Les Voisines"))
    assert "Les Voisines" in text_of(client.get(url("transfer", asked)))
    assert client.post(url("dispatch", asked)).status_code == 302
    asked.refresh_from_db()
    assert asked.status == Status.SENT
    assert "n’est plus possible" in text_of(client.get(url("dispatch", asked), follow=True))


def test_the_adviser_reads_that_the_counter_has_it(client, asked):
    client.force_login(asked.adviser)
    page = text_of(client.get(asked.get_absolute_url()))
    assert "Reçue par le guichet unique : Guichet Paris 20e" in page


def test_it_waits_on_the_page_of_the_counter_then_of_the_caf(asked, hugo, caf_agent):
    def titles(person):
        return [item.title for _, items in todo(fresh(person), LATER) for item in items]

    words = f"Une demande à adresser à {asked.provider}"
    assert words in titles(hugo) and words not in titles(caf_agent)
    Referral.objects.filter(pk=asked.pk).update(escalated_at=LATER)
    assert words in titles(caf_agent)


def test_the_sender_is_warned_beforehand(client, counter, creche):
    adviser = ff.make_adviser()
    household = ff.make_household(adviser.memberships.get().agency)
    client.force_login(adviser)
    page = client.get(reverse("families:referral_create", args=[household.pk, creche.pk]))
    assert "Le guichet unique (Guichet Paris 20e) la reçoit d’abord" in text_of(page)


def test_the_family_is_told_when_it_is_received_and_passed_on(counter, hugo, creche, monkeypatch):
    texts = []
    monkeypatch.setattr("avip.mail.send_sms", lambda number, text: texts.append(text))
    asked = ff.make_referral("to_dispatch", provider=creche)
    outbox.deliver_due()
    referrals.dispatch(asked, by=hugo, on=ff.ON, at=LATER)
    outbox.deliver_due()
    assert "par le guichet unique" in texts[0] and "a transmis votre demande" in texts[1]
    assert all(len(text) <= 160 for text in texts)


@pytest.fixture
def admin(counter):
    return f.make_user("Ada", "Chef", member_of=counter, is_admin=True)


def setting(service):
    return reverse("partners:service_counter", args=[service.pk])


def test_its_administrator_and_the_caf_set_it(client, admin, caf_manager, counter):
    for person, wanted in [(admin, "no"), (caf_manager, "yes")]:
        client.force_login(person)
        assert client.get(setting(counter)).status_code == 200
        assert client.post(setting(counter), {"wanted": wanted}).status_code == 302
        counter.refresh_from_db()
        assert counter.is_single_counter == (wanted == "yes")


def test_the_deputy_of_a_service_is_another_of_its_caf(client, admin, counter, caf, other_caf):
    near = f.make_service("RPE voisin", caf=caf)
    foreign = f.make_service("RPE d’ailleurs", caf=other_caf)
    client.force_login(admin)
    for wrong in (foreign, counter):
        page = client.post(setting(counter), {"wanted": "yes", "deputy": wrong.pk})
        assert page.status_code == 200 and "deputy" in page.context["form"].errors
    for deputy in (near, None):
        data = {"wanted": "yes", "deputy": deputy.pk if deputy else ""}
        assert client.post(setting(counter), data).status_code == 302
        counter.refresh_from_db()
        assert counter.deputy == deputy


def test_a_commune_has_one_counter(client, caf_manager, counter, caf):
    second = f.make_service("Autre service", caf=caf)
    client.force_login(caf_manager)
    page = text_of(client.post(setting(second), {"wanted": "yes"}))
    assert "déjà un guichet unique : Guichet Paris 20e" in page
    second.refresh_from_db()
    assert not second.is_single_counter


def test_nobody_else_sets_it(client, hugo, caf_agent, director, other_caf_agent, counter):
    for person, status in [
        (hugo, 403),
        (caf_agent, 403),
        (director, 404),
        (other_caf_agent, 404),
    ]:
        client.force_login(person)
        assert client.get(setting(counter)).status_code == status
        assert client.post(setting(counter), {"wanted": "no"}).status_code == status
    counter.refresh_from_db()
    assert counter.is_single_counter


def test_a_day_of_the_counter_has_no_weekend_and_no_holiday(counter, hugo, creche):
    friday = datetime(2026, 4, 3, 14, 0, tzinfo=UTC)  # Easter Monday is the 6th
    asked = ff.make_referral(
        "to_dispatch",
        provider=creche,
        on=friday.date(),
        at=friday,
        from_on=friday.date() + timedelta(days=30),
        slots=[(0, time(9), time(12))],
    )
    assert asked.answer_due_at.date().isoformat() == "2026-04-09"
