"""Hours are intervals on dates: a week, particular days, closures; each fault is explained."""

from datetime import date, time

import pytest

from avip.workflow import StepRefused
from families import schedules
from families.models import ScheduleSlot
from families.particular_days import as_lines, parse_days
from families.planning import Schedule, planned_by_month, planned_days, planned_minutes
from families.workflow import contracts
from partners.calendars import Calendar
from partners.models import Closure
from tests.families import factories as f

EVERY_DAY = [ScheduleSlot(weekday=d, starts=time(9), ends=time(12)) for d in range(7)]
MONDAY = [ScheduleSlot(weekday=0, starts=time(9), ends=time(12))]


def test_a_particular_day_replaces_the_week_and_another_has_no_care():
    schedule = Schedule(
        MONDAY,
        {date(2026, 3, 2): [(time(9), time(17))], date(2026, 3, 9): [], date(2026, 3, 11): []},
    )
    found = planned_days(schedule, Calendar(), date(2026, 3, 1), date(2026, 3, 31))
    assert found == {date(2026, 3, 2): 480, date(2026, 3, 16): 180, date(2026, 3, 23): 180,
                     date(2026, 3, 30): 180}  # fmt: skip


def test_closures_and_holidays_take_particular_days_away_too():
    easter_monday = date(2026, 4, 6)
    calendar = Calendar(closures=[(date(2026, 4, 13), date(2026, 4, 17))])
    schedule = Schedule(MONDAY, {easter_monday: [(time(9), time(12))]})
    months = planned_by_month(schedule, calendar, date(2026, 4, 1), date(2026, 4, 30))
    assert months == {date(2026, 4, 1): 2 * 180}  # 20 and 27 April


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_the_night_the_clocks_change_alters_no_planned_hour(day):
    assert planned_minutes(EVERY_DAY, Calendar(), day, day) == 180


@pytest.mark.parametrize("day", [date(2028, 2, 29), date(2026, 8, 31)])
def test_the_29th_of_february_and_the_31st_of_august_are_days_like_others(day):
    assert planned_minutes(EVERY_DAY, Calendar(), day, day) == 180


def test_an_adjustment_holds_between_its_days_and_the_later_one_wins():
    short = [ScheduleSlot(weekday=0, starts=time(9), ends=time(10))]
    shorter = [ScheduleSlot(weekday=0, starts=time(9), ends=time(9, 30))]
    schedule = Schedule(
        MONDAY,
        {},
        [(date(2026, 3, 9), date(2026, 3, 23), short), (date(2026, 3, 16), None, shorter)],
    )
    found = planned_days(schedule, Calendar(), date(2026, 3, 2), date(2026, 3, 30))
    assert list(found.values()) == [180, 60, 30, 30, 30]


def test_a_pasted_calendar_is_read_in_the_ways_people_write_it():
    text = (
        "12/03/2026 09:00-16:30\n13.03.2026\tde 9h à 16h30\n"
        "2026-03-14;9:00;12:00\n16/03/2026 sans accueil\n"
    )
    days, faults = parse_days(text)
    assert not faults
    assert days == [
        (date(2026, 3, 12), time(9), time(16, 30)),
        (date(2026, 3, 13), time(9), time(16, 30)),
        (date(2026, 3, 14), time(9), time(12)),
        (date(2026, 3, 16), None, None),
    ]
    again = {day: [(s, e)] if s else [] for day, s, e in days}
    assert parse_days(as_lines(again))[0] == days


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("31/02/2026 9:00-12:00", "n’existe pas"),
        ("29/02/2026 9:00-12:00", "n’existe pas"),
        ("12/03/2026 25:00-26:00", "heure n’existe pas"),
        ("12/03/2026 12:00-9:00", "vient après"),
        ("12/03/2026 matin", "9:00-16:30"),
        ("jeudi", "jj/mm/aaaa"),
    ],
)
def test_each_refused_line_says_why(line, why):
    days, faults = parse_days(f"11/03/2026 9:00-12:00\n{line}")
    assert len(days) == 1 and len(faults) == 1
    assert faults[0].startswith("Ligne 2") and why in faults[0]


def test_the_same_day_twice_is_refused():
    _, faults = parse_days("12/03/2026 9:00-12:00\n12/03/2026 sans accueil")
    assert "déjà donné" in faults[0]


def propose(referral, exceptions, **fields):
    return contracts.propose(
        referral,
        by=referral.adviser,
        on=f.ON,
        at=f.AT,
        start_on=f.FROM_ON,
        slots=f.NEED,
        envelope_minutes=fields.pop("envelope", 24 * 60),
        exceptions=exceptions,
        **fields,
    )


@pytest.mark.django_db
def test_particular_days_are_in_the_text_and_in_the_planning():
    version = propose(
        f.make_referral("confirmed"),
        [(date(2026, 2, 9), time(9), time(16)), (date(2026, 2, 10), None, None)],
    )
    assert "lundi 9\xa0février\xa02026\xa0: 9\xa0h\xa0–\xa016\xa0h" in version.html
    assert "mardi 10\xa0février\xa02026\xa0: pas d’accueil" in version.html
    f.sign_all(version)
    schedule = schedules.schedule_of([version.contract])
    found = planned_days(schedule, Calendar(), date(2026, 2, 9), date(2026, 2, 15))
    assert found == {date(2026, 2, 9): 7 * 60}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("day", "hours", "why"),
    [
        (date(2026, 4, 6), (time(9), time(12)), "fermé (jour férié ou fermeture)"),
        (date(2026, 2, 12), (time(9), time(12)), "fermé (jour férié ou fermeture)"),
        (date(2026, 2, 9), (time(5), time(12)), "dépasse l’ouverture"),
        (date(2027, 2, 9), (time(9), time(12)), "n’est pas dans les dates"),
    ],
)
def test_hours_while_the_doors_are_closed_are_refused_in_words(day, hours, why):
    referral = f.make_referral("confirmed")
    Closure.objects.create(
        provider=referral.provider, first_day=date(2026, 2, 11), last_day=date(2026, 2, 13)
    )
    with pytest.raises(StepRefused) as refusal:
        propose(referral, [(day, *hours)])
    assert why in " ".join(refusal.value.reasons)


@pytest.mark.django_db
def test_a_week_fuller_than_the_envelope_is_refused():
    days = [(date(2026, 2, 9 + n), time(8, 30), time(17)) for n in range(5)]
    with pytest.raises(StepRefused) as refusal:
        propose(f.make_referral("confirmed"), days, envelope=20 * 60)
    assert "La semaine du lundi 9\xa0février ferait 42\xa0h\xa030" in refusal.value.reasons[0]


@pytest.mark.django_db
def test_the_days_planned_while_it_is_closed_are_announced():
    contract = f.make_contract("active")
    calendar = Calendar(closures=[(date(2026, 2, 16), date(2026, 2, 24))], department_code="75")
    said = schedules.say_closed_days(
        schedules.schedule_of([contract]), calendar, contract.start_on, contract.end_on
    )
    assert said[0] == "du lundi 16\xa0février au mardi 24\xa0février\xa02026"
    assert "lundi 6\xa0avril\xa02026" in said
