"""How long a provider usually takes to answer: in its opening hours, over a year."""

from datetime import UTC, date, datetime, timedelta

import pytest

from avip.templatetags.words import opening_delay
from families.models import Referral, ResponseTime
from families.responses import measure_responses, minutes_open_between, say_response, say_share
from families.workflow import referrals
from partners.calendars import Calendar
from partners.calendars import calendar_of as calendar
from tests import factories as f
from tests.families import factories as ff

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)  # ten o'clock in Paris
LATER = date(2026, 2, 10)


@pytest.fixture
def creche():
    return ff.make_labelled(f.make_facility())


def refused_after(provider, delay, sent_at=MONDAY):
    referral = ff.make_referral(provider=provider, at=sent_at, on=sent_at.date())
    director, day = ff.director_of(provider), (sent_at + delay).date()
    referrals.refuse(referral, by=director, on=day, at=sent_at + delay, reason="full")
    return referral


def test_only_opening_time_counts(creche):
    friday, monday = datetime(2026, 1, 16, 16, 0, tzinfo=UTC), datetime(2026, 1, 19, 8, tzinfo=UTC)
    # From 17:00 to 18:30 on Friday, from 8:00 to 9:00 on Monday.
    assert minutes_open_between(calendar(creche), friday, monday) == 150
    assert minutes_open_between(calendar(creche), monday, friday) == 0
    assert minutes_open_between(Calendar(), friday, monday) == 64 * 60


def test_a_creche_answers_in_the_median_of_its_delays(creche):
    for hours in (1, 3, 5):
        refused_after(creche, timedelta(hours=hours))
    measure_responses(LATER)
    measure = ResponseTime.objects.get()
    assert (measure.median_minutes, measure.answers, measure.asked) == (180, 3, 3)
    assert measure.measured_on == LATER
    assert say_response(measure).replace("\u00a0", " ") == "répond en 3 heures"


def test_a_request_left_without_an_answer_counts_in_the_share(creche):
    for _ in range(3):
        refused_after(creche, timedelta(hours=2))
    ff.make_referral("expired", provider=creche)
    ff.make_referral(provider=creche)  # its deadline has passed as well
    ff.make_referral("cancelled", provider=creche)  # taken back: nobody was late
    measure_responses(LATER)
    said = say_share(ResponseTime.objects.get()).replace("\u00a0", " ")
    assert said == "3 demandes sur 5 ont eu une réponse"


def test_the_first_answer_counts_not_the_place_given_months_later(creche):
    referral = ff.make_referral("waiting_list", provider=creche)
    month = timedelta(days=30)
    referrals.refuse(
        referral, by=ff.director_of(creche), on=LATER, at=MONDAY + month, reason="full"
    )
    measure_responses(LATER)
    assert ResponseTime.objects.get().median_minutes == 60


def test_a_childminder_is_asked_once_her_coordinator_has_validated():
    claire = ff.make_network_member()
    ff.make_referral("to_validate", provider=claire)
    measure_responses(LATER)
    assert not ResponseTime.objects.exists()
    ff.make_referral("accepted", provider=claire)
    measure_responses(LATER)
    assert ResponseTime.objects.get().asked == 1


def test_too_few_answers_say_nothing_of_a_delay(creche):
    refused_after(creche, timedelta(hours=2))
    measure_responses(LATER)
    measure = ResponseTime.objects.get()
    assert (say_response(measure), say_share(measure), say_response(None)) == ("", "", "")


def test_measured_twice_the_same_and_forgotten_after_a_year(creche):
    refused_after(creche, timedelta(hours=2))
    measure_responses(LATER)
    measure_responses(LATER)
    assert ResponseTime.objects.count() == 1
    measure_responses(LATER + timedelta(days=365))
    assert not ResponseTime.objects.exists()


def test_as_many_questions_for_one_creche_as_for_ten(creche, django_assert_max_num_queries):
    refused_after(creche, timedelta(hours=2))
    for number in range(9):
        refused_after(ff.make_labelled(f.make_facility(f"Crèche {number}")), timedelta(hours=1))
    assert Referral.objects.count() == 10
    with django_assert_max_num_queries(8):
        measure_responses(LATER)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (20, "moins d’une heure"),
        (60, "1 heure"),
        (290, "5 heures"),
        (600, "1 jour"),
        (1300, "2 jours"),
        (None, ""),
    ],
)
def test_a_delay_is_said_in_hours_then_in_days(minutes, words):
    assert opening_delay(minutes).replace("\u00a0", " ") == words
