"""The delay of an answer: reminder, escalation, no answer; once each, whatever happens."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail as sent_mail
from django.utils import timezone

from avip import jobs, outbox
from avip.models import Outbox
from families.models import Referral
from families.notifications.referrals import keep_deadlines
from families.workflow import referral_deadlines as deadlines
from partners.calendars import calendar_of
from partners.models import User
from tests import factories as f
from tests.families import factories as ff

pytestmark = pytest.mark.django_db
Status = Referral.Status


def kinds():
    rows = Outbox.objects.filter(kind__in=["families.referral_reminder", ESCALATED, ANSWERED])
    return [row.kind.removeprefix("families.referral_") for row in rows.order_by("created_at")]


ESCALATED, ANSWERED = "families.referral_escalated", "families.referral_answered"


def after(referral, hours):
    """The moment when this many opening hours have passed since it was sent."""
    return calendar_of(referral.provider).add_opening_hours(referral.sent_at, hours)


def runs(now):
    on = timezone.localdate(now)
    return (
        deadlines.expire_late(on=on, now=now),
        deadlines.escalate_silent(on=on, now=now),
        deadlines.remind_silent(on=on, now=now),
    )


@pytest.fixture
def referral():
    operator = f.make_operator()
    creche = ff.make_labelled(f.make_facility(operator=operator))
    ff.director_of(creche)
    f.make_user("Paula", "Roux", member_of=operator)
    return ff.make_referral(provider=creche)


def test_half_of_the_delay_in_opening_hours_brings_a_reminder_once(referral):
    assert runs(after(referral, 35)) == (0, 0, 0)
    assert runs(after(referral, 37)) == (0, 0, 1)
    assert runs(after(referral, 38)) == (0, 0, 0)
    assert kinds() == ["reminder"]


def test_then_the_operator_hears_of_it_then_it_is_without_answer(referral):
    runs(after(referral, 37))
    assert runs(after(referral, 60)) == (0, 1, 0)
    row = Outbox.objects.get(kind=ESCALATED)
    paula = User.objects.get(first_name="Paula")
    assert row.recipient_id == str(paula.pk)
    assert runs(after(referral, 73)) == (1, 0, 0)
    referral.refresh_from_db()
    assert (referral.status, referral.told_at) == (Status.EXPIRED, None)
    assert kinds() == ["reminder", "escalated", "answered"]


def test_a_machine_off_for_three_days_does_once_what_is_due(referral):
    late = referral.answer_due_at + timedelta(days=3)
    assert runs(late) == (1, 0, 0)
    assert runs(late) == (0, 0, 0)
    assert kinds() == ["answered"]


def test_the_night_spends_nothing(referral):
    evening = after(referral, 29.5)  # the door closes; six hours and a half are left before half
    assert runs(evening + timedelta(minutes=30)) == (0, 0, 0)
    assert runs(evening + timedelta(hours=9)) == (0, 0, 0)


def test_a_childminder_is_not_reminded_of_what_her_coordinator_has_not_validated():
    claire = ff.make_network_member()
    herself = f.make_user("Claire", "Morel", member_of=claire)
    referral = ff.make_referral("to_validate", provider=claire)
    runs(after(referral, 37))
    people = set(
        Outbox.objects.filter(kind="families.referral_reminder").values_list(
            "recipient_id", flat=True
        )
    )
    assert people == {str(ff.coordinator_of(claire).pk)} and str(herself.pk) not in people


def test_a_commission_stops_the_delay_and_is_reminded_the_day_after():
    referral = ff.make_referral("shortlisted")
    day = datetime(2026, 1, 20, 12, tzinfo=UTC)
    assert runs(day) == (0, 0, 0)
    assert runs(day + timedelta(days=1)) == (0, 0, 1)
    assert runs(referral.answer_due_at + timedelta(minutes=1))[0] == 1


def test_an_urgent_request_waits_two_opening_hours():
    stay = ff.make_stay()
    assert stay.answer_due_at == stay.sent_at + timedelta(hours=2)
    assert runs(stay.sent_at + timedelta(minutes=70)) == (0, 0, 1)
    assert runs(stay.sent_at + timedelta(hours=2, minutes=1)) == (1, 0, 0)


def test_the_adviser_reads_the_places_nearby(mailoutbox):
    other = ff.make_labelled(f.make_facility("La Ronde"))
    ff.make_labelled(f.make_facility("Le Refus"))
    referral = ff.make_referral(
        from_on=timezone.localdate() + timedelta(days=40),
        household=ff.make_household(births=[timezone.localdate() - timedelta(days=200)]),
    )
    runs(referral.answer_due_at + timedelta(minutes=1))
    outbox.deliver_due()
    body = next(m.body for m in sent_mail.outbox if "pas répondu à temps" in m.body)
    assert other.public_name in body and "à proximité" in body


def test_the_job_runs_every_quarter_of_an_hour_and_says_what_it_did(monkeypatch):
    ff.make_referral(at=datetime(2026, 1, 5, 9, tzinfo=UTC), on=date(2026, 1, 5))
    assert "families.referral_deadlines" in jobs.JOBS
    assert keep_deadlines(ff.ON) == "0 rappelées, 0 signalées, 1 sans réponse"
    assert keep_deadlines(ff.ON) == "0 rappelées, 0 signalées, 0 sans réponse"


def test_a_hundred_late_requests_cost_no_query_each(django_assert_max_num_queries):
    creche = ff.make_labelled(f.make_facility(capacity=60))
    agency = f.make_agency()
    adviser = ff.make_adviser(agency)
    made = [
        ff.make_referral(provider=creche, household=ff.make_household(agency), adviser=adviser)
        for _ in range(12)
    ]
    late = made[0].answer_due_at + timedelta(hours=1)
    with django_assert_max_num_queries(40):
        assert runs(late)[0] == 12
