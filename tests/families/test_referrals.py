"""A referral, step by step: who may, what it needs, who is told."""

from datetime import date, datetime, time, timedelta

import pytest
from django.core import mail as sent_mail
from django.core.exceptions import PermissionDenied

from avip import outbox
from avip.models import Outbox
from avip.workflow import StepRefused
from families.models import Referral
from families.recipients import people_of_providers
from families.wording import say_in_sms
from families.workflow import referrals
from labels.rules import rules_for
from partners.calendars import calendar_of
from partners.models import Closure
from tests import factories as f
from tests.families import factories as ff

pytestmark = pytest.mark.django_db
Status = Referral.Status


def reasons_of(refusal):
    return " ".join(refusal.value.reasons).replace("\u00a0", " ")


def sms(monkeypatch):
    """The SMS handed to the gateway, as (number, text)."""
    handed = []
    monkeypatch.setattr("avip.mail.send_sms", lambda number, text: handed.append((number, text)))
    return handed


def test_a_facility_receives_the_request_at_once():
    assert ff.make_referral().status == Status.SENT


def test_a_childminder_receives_nothing_before_her_coordinator_has_validated():
    referral = ff.make_referral("to_validate", provider=ff.make_network_member())
    assert referral.status == Status.TO_VALIDATE
    with pytest.raises(StepRefused):
        ff.accept(referral)


def test_the_childminder_herself_cannot_validate_nor_accept_before_it():
    claire = ff.make_network_member()
    herself = f.make_user("Claire", "Morel", member_of=claire, quality="assistante maternelle")
    referral = ff.make_referral("to_validate", provider=claire)
    for step in (
        lambda: ff.validate(referral, by=herself),
        lambda: ff.accept(referral, by=herself),
        lambda: referrals.refuse(referral, by=herself, on=ff.ON, reason="full"),
    ):
        with pytest.raises((PermissionDenied, StepRefused)):
            step()


def test_the_childminder_sees_a_request_once_her_coordinator_has_validated_it():
    claire = ff.make_network_member()
    herself = f.make_user("Claire", "Morel", member_of=claire)
    referral = ff.make_referral("to_validate", provider=claire)
    coordinator = ff.coordinator_of(claire)
    people = (herself, coordinator, referral.adviser)

    def seers():
        return [p for p in people if Referral.objects.visible_to(p).filter(pk=referral.pk).exists()]

    assert seers() == [coordinator, referral.adviser]
    ff.validate(referral, by=coordinator)
    assert seers() == list(people)


def test_the_coordinator_validates_then_the_childminder_accepts():
    claire = ff.make_network_member()
    herself = f.make_user("Claire", "Morel", member_of=claire, quality="assistante maternelle")
    referral = ff.make_referral("sent", provider=claire)
    assert (referral.status, referral.validated_at is not None) == (Status.SENT, True)
    ff.accept(referral, by=herself)
    assert referral.status == Status.ACCEPTED


def test_the_coordinator_may_accept_in_her_place():
    referral = ff.make_referral("accepted", provider=ff.make_network_member())
    assert referral.history.last().user == ff.coordinator_of(referral.provider)


def test_only_a_labelled_provider_may_receive_a_family():
    with pytest.raises(StepRefused) as refusal:
        ff.make_referral(provider=f.make_facility())
    assert "ne porte pas le label" in reasons_of(refusal)


def test_a_creche_that_lost_its_label_meanwhile_accepts_nobody():
    referral = ff.make_referral()
    referral.provider.labels.update(ends_on=date(2026, 1, 1))
    with pytest.raises(StepRefused) as refusal:
        ff.accept(referral)
    assert "ne porte plus le label" in reasons_of(refusal)


def test_a_childminder_outside_the_network_receives_nobody():
    with pytest.raises(StepRefused):
        ff.make_referral(provider=ff.make_network_member(status="licence_checked"))


@pytest.mark.parametrize(
    ("birth", "refused"), [(date(2023, 2, 2), True), (date(2023, 2, 3), False)]
)
def test_a_child_who_reaches_the_age_limit_on_the_first_day_is_refused_in_words(birth, refused):
    household = ff.make_household(births=[birth])
    if not refused:
        assert ff.make_referral(household=household).status == Status.SENT
        return
    with pytest.raises(StepRefused) as refusal:
        ff.make_referral(household=household)
    assert "Issa aura 3 ans le 2 février 2026" in reasons_of(refusal)


@pytest.mark.parametrize(
    ("slots", "words"),
    [
        ([], "au moins un jour"),
        ([(0, time(12), time(9))], "Le lundi, l’heure de fin"),
        ([(0, time(9), time(12)), (0, time(11), time(14))], "Le lundi, deux horaires"),
    ],
)
def test_hours_that_make_no_sense_are_refused_in_words(slots, words):
    household = ff.make_household()
    with pytest.raises(StepRefused) as refusal:
        referrals.send(
            household,
            provider=ff.make_labelled(f.make_facility()),
            children=household.children.all(),
            slots=slots,
            from_on=ff.FROM_ON,
            by=ff.make_adviser(household.agency),
            on=ff.ON,
        )
    assert words in reasons_of(refusal)


def test_a_family_is_oriented_after_it_received_the_notice():
    household = ff.make_household(notice_given_on=ff.ON + timedelta(days=1))
    with pytest.raises(StepRefused) as refusal:
        ff.make_referral(household=household)
    assert "information" in reasons_of(refusal)


def test_the_children_of_another_family_are_refused():
    stranger = ff.make_household().children.all()
    with pytest.raises(StepRefused):
        ff.make_referral(household=ff.make_household(), children=stranger)


def test_the_same_family_is_not_sent_twice_to_the_same_provider():
    first = ff.make_referral()
    with pytest.raises(StepRefused) as refusal:
        ff.make_referral(provider=first.provider, household=first.household, adviser=first.adviser)
    assert "déjà en cours" in reasons_of(refusal)


def test_an_adviser_of_another_agency_sends_nobody_elses_family():
    stranger = ff.make_adviser(f.make_agency("Mission Locale de Montreuil"))
    with pytest.raises(PermissionDenied):
        ff.make_referral(household=ff.make_household(), adviser=stranger)


def test_a_year_without_a_rule_is_said_in_words():
    with pytest.raises(StepRefused) as refusal:
        ff.make_referral(
            provider=ff.make_network_member(), on=date(2024, 12, 1), from_on=date(2024, 12, 9)
        )
    assert "n’a pas de valeur" in reasons_of(refusal) or "réseau" in reasons_of(refusal)


def test_the_deadline_counts_the_opening_hours_of_the_receiver():
    creche = ff.make_labelled(f.make_facility())  # 10 h 30 a day, from Monday to Friday
    Closure.objects.create(provider=creche, first_day=date(2026, 1, 13), last_day=date(2026, 1, 18))
    referral = ff.make_referral(provider=creche)
    # 8 h 30 left on Monday 12, closed until Monday 19, then six days of 10 h 30: 30 minutes remain.
    assert referral.answer_due_at == datetime.fromisoformat("2026-01-27T08:30+01:00")


def test_the_childminder_has_her_whole_delay_once_validated():
    claire = ff.make_network_member()  # open from 8 to 18
    referral = ff.make_referral("to_validate", provider=claire)
    before = referral.answer_due_at
    late = before - timedelta(hours=1)
    ff.validate(referral, on=late.date(), at=late)
    hours = rules_for(claire.caf, late.date()).referral_answer_hours
    assert referral.answer_due_at == calendar_of(claire).add_opening_hours(late, hours) > before


def test_a_refusal_needs_a_reason_from_the_list():
    referral = ff.make_referral()
    with pytest.raises(StepRefused):
        referrals.refuse(
            referral, by=ff.director_of(referral.provider), on=ff.ON, reason="parce que"
        )
    assert Referral.objects.get().status == Status.SENT


def test_nothing_is_final_until_the_family_confirms():
    referral = ff.make_referral("accepted")
    assert referral.confirmed_at is None
    referrals.confirm(referral, by=referral.adviser, on=ff.ON, how="par téléphone")
    assert (referral.status, referral.confirmed_how) == (Status.CONFIRMED, "par téléphone")


def test_the_director_does_not_confirm_for_the_family():
    referral = ff.make_referral("accepted")
    with pytest.raises(PermissionDenied):
        referrals.confirm(
            referral, by=ff.director_of(referral.provider), on=ff.ON, how="par téléphone"
        )


def test_a_colleague_of_the_adviser_confirms_for_the_absent_one():
    referral = ff.make_referral("accepted")
    colleague = f.make_user("Odile", "Marchand", member_of=referral.agency)
    referrals.confirm(referral, by=colleague, on=ff.ON, how="par téléphone")
    assert referral.status == Status.CONFIRMED


def test_confirming_one_place_gives_back_the_others():
    adviser = ff.make_adviser()
    household = ff.make_household(adviser.memberships.get().agency)
    first, second, third = [
        ff.make_referral(
            status,
            household=household,
            adviser=adviser,
            provider=ff.make_labelled(f.make_facility(name)),
        )
        for status, name in [("accepted", "Un"), ("accepted", "Deux"), ("sent", "Trois")]
    ]
    referrals.confirm(first, by=adviser, on=ff.ON, how="par téléphone")
    states = [Referral.objects.get(pk=r.pk).status for r in (first, second, third)]
    assert states == [Status.CONFIRMED, Status.OBSOLETE, Status.OBSOLETE]
    assert not second.holds.filter(released_at=None).exists()
    assert first.holds.filter(released_at=None).exists()


def test_the_request_of_a_brother_stays_open():
    household = ff.make_household(births=[date(2025, 6, 15), date(2026, 9, 1)])
    adviser = ff.make_adviser(household.agency)
    younger, elder = [
        ff.make_referral(
            "accepted",
            household=household,
            adviser=adviser,
            children=[child],
            provider=ff.make_labelled(f.make_facility(child.first_name)),
        )
        for child in household.children.all()
    ]
    referrals.confirm(younger, by=adviser, on=ff.ON, how="par téléphone")
    assert Referral.objects.get(pk=elder.pk).status == Status.ACCEPTED


def test_a_support_agent_who_borrows_an_account_sends_nothing():
    adviser = ff.make_adviser()
    adviser.is_hijacked = True
    with pytest.raises(PermissionDenied):
        ff.make_referral(
            adviser=adviser, household=ff.make_household(adviser.memberships.get().agency)
        )


@pytest.mark.parametrize("status", ["accepted", "waiting_list", "refused", "expired"])
def test_every_answer_reaches_the_adviser_and_the_family(status, monkeypatch, mailoutbox):
    handed = sms(monkeypatch)
    referral = ff.make_referral(status)
    outbox.deliver_due()
    assert referral.adviser.email in [to for message in mailoutbox for to in message.to]
    assert [number for number, _ in handed] == ["0600000001"]
    assert Referral.objects.get().told_at is not None
    assert not Referral.objects.family_to_tell().exists()


@pytest.mark.parametrize("status", ["accepted", "waiting_list", "refused", "expired"])
def test_a_family_without_a_phone_waits_for_its_adviser(status, monkeypatch):
    handed = sms(monkeypatch)
    referral = ff.make_referral(status, household=ff.make_household(phone=""))
    outbox.deliver_due()
    assert handed == []
    assert list(Referral.objects.family_to_tell()) == [referral]
    referrals.tell_family(referral, by=referral.adviser, on=ff.ON)
    assert not Referral.objects.family_to_tell().exists()


@pytest.mark.parametrize("status", ["accepted", "waiting_list", "refused", "expired"])
def test_a_message_to_the_family_is_neutral_and_fits_in_one_sms(status, monkeypatch):
    handed = sms(monkeypatch)
    referral = ff.make_referral(status)
    outbox.deliver_due()
    (_, text), *others = handed
    assert not others and len(text) <= 160 and text == say_in_sms(text)
    for word in ("Issa", "Diallo", referral.provider.name, "refus"):
        assert word not in text


def test_an_sms_keeps_its_accents_when_the_alphabet_has_them():
    assert say_in_sms("L’été « prêt » : ça va\u00a0? Cœur") == 'L\'été " pret " : ca va ? Coeur'


def test_no_mail_names_a_child_nor_carries_a_name_in_its_subject(monkeypatch, mailoutbox):
    sms(monkeypatch)
    ff.make_referral("confirmed", provider=ff.make_network_member())
    ff.make_referral("refused")
    outbox.deliver_due()
    assert len(mailoutbox) >= 6
    for message in mailoutbox:
        everything = message.subject + message.body + message.alternatives[0].content
        assert "Issa" not in everything and "Diallo" not in everything
        assert "Morel" not in message.subject


def test_the_director_is_told_of_the_family_that_asks(mailoutbox):
    referral = ff.make_referral(provider=(creche := ff.make_labelled(f.make_facility())))
    director = ff.director_of(creche)
    assert not mailoutbox
    referrals.cancel(referral, by=referral.adviser, on=ff.ON)
    ff.make_referral(provider=creche)
    outbox.deliver_due()
    to_director = [message for message in sent_mail.outbox if message.to == [director.email]]
    assert [m.subject for m in to_director if "demande une place" in m.subject]


def test_an_independent_creche_without_members_is_written_to_at_its_own_address(
    caf_agent, other_director, mailoutbox
):
    referral = ff.make_referral()
    rows = Outbox.objects.filter(kind="families.referral_to_answer")
    assert [row.recipient_id for row in rows] == [""]
    outbox.deliver_due()
    assert [message.to for message in mailoutbox] == [[referral.provider.email]]
    everybody = people_of_providers([referral.provider], on=ff.ON)
    assert everybody == {referral.provider_id: []}


def test_someone_who_left_since_is_not_written_to(mailoutbox):
    creche = ff.make_labelled(f.make_facility())
    director = ff.director_of(creche)
    ff.make_referral(provider=creche)
    director.memberships.update(ends_on=date(2025, 1, 1))
    outbox.deliver_due()
    assert director.email not in [to for message in mailoutbox for to in message.to]


def test_an_effect_of_a_past_moment_keeps_its_moment():
    referral = ff.make_referral()
    row = Outbox.objects.filter(kind="families.referral_to_answer").get()
    assert row.created_at == ff.AT == referral.sent_at


def test_a_contract_in_force_places_the_family_once():
    referral = ff.make_referral("confirmed")
    referrals.mark_placed(referral, on=ff.ON)
    referrals.mark_placed(referral, on=ff.ON)
    assert referral.status == Status.PLACED
    assert referral.history.filter(step="place").count() == 1
