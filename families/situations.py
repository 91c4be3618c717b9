"""A family's need beside a childminder's place: what her coordinator checks before saying yes."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from dateutil.relativedelta import relativedelta
from django.db.models import Q

from avip.templatetags.words import age_months, count_of, fr_date
from families.cap import MONTHS_PER_YEAR, Month, by_calendar, months_against_cap
from families.care import Care, need_of, other_care
from families.models import PlaceOffer, Referral
from families.place_planning import say_outside, say_pause
from families.places import (
    Period,
    capacity_of,
    held_at,
    keys_of,
    last_hold_day,
    peak,
    places_taken,
    reasons_of_offers,
    rules_of,
)
from families.planning import Schedule
from labels.models.labels import labelled_providers
from labels.rules import RuleSet
from partners.calendars import (
    Calendar,
    age_in_months,
    calendar_of,
    end_after_months,
    month_bounds,
)
from partners.models import Provider

SHE_SAID = "Ce qu’elle a indiqué de sa place"


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
        without: tuple = (),
        facts: "Facts | None" = None,
    ):
        self.referral = referral
        self.on = on
        self.provider = provider or referral.provider
        self.rules = rules or rules_of(referral)
        self.slots = need_of(referral) if slots is None else slots
        if without:
            given_up = {day: [] for day in without}
            self.slots = Schedule(list(self.slots), self.slots.exceptions | given_up)
        self.from_on = from_on or referral.from_on
        self.children = list(referral.children.all())
        self.until = last_hold_day(self.from_on, self.rules)
        self._facts = facts

    @cached_property
    def facts(self) -> "Facts":
        return self._facts or facts_of([self.provider], self)

    @cached_property
    def calendar(self) -> Calendar:
        return calendar_of(self.provider)

    @property
    def offers(self) -> list:
        """Her places that run on the first day, paused or not."""
        return [offer for offer in self.facts.offers[self.provider.pk] if self._runs(offer)]

    def _runs(self, offer):
        return offer.from_on <= self.from_on and (
            offer.until is None or offer.until >= self.from_on
        )

    @property
    def period(self) -> tuple[date, date]:
        """Whole months: this one and the next twelve, and those that the care touches."""
        first = month_bounds(min(self.on, self.from_on))[0]
        last = max(self.on + relativedelta(months=MONTHS_PER_YEAR), self.until)
        return first, month_bounds(last)[1]

    @cached_property
    def year(self) -> list[Month]:
        """This month and the next twelve at least, with or without this family."""
        first, last = self.period
        others = self.facts.care[self.provider.pk]
        asked = Care(self.slots, self.from_on, self.until, len(self.children))
        return months_against_cap(asked, others, self.calendar, self.rules, first=first, last=last)

    @property
    def months(self) -> list[Month]:
        """Every month from the first day of care to the last one a renewal could reach."""
        return [month for month in self.year if month.asked]

    @property
    def over(self) -> list[Month]:
        """The months that this family would bring above the cap."""
        return [month for month in self.months if month.is_over]

    @property
    def days_to_give_up(self) -> list[date]:
        """The days without which everything holds; none when it does as it is, or cannot."""
        if any(check.blocking and not check.ok for check in self.conditions):
            return []
        if any(month.others > month.cap or not month.drop for month in self.over):
            return []
        return [day for month in self.over for day in month.drop]

    @cached_property
    def conditions(self) -> list[Check]:
        """Every check but the hours, in the order in which a coordinator reads them."""
        return [
            self._network(),
            self._licence(),
            *self._pause(),
            self._places(),
            *map(self._age, self.children),
            self._opening(),
        ]

    @cached_property
    def checks(self) -> list[Check]:
        return [*self.conditions, self._cap()]

    @property
    def reasons(self) -> list[str]:
        """Why this situation cannot be validated as it stands."""
        return [check.sentence for check in self.checks if check.blocking and not check.ok]

    def _reference(self, key):
        return self.rules.entry(key).reference

    def _network(self):
        ok = self.provider.pk in self.facts.labelled
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

    def _pause(self):
        """A place on pause takes no new family; one given before is kept, a pause to come said."""
        if self.referral.status in Referral.TAKEN:
            return []
        if said := say_pause(self.provider, self.offers, self.from_on):
            return [Check("Pause", False, said, SHE_SAID)]
        coming = [
            offer.paused_from
            for offer in self.offers
            if offer.paused_from and self.from_on < offer.paused_from <= self.until
        ]
        if not coming:
            return []
        said = f"Une pause est prévue à partir du {fr_date(min(coming))}."
        return [Check("Pause", True, said, SHE_SAID)]

    def _places(self):
        keys, most = keys_of(self.slots), capacity_of(self.provider, self.rules)
        held = self.facts.held[self.provider.pk]
        room = most - len(self.children)
        full = [k for k in keys if peak(held.get(k, []), self.from_on, self.until) > room]
        offered = [] if full else self._offered(keys)
        allowed = self.rules.childminder_max_places
        licensed = count_of(
            self.provider.childminder.licensed_places, "place agréée,places agréées"
        )
        if full and len(self.children) > most:
            sentence = (
                f"La règle permet {count_of(allowed, 'place')} par assistante maternelle ; "
                f"la demande est pour {count_of(len(self.children), 'enfant')}."
            )
        elif full:
            sentence = places_taken(self.provider, self.rules, full)
        elif offered:
            sentence = " ".join(offered)
        else:
            sentence = (
                f"Place libre aux jours demandés ({count_of(allowed, 'place')} par la règle, "
                f"{licensed})."
            )
        ok = not full and not offered
        return Check("Place", ok, sentence, self._reference("childminder_max_places"))

    def _offered(self, keys):
        ends = end_after_months(self.from_on, self.rules.contract_duration_months)
        period = Period(self.from_on, min(ends, self.until), self.until)
        return reasons_of_offers(self.offers, self.referral, period, self.children, keys)

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

    def _opening(self):
        outside = [slot for slot in self.slots if not is_open(self.calendar, slot)]
        said = say_outside(self.slots, self.offers, self.from_on, outside)
        return Check(
            "Ses horaires",
            not said,
            said or "Les jours et heures demandés sont dans ses horaires.",
            SHE_SAID,
            blocking=False,
        )

    def _cap(self):
        over = [month.sentence for month in self.over]
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


@dataclass(frozen=True)
class Facts:
    """What the checks read of some providers; as many queries for thirty as for one."""

    labelled: set
    held: dict
    care: dict
    offers: dict


def facts_of(providers, situation: Situation) -> Facts:
    """The facts of these providers for this need, on the day and over the months it is judged."""
    s, ids = situation, [provider.pk for provider in providers]
    offers = {pk: [] for pk in ids}
    lasting = Q(until=None) | Q(until__gte=s.from_on)
    rows = PlaceOffer.objects.filter(lasting, provider__in=ids).order_by("from_on")
    for offer in rows.prefetch_related("slots", "days"):
        offers[offer.provider_id].append(offer)
    labelled = labelled_providers(s.on).filter(pk__in=ids)
    return Facts(
        labelled=set(labelled.values_list("pk", flat=True)),
        held=held_at(providers, s.from_on, s.until, but=s.referral),
        care=other_care(providers, *s.period, but=s.referral),
        offers=offers,
    )


def planned_in_month(providers, month: date) -> dict[object, int]:
    """By provider, the minutes planned in the month of that day over all her families."""
    first, last = month_bounds(month)
    others = other_care(providers, first, last)
    return {
        provider.pk: sum(
            by_calendar(care, calendar_of(provider), first, last).get(first, 0)
            for care in others[provider.pk]
        )
        for provider in providers
    }
