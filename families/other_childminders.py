"""« Proposer une autre assistante maternelle » : those of whom the situation holds, best first."""

from dataclasses import dataclass

from django.db.models import Q, prefetch_related_objects

from avip.templatetags.words import NBSP
from families.models import Referral
from families.occasional import situation_of
from families.permissions import validates
from families.places import rules_of
from families.responses import is_telling, say_response
from families.situations import Situation, facts_of
from labels.models.labels import labelled_providers
from partners.models import Provider

NEAREST, SHOWN = 60, 20
SLOW = 10**9  # minutes: of whose answers nothing is known yet


@dataclass(frozen=True)
class Candidate:
    """A childminder, and how this family's situation would stand with her."""

    provider: Provider
    situation: Situation
    distance_km: float | None

    @property
    def distance(self) -> str:
        return say_distance(self.distance_km)

    @property
    def without(self) -> list:
        """The days that her coordinator would validate without."""
        return self.situation.days_to_give_up

    @property
    def minutes_left(self) -> int:
        """In her fullest month, what would still be left of the cap."""
        return min((month.left for month in self.situation.months), default=0)

    @property
    def response(self) -> str:
        return say_response(self._measure)

    @property
    def rank(self):
        """The checks first, then the distance, the hours left, and how fast she answers."""
        measure = self._measure
        km = self.distance_km or 0
        delay = measure.median_minutes if is_telling(measure) else SLOW
        return bool(self.without), round(km), -self.minutes_left, delay, km, self.provider.name

    @property
    def _measure(self):
        return getattr(self.provider, "response_time", None)


def childminders_for(user, referral):
    """Those to whom this person may pass the request: hers, and those she stands in for."""
    scope = Q(childminder__service__in=user.reach.services)
    if referral.provider.is_childminder and validates(user, referral):
        scope |= Q(caf__in=user.reach.cafs, kind=Provider.Kind.CHILDMINDER)
        if service := referral.provider.childminder.service_id:
            scope |= Q(childminder__service=service)
    return Provider.objects.filter(scope).exclude(pk=referral.provider_id)


def candidates(referral, user, on) -> list[Candidate]:
    """Whose situation holds for this need, if need be without some days; as many queries for all.

    The nearest of them, where this family has no request open.
    """
    asked = Referral.objects.filter(household=referral.household_id, status__in=Referral.OPEN)
    found = childminders_for(user, referral).filter(pk__in=labelled_providers(on))
    found = found.exclude(pk__in=asked.values("provider"))
    commune = referral.household.commune
    if commune.lat is not None:
        found = found.near(commune.lat, commune.lon).order_by("distance_km", "pk")
    near = list(
        found.select_related("caf", "commune", "childminder", "response_time").prefetch_related(
            "opening_hours", "closures"
        )[:NEAREST]
    )
    if not near:
        return []
    prefetch_related_objects([referral], "children", "slots", "days", "dropped_days")
    rules = rules_of(referral)
    facts = facts_of(near, situation_of(referral, on, rules=rules))
    judged = [
        Candidate(
            provider,
            situation_of(referral, on, provider=provider, rules=rules, facts=facts),
            getattr(provider, "distance_km", None),
        )
        for provider in near
    ]
    fit = [one for one in judged if not one.situation.reasons or one.without]
    return sorted(fit, key=lambda one: one.rank)[:SHOWN]


def distance_between(commune, provider) -> str:
    """« 2,8 km », from the centre of the family's commune to the place; nothing when unknown."""
    if commune.lat is None:
        return ""
    row = Provider.objects.near(commune.lat, commune.lon).filter(pk=provider.pk)
    return say_distance(row.values_list("distance_km", flat=True).first())


def say_distance(km: float | None) -> str:
    """« 2,8 km »; a childminder is at the centre of her commune, never at her address."""
    if km is None:
        return ""
    if km < 0.1:
        return "même commune"
    return f"{km:.1f}{NBSP}km".replace(".", ",")
