"""A silent coordinator: reminded, then her deputy service, then the Caf, which reads no name."""

from datetime import date

import pytest
from django.core import mail as sent_mail
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from avip import outbox
from avip.models import Outbox
from avip.workflow import StepRefused
from families.models import Referral
from families.workflow import referral_deadlines as deadlines
from families.workflow import referrals
from partners.calendars import calendar_of
from partners.models import Childminder, Membership
from reporting.todo import todo
from tests import factories as f
from tests.families import factories as ff
from tests.families.pages import signed_in, text_of

pytestmark = pytest.mark.django_db
Status = Referral.Status


def after(referral, hours):
    """The moment when this many opening hours have passed since it was sent."""
    return calendar_of(referral.provider).add_opening_hours(referral.sent_at, hours)


def runs(now):
    on = timezone.localdate(now)
    return (
        deadlines.escalate_silent(on=on, now=now),
        deadlines.pass_to_deputies(on=on, now=now),
        deadlines.remind_silent(on=on, now=now),
    )


def recipients(kind):
    rows = Outbox.objects.filter(kind=f"families.referral_{kind}")
    return set(rows.values_list("recipient_id", flat=True))


def keys(*people):
    return {str(person.pk) for person in people}


@pytest.fixture
def suppleant(caf):
    return f.make_service("RPE voisin", caf=caf)


@pytest.fixture
def claire(service, coordinator, suppleant):
    service.deputy = suppleant
    service.save()
    return ff.make_network_member(service=service)


@pytest.fixture
def lise(suppleant):
    return f.make_user("Lise", "Roy", member_of=suppleant, quality="coordinatrice")


@pytest.fixture
def waiting(claire, lise, caf_agent):
    return ff.make_referral("to_validate", provider=claire)


def test_every_member_of_the_service_is_reminded_at_half_the_delay(waiting, coordinator, service):
    colleague = f.make_user("Rosa", "Lopes", member_of=service)
    assert runs(after(waiting, 35)) == (0, 0, 0)
    assert runs(after(waiting, 37)) == (0, 0, 1)
    assert recipients("reminder") == keys(coordinator, colleague)


def test_then_the_deputy_then_the_caf_may_validate(waiting, lise, caf_agent, coordinator):
    for person in (lise, caf_agent):
        with pytest.raises(PermissionDenied):
            ff.validate(waiting, by=person)
    assert not Referral.objects.visible_to(lise).exists()
    runs(after(waiting, 37))
    assert runs(after(waiting, 48)) == (0, 1, 0)
    assert recipients("deputy") == keys(lise)
    waiting.refresh_from_db()
    with pytest.raises(PermissionDenied):
        ff.validate(waiting, by=caf_agent)
    assert runs(after(waiting, 59)) == (1, 0, 0)
    assert recipients("escalated") == keys(caf_agent)
    assert runs(after(waiting, 60)) == (0, 0, 0)
    ff.validate(waiting, by=caf_agent)
    waiting.refresh_from_db()
    assert (waiting.status, waiting.escalated_at) == (Status.SENT, None)


def test_the_deputy_validates_and_says_nothing_more(waiting, lise):
    runs(after(waiting, 48))
    waiting.refresh_from_db()
    ff.validate(waiting, by=lise)
    with pytest.raises(PermissionDenied):
        ff.accept(waiting, by=lise)


def test_a_deputy_keeps_only_the_requests_she_answered_herself(
    waiting, claire, lise, coordinator, suppleant
):
    zoe = f.make_user("Zoé", "Petit", member_of=suppleant)
    theirs = ff.make_referral("to_validate", provider=claire)

    def seen(person):
        return set(Referral.objects.visible_to(person).values_list("pk", flat=True))

    Referral.objects.update(deputy_at=ff.AT)
    assert seen(lise) == seen(zoe) == {waiting.pk, theirs.pk}
    for referral, person in ((waiting, lise), (theirs, coordinator)):
        referral.refresh_from_db()
        referrals.refuse(referral, by=person, on=ff.ON, at=ff.AT, reason="hours")
    assert (seen(lise), seen(zoe)) == ({waiting.pk}, set())


def test_the_caf_refuses_or_passes_on_without_a_name(waiting, claire, service, caf_agent):
    parent = waiting.household.parents.get()
    runs(after(waiting, 59))
    client = signed_in(caf_agent)
    pages = [waiting.get_absolute_url()]
    pages += [reverse(f"families:referral_{n}", args=[waiting.pk]) for n in ("validate", "refuse")]
    for url in pages:
        html = text_of(client.get(url))
        assert (
            parent.last_name not in html and waiting.household.children.get().first_name not in html
        )
    sonia = ff.make_network_member("Sonia Haddad", service=service)
    following = referrals.transfer(waiting, sonia, by=caf_agent, on=ff.ON, at=ff.AT)
    assert following.status == Status.TO_VALIDATE
    with pytest.raises(PermissionDenied):
        ff.validate(following, by=caf_agent)


def test_the_page_of_things_to_do_of_each_shows_it_in_turn(waiting, lise, caf_agent, coordinator):
    def sees(person):
        person = type(person).objects.get(pk=person.pk)
        items = [item for _, items in todo(person, timezone.now()) for item in items]
        return any("Une situation à valider" in item.title for item in items)

    assert [sees(p) for p in (coordinator, lise, caf_agent)] == [True, False, False]
    runs(after(waiting, 48))
    assert [sees(p) for p in (coordinator, lise, caf_agent)] == [True, True, False]
    runs(after(waiting, 59))
    assert [sees(p) for p in (coordinator, lise, caf_agent)] == [True, True, True]


def test_the_mails_say_why_and_lead_to_the_situation(waiting, lise, caf_agent):
    for hours in (37, 48, 59):
        runs(after(waiting, hours))
    outbox.deliver_due()
    page = reverse("families:referral_validate", args=[waiting.pk])
    for person, why in ((lise, "suppl"), (caf_agent, "votre Caf coordonne quand")):
        mail = next(m for m in sent_mail.outbox if m.to == [person.email])
        assert why in mail.body and page in mail.body
        assert waiting.household.parents.get().last_name not in mail.body


def test_a_service_with_nobody_left_falls_to_the_caf_at_once(claire, coordinator, caf_agent):
    past = {"starts_on": date(2024, 1, 1), "ends_on": date(2025, 12, 31)}
    Membership.objects.filter(user=coordinator).update(**past)
    referral = ff.make_referral("to_validate", provider=claire)
    assert referral.escalated_at and recipients("escalated") == keys(caf_agent)
    ff.validate(referral, by=caf_agent)


def test_a_coordinator_who_leaves_meanwhile_leaves_it_to_the_caf(waiting, coordinator, caf_agent):
    past = {"starts_on": date(2024, 1, 1), "ends_on": date(2025, 12, 31)}
    Membership.objects.filter(user=coordinator).update(**past)
    assert runs(after(waiting, 1))[0] == 1
    assert recipients("escalated") == keys(caf_agent)


def test_a_childminder_without_a_service_is_her_cafs(claire, caf_agent, other_caf_agent):
    Childminder.objects.filter(pk=claire.pk).update(service=None)
    claire.refresh_from_db()
    referral = ff.make_referral("to_validate", provider=type(claire).objects.get(pk=claire.pk))
    assert recipients("escalated") == keys(caf_agent) and recipients("to_validate") == set()
    with pytest.raises(PermissionDenied):
        ff.validate(referral, by=other_caf_agent)
    ff.validate(referral, by=caf_agent)
    ff.accept(referral, by=caf_agent)
    assert referral.status == Status.ACCEPTED
    client = signed_in(caf_agent)
    assert referral.household.parents.get().last_name not in text_of(
        client.get(referral.get_absolute_url())
    )


def test_a_group_of_communes_shares_its_coordinators(caf, coordinator, service):
    montreuil = f.make_commune("93048", "Montreuil", lat=48.8638, lon=2.4485)
    service.communes.add(montreuil)
    sonia = ff.make_network_member("Sonia Haddad", service=service)
    sonia.commune = montreuil
    sonia.save()
    referral = ff.make_referral("to_validate", provider=sonia)
    assert recipients("to_validate") == keys(coordinator)
    ff.validate(referral, by=coordinator)


def test_a_silence_of_all_ends_without_an_answer(waiting):
    with pytest.raises(StepRefused):
        referrals.refuse(waiting, by=ff.coordinator_of(waiting.provider), on=ff.ON, reason="")
    assert deadlines.expire_late(on=ff.ON, now=after(waiting, 73)) == 1
