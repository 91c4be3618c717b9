"""A family's need beside a childminder's place: what her coordinator checks before saying yes."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from django.db.models import Prefetch

from avip.templatetags.words import age_months, and_list, count_of, fr_date, fr_day, fr_month, hours
from families.models import Hold, Placement, Referral
from families.place_planning import say_outside, say_pause
from families.places import (
    capacity_of,
    full_half_days,
    keys_of,
    last_hold_day,
    places_taken,
    rules_of,
)
from families.planning import days_to_drop, minutes_per_week, planned_by_month
from families.schedules import parts, schedule_of
from labels.models.labels import labelled_providers
from labels.rules import RuleSet
from partners.calendars import Calendar, age_in_months, calendar_of, month_bounds
from partners.models import Provider

WEEKS_PER_YEAR = 52
MONTHS_PER_YEAR = 12
MINUTES = 60


@dataclass(frozen=True)
class Care:
    """Hours given or asked for: a weekly schedule over a period, for some children."""

    slots: list
    first: date
    last: date
    children: int


@dataclass(frozen=True)
class Month:
    """Minutes planned in one calendar month, against the cap."""

    first: date
    asked: int
    others: int
    cap: int
    drop: list[date]  # the days to give up so that the month fits

    @property
    def total(self) -> int:
        return self.asked + self.others

    @property
    def is_over(self) -> bool:
        return self.total > self.cap

    @property
    def gauge_max(self) -> int:
        """The end of the gauge: the cap, or what passes it."""
        return max(self.total, self.cap)

    @property
    def sentence(self) -> str:
        """Why this month is refused, and what would make it fit."""
        text = (
            f"{fr_month(self.first)} : {hours(self.total)} prévues, "
            f"le plafond est de {hours(self.cap)}"
        )
        if self.drop:
            days = and_list(fr_day(day) for day in self.drop)
            return f"{text}. Sans accueil {days}, le mois tient."
        return f"{text}. Proposez moins d’heures par semaine."


@dataclass(frozen=True)
class Check:
    """One condition, said in a sentence, with the rule it comes from."""

    label: str
    ok: bool
    sentence: str
    reference: str
    blocking: bool = True


class Situation:
    """One referral to a childminder, judged on a day; reads the database once per fact.

    `slots` and `from_on` are those of a contract when they are not what was asked for.
    """

    def __init__(
        self,
        referral,
        on: date,
        provider: Provider | None = None,
        rules: RuleSet | None = None,
        slots: list | None = None,
        from_on: date | None = None,
    ):
        self.referral = referral
        self.on = on
        self.provider = provider or referral.provider
        self.rules = rules or rules_of(referral)
        self.slots = list(referral.slots.all()) if slots is None else slots
        self.from_on = from_on or referral.from_on
        self.children = list(referral.children.all())
        self.until = last_hold_day(self.from_on, self.rules)

    @cached_property
    def calendar(self) -> Calendar:
        return calendar_of(self.provider)

    @cached_property
    def offers(self) -> list:
        """Her places that run on the first day, paused or not."""
        running = self.provider.offers.running_on(self.from_on)
        return list(running.prefetch_related("slots", "days"))

    @cached_property
    def months(self) -> list[Month]:
        """Every month from the first day of care to the last one a renewal could reach."""
        others = other_care([self.provider], self.from_on, self.until, but=self.referral)
        asked = Care(self.slots, self.from_on, self.until, len(self.children))
        return months_against_cap(asked, others[self.provider.pk], self.calendar, self.rules)

    @cached_property
    def checks(self) -> list[Check]:
        """Every check, in the order in which a coordinator reads them."""
        return [
            self._network(),
            self._licence(),
            self._places(),
            *map(self._age, self.children),
            *self._pause(),
            self._opening(),
            self._cap(),
        ]

    @property
    def reasons(self) -> list[str]:
        """Why this situation cannot be validated as it stands."""
        return [check.sentence for check in self.checks if check.blocking and not check.ok]

    def _reference(self, key):
        return self.rules.entry(key).reference

    def _network(self):
        ok = labelled_providers(self.on).filter(pk=self.provider.pk).exists()
        name = self.provider.public_name
        return Check(
            "Réseau",
            ok,
            f"{name} est membre du réseau labellisé."
            if ok
            else f"{name} n’est pas membre du réseau labellisé aujourd’hui.",
            "Note aux assistantes maternelles sur le nouveau label",
        )

    def _licence(self):
        licence = self.provider.childminder
        ok = licence.licence_from <= self.from_on <= licence.licence_until
        covers = licence.licence_until >= self.until
        return Check(
            "Agrément",
            ok,
            f"Agrément valable jusqu’au {fr_date(licence.licence_until)}"
            + (
                "."
                if covers
                else ", avant la fin possible du contrat : demandez où en est son renouvellement."
                if ok
                else " : il ne couvre pas le premier jour d’accueil."
            ),
            "CASF, art. L. 421-4",
        )

    def _places(self):
        full = full_half_days(
            self.provider,
            keys_of(self.slots),
            self.from_on,
            self.until,
            capacity_of(self.provider, self.rules) - len(self.children),
            but=self.referral,
        )
        allowed = self.rules.childminder_max_places
        licensed = count_of(
            self.provider.childminder.licensed_places, "place agréée,places agréées"
        )
        if full and len(self.children) > capacity_of(self.provider, self.rules):
            sentence = (
                f"La règle permet {count_of(allowed, 'place')} par assistante maternelle ; "
                f"la demande est pour {count_of(len(self.children), 'enfant')}."
            )
        elif full:
            sentence = places_taken(self.provider, self.rules, full)
        else:
            sentence = (
                f"Place libre aux jours demandés ({count_of(allowed, 'place')} par la règle, "
                f"{licensed})."
            )
        return Check("Place", not full, sentence, self._reference("childminder_max_places"))

    def _age(self, child):
        limit = self.rules.child_max_age_months
        ok = age_in_months(child.birth_date, self.from_on) < limit
        age = age_months(child.birth_date, self.from_on)
        return Check(
            "Âge",
            ok,
            f"{age} au premier jour, pour moins de {limit} mois.".capitalize(),
            self._reference("child_max_age_months"),
        )

    def _pause(self):
        """Only when every place of hers is paused on the first day; a place given is kept."""
        if self.referral.status in Referral.TAKEN:
            return []
        said = say_pause(self.provider, self.offers, self.from_on)
        return [Check("Pause", False, said, "Ce qu’elle a indiqué")] if said else []

    def _opening(self):
        outside = [slot for slot in self.slots if not is_open(self.calendar, slot)]
        said = say_outside(self.slots, self.offers, self.from_on, outside)
        return Check(
            "Ses horaires",
            not said,
            said or "Les jours et heures demandés sont dans ses horaires.",
            "Horaires qu’elle a indiqués",
            blocking=False,
        )

    def _cap(self):
        over = [month.sentence for month in self.months if month.is_over]
        cap = self.rules.childminder_hours_month_cap
        return Check(
            "Heures par mois",
            not over,
            " ".join(sentence[0].upper() + sentence[1:] for sentence in over)
            or f"Aucun mois ne dépasse {cap} heures.",
            self._reference("childminder_hours_month_cap"),
        )


def is_open(calendar: Calendar, slot) -> bool:
    """Whether the provider is usually open during this slot; unknown hours are taken as open."""
    if not any(calendar.hours.values()):
        return True
    return any(
        opens <= slot.starts and slot.ends <= closes
        for opens, closes in calendar.hours.get(slot.weekday, [])
    )


def months_against_cap(
    asked: Care, others: list[Care], calendar: Calendar, rules: RuleSet
) -> list[Month]:
    """The planned minutes of each month that `asked` touches, by the method of the rules."""
    cap = rules.childminder_hours_month_cap * MINUTES
    by_average = rules.childminder_cap_method == "monthly_average"
    planned = _average if by_average else _calendar
    mine = planned(asked, calendar, asked.first, asked.last)
    theirs = [planned(care, calendar, asked.first, asked.last) for care in others]
    months = []
    for first, minutes in mine.items():
        taken = sum(care.get(first, 0) for care in theirs)
        drop = []
        if not by_average and asked.children and minutes + taken > cap:
            start, end = month_bounds(first)
            room = max(cap - taken, 0) // asked.children
            drop = days_to_drop(
                asked.slots, calendar, max(start, asked.first), min(end, asked.last), room
            )
        months.append(Month(first, minutes, taken, cap, drop))
    return months


def planned_in_month(providers, month: date) -> dict[object, int]:
    """By provider, the minutes planned in the month of that day over all her families."""
    first, last = month_bounds(month)
    others = other_care(providers, first, last)
    return {
        provider.pk: sum(
            _calendar(care, calendar_of(provider), first, last).get(first, 0)
            for care in others[provider.pk]
        )
        for provider in providers
    }


def _calendar(care, calendar, first, last):
    """The real days of each month."""
    first, last = max(first, care.first), min(last, care.last)
    months = planned_by_month(care.slots, calendar, first, last)
    return {month: minutes * care.children for month, minutes in months.items()}


def _average(care, calendar, first, last):
    """The same minutes each month: an ordinary week times 52/12."""
    first, last = max(first, care.first), min(last, care.last)
    minutes = minutes_per_week(care.slots) * care.children * WEEKS_PER_YEAR / MONTHS_PER_YEAR
    months, month = {}, first.replace(day=1)
    while month <= last:
        months[month] = round(minutes)
        month = month_bounds(month)[1] + timedelta(days=1)
    return months


def other_care(
    providers, first: date, last: date, *, but=None, but_contract=None
) -> dict[object, list[Care]]:
    """By provider, the care planned in the period: held places, and placements without a hold.

    A contract in force replaces the need that the referral stated. `but` is a referral left out,
    `but_contract` a contract without a referral.
    """
    ids = [provider.pk for provider in providers]
    found = {pk: [] for pk in ids}
    held = Hold.objects.standing(first, last).filter(provider__in=ids).exclude(referral=but)
    referrals = Referral.objects.filter(pk__in=held.values("referral")).prefetch_related(
        "slots",
        Prefetch("holds", queryset=held),
        *parts("contracts__"),
    )
    for referral in referrals:
        holds = referral.holds.all()
        slots = schedule_of(referral.contracts.all()) or list(referral.slots.all())
        found[referral.provider_id].append(
            Care(
                slots,
                min(hold.from_on for hold in holds),
                max(hold.until for hold in holds),
                len({hold.child_id for hold in holds}),
            )
        )
    placements = (
        Placement.objects.during(first, last)
        .filter(provider__in=ids)
        .exclude(status=Placement.Status.ENDED)
        .exclude(contract__referral__in=held.values("referral"))
        .exclude(contract=but_contract and but_contract.pk)
        .select_related("contract")
        .prefetch_related(*parts("contract__"))
    )
    for placement in placements:
        schedule = schedule_of([placement.contract])
        if schedule:
            found[placement.provider_id].append(
                Care(schedule, placement.start_on, placement.end_on, 1)
            )
    return found
