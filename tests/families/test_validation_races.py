"""No interleaving plans a childminder above her cap or her place, whatever happens at once."""

from datetime import date, time, timedelta
from random import Random

import pytest

from families.models import Hold, Referral
from families.models.places import half_days
from families.situations import Situation, planned_in_month
from families.workflow import contracts, referrals
from families.workflow.adjustments import adjust
from families.workflow.revisions import revise
from labels.rules import rules_for
from partners.calendars import calendar_of, days, month_bounds
from tests import factories as f
from tests.families import factories as ff
from tests.families.test_holds import race

VALIDATIONS = 20
FIRST, LAST = date(2027, 1, 1), date(2027, 12, 31)
ON = date(2027, 1, 4)


def a_week(random):
    """One to three days of two to eight hours, from eight o'clock on."""
    chosen = random.sample(range(5), random.choice([1, 1, 2, 2, 3]))
    week = []
    for day in sorted(chosen):
        starts = random.randint(8, 13)
        ends = min(starts + random.randint(2, 8), 18)
        week.append((day, time(starts, random.choice([0, 30])), time(ends)))
    return week


class Round:
    """A childminder, one contract that runs, twenty situations to validate, two to give back."""

    def __init__(self, seed):
        self.random = Random(seed)
        self.claire = ff.make_network_member(f"Claire {seed}", licensed_places=4)
        self.agency = f.make_agency()
        self.adviser = ff.make_adviser(self.agency)
        self.coordinator = ff.coordinator_of(self.claire)
        self.contract = self._contract()
        self.validated = [self._try_to_validate(self._asked()) for _ in range(2)]
        self.waiting = [self._asked() for _ in range(VALIDATIONS)]

    def _asked(self, status="to_validate", slots=None):
        from_on = date(2027, 2, 1) + timedelta(days=self.random.randint(0, 75))
        return ff.make_referral(
            status,
            provider=self.claire,
            household=ff.make_household(self.agency),
            adviser=self.adviser,
            slots=slots or a_week(self.random),
            from_on=from_on,
        )

    def _contract(self):
        week = [(self.random.randint(0, 4), time(9), time(12))]
        referral = self._asked("confirmed", slots=week)
        version = contracts.propose(
            referral,
            by=self.adviser,
            on=ON,
            start_on=referral.from_on,
            slots=week,
            envelope_minutes=24 * 60,
        )
        ff.sign_all(version, on=ON)
        version.contract.refresh_from_db()
        return version.contract

    def _try_to_validate(self, referral):
        race([self._validation(referral)])
        return Referral.objects.get(pk=referral.pk)

    def _validation(self, referral):
        """As her page showed it before anybody else pressed."""
        fresh = Referral.objects.get(pk=referral.pk)
        days_off = Situation(fresh, ff.ON).days_to_give_up
        return lambda: ff.validate(fresh, without=days_off)

    def _change_of_hours(self):
        (day, *_) = [slot.weekday for slot in self.contract.version.slots.all()]
        longer = [(day, time(9), time(self.random.randint(13, 18)))]
        who = {"by": self.adviser, "on": ON}
        contract = type(self.contract).objects.get(pk=self.contract.pk)
        if self.random.random() < 0.5:
            from_on = contract.start_on + timedelta(days=self.random.randint(0, 20))
            return lambda: adjust(contract, longer, from_on, None, **who)
        return lambda: revise(contract, slots=longer, envelope_minutes=24 * 60, **who)

    def _giving_back(self, referral):
        if referral.status == Referral.Status.TO_VALIDATE or self.random.random() < 0.5:
            return lambda: referrals.cancel(referral, by=self.adviser, on=ff.ON)
        return lambda: referrals.refuse(referral, by=self.coordinator, on=ff.ON, reason="full")

    def run(self):
        acts = [self._validation(referral) for referral in self.waiting]
        acts += [self._change_of_hours() for _ in range(2)]
        acts += [self._giving_back(referral) for referral in self.validated]
        self.random.shuffle(acts)
        return race(acts)


def hours_planned(provider):
    """Minutes of each month, counted day by day from the rows themselves: the most there may be."""
    calendar, months = calendar_of(provider), {}
    held = Referral.objects.filter(holds__provider=provider, holds__released_at=None).distinct()
    for referral in held:
        holds = list(referral.holds.filter(released_at=None))
        by_month = {}
        for day in days(min(h.from_on for h in holds), max(h.until for h in holds)):
            if not calendar.is_closed(day):
                by_month.setdefault(day.replace(day=1), []).append(day)
        now, then = plans_of(referral)
        for month, open_days in by_month.items():
            # Signed on any day of the month, or in none.
            months[month] = months.get(month, 0) + max(
                sum(map(now, open_days[:signed])) + sum(map(then, open_days[signed:]))
                for signed in range(len(open_days) + 1)
            )
    return months


def plans_of(referral):
    """Two functions of the day: the minutes asked for or in force, those of a text to sign."""
    given_up = set(referral.dropped_days.values_list("day", flat=True))
    contract = referral.contracts.filter(status="active").first()
    need = list(referral.slots.all())
    if contract is None:
        asked = lambda day: 0 if day in given_up else _length(need, day)  # noqa: E731
        return asked, asked
    signed = list(contract.versions.get(status="in_force").slots.all())
    adjusted = [
        (row.from_on, row.until or LAST, list(row.slots.all()))
        for row in contract.adjustments.filter(cancelled_at=None).order_by("made_at")
    ]
    to_sign = [
        (row.start_on, list(row.slots.all())) for row in contract.versions.filter(status="to_sign")
    ]

    def now(day):
        if day > contract.end_on and day in given_up:
            return 0
        running = [slots for first, last, slots in adjusted if first <= day <= last]
        return _length(running[-1] if running else signed, day)

    def then(day):
        if day > contract.end_on and day in given_up:
            return 0
        following = [slots for start_on, slots in to_sign if start_on <= day]
        return _length(following[-1], day) if following else now(day)

    return now, then


def _length(slots, day):
    return sum(slot.minutes for slot in slots if slot.weekday == day.weekday())


def places_passed(provider, places):
    """The (day, half) on which more children are expected than she may take."""
    held = list(Hold.objects.filter(provider=provider, released_at=None))
    found = set()
    for hold in held:
        same = [h for h in held if h.key == hold.key and h.from_on <= hold.from_on <= h.until]
        if len({h.child_id for h in same}) > places:
            found.add((hold.from_on, hold.key))
    return found


def uncovered(provider):
    """Hours validated for which no half-day is held."""
    for referral in Referral.objects.filter(provider=provider, status="sent"):
        held = {hold.key for hold in referral.holds.filter(released_at=None)}
        for slot in referral.slots.all():
            for half in half_days(slot.starts, slot.ends):
                if f"{slot.weekday}-{half}" not in held:
                    yield referral, slot


@pytest.mark.django_db(transaction=True)
def test_no_interleaving_of_twenty_validations_passes_the_cap_or_the_place(rounds):
    rules = rules_for(None, ff.FROM_ON)
    cap, places = rules.childminder_hours_month_cap * 60, rules.childminder_max_places
    answers = []
    for seed in range(rounds):
        chance = Round(seed)
        answers += chance.run()
        planned = hours_planned(chance.claire)
        assert all(minutes <= cap for minutes in planned.values()), (seed, planned)
        assert not places_passed(chance.claire, places), seed
        assert not list(uncovered(chance.claire)), seed
        month = FIRST
        while month <= LAST:
            said = planned_in_month([chance.claire], month)[chance.claire.pk]
            assert planned.get(month, 0) <= said <= cap, (seed, month)
            month = month_bounds(month)[1] + timedelta(days=1)
    assert None in answers and any(answers)


@pytest.mark.django_db(transaction=True)
def test_two_situations_pressed_at_the_same_instant_take_one_place(rounds):
    for number in range(rounds):
        claire = ff.make_network_member(f"Claire {number}")
        both = [ff.make_referral("to_validate", provider=claire) for _ in range(2)]
        refusals = race([lambda r=referral: ff.validate(r) for referral in both])
        assert refusals.count(None) == 1
        assert "accueille déjà un enfant" in " ".join(filter(None, map(str, refusals)))
