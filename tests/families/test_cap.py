"""The fifty hours of a childminder: each real month, whatever changes them; the days given up."""

from datetime import date, time
from fractions import Fraction

import pytest
from django.urls import reverse

from avip.workflow import StepRefused
from families.cap import by_calendar, months_against_cap
from families.care import Care
from families.models import DroppedDay, Hold, ScheduleException
from families.planning import Schedule
from families.situations import Situation, planned_in_month
from families.wording import say_days_of_months
from families.workflow import contracts, referrals
from families.workflow.adjustments import adjust, cancel_adjustment
from families.workflow.revisions import revise
from labels.models import LocalRule
from labels.rules import rules_for
from partners.calendars import Calendar
from partners.models import Closure
from tests import factories as f
from tests.families import factories as ff
from tests.families.pages import read, signed_in

HOUR = 60
MARCH = date(2027, 3, 1)
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = range(5)


class Slot:
    def __init__(self, weekday, starts, ends):
        self.weekday, self.starts, self.ends = weekday, starts, ends
        self.minutes = (ends.hour - starts.hour) * 60 + ends.minute - starts.minute


SIX_HOURS = [Slot(day, time(9), time(15)) for day in (TUESDAY, THURSDAY)]


def months(slots, first, last, others=(), calendar=None, children=1):
    asked = Care(slots, first, last, children)
    rules = rules_for(None, first)
    return months_against_cap(asked, list(others), calendar or Calendar(), rules)


def words(refusal):
    return " ".join(refusal.value.reasons).replace("\u00a0", " ")


@pytest.fixture
def claire(db):
    return ff.make_network_member()


@pytest.fixture
def by_average(db):
    caf = f.make_caf()
    LocalRule.objects.create(
        caf=caf,
        key="childminder_cap_method",
        value="monthly_average",
        valid_from=date(2025, 1, 1),
        recorded_at=ff.AT,
        reference="Décision de la Caf",
        motive="Mensualisation",
        set_by=f.make_user("Marc", "Dubois", member_of=caf, role="manager"),
    )
    return rules_for(caf, date(2027, 2, 1))


def test_a_month_with_five_weeks_has_its_last_day_to_drop():
    february, march = months(SIX_HOURS, date(2027, 2, 1), date(2027, 3, 31))
    assert (february.total, february.drop, march.total) == (48 * HOUR, [], 54 * HOUR)
    assert march.drop == [date(2027, 3, 30)]


def test_the_hours_of_another_family_take_one_more_day():
    other = Care([Slot(FRIDAY, time(9), time(10))], date(2027, 1, 1), date(2027, 12, 31), 1)
    (march,) = months(SIX_HOURS, MARCH, date(2027, 3, 31), [other])
    assert (march.others, march.left) == (4 * HOUR, 0)
    assert march.drop == [date(2027, 3, 25), date(2027, 3, 30)]
    assert say_days_of_months(march.drop).replace("\u00a0", " ") == "les 25 et 30 mars"


def test_even_eleven_hours_and_a_half_a_week_pass_fifty_in_some_real_months():
    slots = [Slot(TUESDAY, time(9), time(15)), Slot(THURSDAY, time(9), time(14, 30))]
    (march,) = months(slots, MARCH, date(2027, 3, 31))
    assert march.total == (5 * 360 + 4 * 330) and march.is_over


def test_a_public_holiday_is_no_care():
    # 6 May 2027 is Ascension day, a Thursday.
    (may,) = months(SIX_HOURS, date(2027, 5, 1), date(2027, 5, 31))
    assert may.total == 7 * 6 * HOUR


def test_a_partial_month_counts_the_days_of_both_families():
    former = Care(SIX_HOURS, date(2027, 1, 1), date(2027, 3, 14), 1)
    (march,) = months(SIX_HOURS, date(2027, 3, 15), date(2027, 3, 31), [former])
    assert (march.others, march.asked) == (4 * 6 * HOUR, 5 * 6 * HOUR)
    assert march.is_over and march.drop == [date(2027, 3, 30)]


def test_settling_in_days_count_the_hours_they_have():
    settling = {date(2027, 3, 2): [(time(9), time(10))], date(2027, 3, 4): [(time(9), time(11))]}
    (march,) = months(Schedule(SIX_HOURS, settling), MARCH, date(2027, 3, 31))
    assert march.total == (7 * 6 + 3) * HOUR and not march.is_over


def test_summer_time_changes_no_hour_of_the_month():
    sunday = [Slot(6, time(1), time(4))]
    (march,) = months(sunday, MARCH, date(2027, 3, 31))
    assert march.total == 4 * 3 * HOUR


def test_a_text_to_sign_counts_beside_the_one_in_force():
    more = Schedule([*SIX_HOURS, Slot(FRIDAY, time(9), time(10))])
    other = Care(Schedule(SIX_HOURS), MARCH, date(2027, 3, 31), 1, (more,))
    (march,) = months([], MARCH, date(2027, 3, 31), [other])
    assert march.others == 54 * HOUR + 4 * HOUR


@pytest.mark.parametrize(
    ("minutes", "over", "weekly"), [(720, True, 690), (690, False, None), (692, False, None)]
)
def test_by_the_average_twelve_hours_pass_and_eleven_and_a_half_do_not(
    by_average, minutes, over, weekly
):
    week = [Slot(TUESDAY, time(8), time(8 + minutes // 60, minutes % 60))]
    asked = Care(week, date(2027, 2, 1), date(2027, 3, 31), 1)
    february, march = months_against_cap(asked, [], Calendar(), by_average)
    assert {february.total, march.total} == {Fraction(minutes * 52, 12)}
    assert (march.is_over, march.weekly, march.drop) == (over, weekly, [])
    if over:
        assert "Proposez au plus 11 h 30 par semaine" in march.sentence.replace("\u00a0", " ")


def test_by_the_average_thirds_of_minutes_are_not_rounded_away(by_average):
    thirds = [Care([Slot(day, time(8), time(11, 51))], MARCH, MARCH, 1) for day in range(3)]
    (march,) = months_against_cap(thirds[0], thirds[1:], Calendar(), by_average)
    assert march.total == 3 * Fraction(231 * 52, 12) and march.is_over


def validated_without(claire, *days, slots=ff.SIX_HOURS_TWICE):
    referral = ff.make_referral(
        "to_validate", provider=claire, slots=slots, from_on=date(2027, 2, 1)
    )
    ff.validate(referral, without=days)
    return referral


DROPPED = [date(2027, 3, 30), date(2027, 4, 29), date(2027, 6, 29), date(2027, 7, 29)]


def test_the_rest_is_validated_without_the_days_given_up(claire):
    referral = validated_without(claire, *DROPPED)
    assert [row.day for row in referral.dropped_days.all()] == DROPPED
    assert planned_in_month([claire], MARCH) == {claire.pk: 48 * HOUR}


def test_a_day_that_was_not_asked_for_cannot_be_given_up(claire):
    with pytest.raises(StepRefused) as refusal:
        validated_without(claire, date(2027, 3, 29))
    assert "lundi 29 mars n’est pas un jour d’accueil demandé" in words(refusal)
    assert not DroppedDay.objects.exists() and not Hold.objects.exists()


def test_days_that_are_not_enough_validate_nothing(claire):
    with pytest.raises(StepRefused) as refusal:
        validated_without(claire, *DROPPED[1:])
    assert "Mars 2027 : 54 h prévues" in words(refusal)
    assert not DroppedDay.objects.exists()


def to_contract(referral):
    ff.accept(referral, by=ff.coordinator_of(referral.provider))
    adviser = referral.adviser
    referrals.confirm(referral, by=adviser, on=ff.ON, at=ff.AT, how="par téléphone")
    return referral


def proposed(referral, exceptions=(), slots=ff.SIX_HOURS_TWICE, **fields):
    return contracts.propose(
        referral,
        by=referral.adviser,
        on=date(2027, 1, 4),
        start_on=date(2027, 2, 1),
        slots=slots,
        envelope_minutes=24 * 60,
        exceptions=exceptions,
        **fields,
    ).contract


IN_CONTRACT = [(day, None, None) for day in DROPPED[:2]]


def test_the_contract_is_refused_without_the_days_and_stands_with_them(claire):
    referral = to_contract(validated_without(claire, *DROPPED))
    with pytest.raises(StepRefused) as refusal:
        proposed(referral)
    assert "Mars 2027 : 54 h prévues, le plafond est de 50 h" in words(refusal)
    contract = proposed(referral, IN_CONTRACT)
    days = ScheduleException.objects.filter(version__contract=contract)
    assert [row.day for row in days] == DROPPED[:2]
    july = date(2027, 7, 1)
    assert planned_in_month([claire], july)[claire.pk] == 48 * HOUR


def test_the_proposal_is_filled_in_with_these_days(claire):
    referral = to_contract(validated_without(claire, *DROPPED))
    url = reverse("families:contract_propose", args=[referral.pk])
    html = read(signed_in(referral.adviser).get(url))
    assert "30/03/2027 sans accueil" in html and "29/04/2027 sans accueil" in html
    assert "29/06/2027" not in html


@pytest.fixture
def running(claire):
    """Four hours on Tuesdays from February 2027, in force; another family shares the month."""
    referral = ff.make_referral(
        "confirmed", provider=claire, slots=ff.FOUR_HOURS_ONCE, from_on=date(2027, 2, 1)
    )
    contract = proposed(referral, slots=ff.FOUR_HOURS_ONCE)
    ff.sign_all(contract.versions.get(), on=date(2027, 1, 5))
    contract.refresh_from_db()
    ff.make_referral(
        "accepted",
        provider=claire,
        slots=[(THURSDAY, time(9), time(15, 30))],
        from_on=date(2027, 2, 1),
    )
    return contract


LATE = date(2027, 2, 1)


def test_a_revision_above_the_cap_is_refused_with_the_month_and_the_hours(running):
    with pytest.raises(StepRefused) as refusal:
        revise(
            running,
            by=running.adviser,
            on=LATE,
            slots=[(TUESDAY, time(9), time(15))],
            envelope_minutes=24 * 60,
        )
    assert "Mars 2027 : 56 h prévues, le plafond est de 50 h" in words(refusal)
    assert "mardi 30 mars" in words(refusal)


def test_an_adjustment_above_the_cap_is_refused_with_the_month_and_the_hours(running):
    longer = [(TUESDAY, time(9), time(15))]
    with pytest.raises(StepRefused) as refusal:
        adjust(running, longer, MARCH, None, by=running.adviser, on=LATE)
    assert "Mars 2027 : 56 h prévues" in words(refusal)


def test_hours_adjusted_down_and_promised_to_others_do_not_come_back(running, claire):
    shorter = [(TUESDAY, time(9), time(10))]
    adjustment = adjust(running, shorter, MARCH, None, by=running.adviser, on=LATE)
    ff.make_referral(
        "accepted",
        provider=claire,
        slots=[(WEDNESDAY, time(9), time(12))],
        from_on=MARCH,
    )
    with pytest.raises(StepRefused) as refusal:
        cancel_adjustment(adjustment, by=running.adviser, on=LATE)
    assert "Mars 2027 : 61 h prévues" in words(refusal)
    adjustment.refresh_from_db()
    assert adjustment.cancelled_at is None


def test_a_renewal_goes_through_the_same_gate(running):
    with pytest.raises(StepRefused) as refusal:
        contracts.renew(
            running,
            by=running.adviser,
            on=date(2027, 4, 20),
            slots=[(TUESDAY, time(9), time(17))],
            envelope_minutes=24 * 60,
        )
    assert "Mai 2027" in words(refusal) and "le plafond est de 50 h" in words(refusal)


def test_a_renewal_that_begins_in_mid_month_counts_the_days_before_it(claire):
    referral = ff.make_referral(
        "confirmed", provider=claire, slots=ff.FOUR_HOURS_ONCE, from_on=date(2027, 1, 18)
    )
    contract = contracts.propose(
        referral,
        by=referral.adviser,
        on=date(2027, 1, 4),
        start_on=date(2027, 1, 18),
        slots=[(TUESDAY, time(9), time(17))],
        envelope_minutes=24 * 60,
    ).contract
    ff.sign_all(contract.versions.get(), on=date(2027, 1, 5))
    contract.refresh_from_db()
    assert contract.end_on == date(2027, 4, 17)
    daily = [(day, time(9), time(14)) for day in (MONDAY, TUESDAY, THURSDAY, FRIDAY)]
    with pytest.raises(StepRefused) as refusal:
        contracts.renew(
            contract,
            by=contract.adviser,
            on=date(2027, 4, 10),
            slots=daily,
            envelope_minutes=24 * 60,
        )
    # 2 Tuesdays of 8 h before, 8 days of 5 h after.
    assert "Avril 2027 : 56 h prévues" in words(refusal)


def test_hours_given_before_a_contract_stopped_still_count_in_their_month(claire):
    referral = ff.make_referral(
        "confirmed", provider=claire, slots=[(TUESDAY, time(8), time(16))], from_on=MARCH
    )
    contract = contracts.propose(
        referral,
        by=referral.adviser,
        on=date(2027, 2, 8),
        start_on=MARCH,
        slots=[(TUESDAY, time(8), time(16))],
        envelope_minutes=24 * 60,
    ).contract
    ff.sign_all(contract.versions.get(), on=date(2027, 2, 9))
    contracts.terminate(contract, by=referral.adviser, on=date(2027, 3, 17), reason="autre mode")
    later = ff.make_referral(
        "to_validate", provider=claire, slots=ff.SIX_HOURS_TWICE, from_on=date(2027, 3, 22)
    )
    (march, *_) = Situation(later, date(2027, 3, 18)).months
    assert (march.others, march.asked) == (3 * 8 * HOUR, 3 * 6 * HOUR)


def test_leave_given_up_does_not_bring_a_month_above_the_cap(claire):
    leave = Closure.objects.create(
        provider=claire, first_day=date(2027, 3, 29), last_day=date(2027, 3, 31), kind="leave"
    )
    validated_without(claire, *DROPPED[1:])
    client = signed_in(ff.coordinator_of(claire))
    url = reverse("partners:closure_remove", args=[claire.pk, leave.pk])
    page = read(client.post(url, follow=True))
    assert "mars 2027 compterait 54 h prévues, le plafond est de 50 h" in page
    assert Closure.objects.filter(pk=leave.pk).exists()


def test_leave_that_hides_no_care_is_given_up_freely(claire):
    leave = Closure.objects.create(
        provider=claire, first_day=date(2027, 3, 29), last_day=date(2027, 3, 29), kind="leave"
    )
    validated_without(claire, *DROPPED)
    client = signed_in(ff.coordinator_of(claire))
    client.post(reverse("partners:closure_remove", args=[claire.pk, leave.pk]))
    assert not Closure.objects.filter(pk=leave.pk).exists()


def test_hours_revised_up_leave_their_renewal_the_days_to_give_up(claire):
    referral = ff.make_referral(
        "confirmed", provider=claire, slots=ff.FOUR_HOURS_ONCE, from_on=date(2027, 2, 1)
    )
    proposed(referral, IN_CONTRACT)
    later = [row.day for row in referral.dropped_days.all()]
    assert later == DROPPED[2:]
    assert planned_in_month([claire], date(2027, 7, 1))[claire.pk] == 48 * HOUR


def test_hours_in_force_then_those_of_a_text_signed_that_day_make_the_most_of_a_month():
    """The text in force is long before the 16th, the one to sign long after: signed on the 16th."""
    calendar, last = Calendar(), date(2027, 3, 31)
    long = [Slot(TUESDAY, time(9), time(15))]
    short = [Slot(TUESDAY, time(9), time(10))]
    eve, day = date(2027, 3, 15), date(2027, 3, 16)
    now = Schedule(long, {}, [(day, None, short)])
    then = Schedule(long, {}, [(date(2027, 1, 1), eve, short)])

    care = Care(now, MARCH, last, 1)
    assert by_calendar(care, calendar, MARCH, last)[MARCH] == 2 * 360 + 3 * 60
    waiting = Care(now, MARCH, last, 1, (then,))
    assert by_calendar(waiting, calendar, MARCH, last)[MARCH] == 5 * 360
