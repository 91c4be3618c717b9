"""Places described in full, dates of a commission, usual delays, one family in two agencies."""

from datetime import time, timedelta

from families.matches import find_matches
from families.models import CommissionDate, FlagAttestation, Household, Parent, PlaceOffer
from families.offers import still_free
from families.responses import measure_responses
from partners.models import Facility
from reporting.demo.family_story import FamilyStory
from reporting.demo.label_story import at_ten


def tell(world, today):
    """After the families: their requests have been answered."""
    _offers(world, today)
    _commissions(today)
    _attestations()
    _one_family_twice(FamilyStory(world, today), today)
    measure_responses(today)


def _offers(world, today):
    """One still free, one reserved with long hours, one « ask us »."""
    first, second, third = world.facilities[:3]
    day = today - timedelta(days=4)
    still_free(
        PlaceOffer.objects.get(provider=first), by=world.directors[first.pk], on=day, at=at_ten(day)
    )
    PlaceOffer.objects.filter(provider=second).update(
        reserved_by=PlaceOffer.ReservedBy.COMMUNE,
        opens=time(7),
        closes=time(19, 30),
        atypical_hours=True,
        emergency_care=True,
    )
    PlaceOffer.objects.filter(provider=third).update(is_blocked=False)


def _commissions(today):
    """Every facility that leaves its places to a commission has noted its next two dates."""
    deciding = Facility.objects.filter(admits=Facility.Decider.COMMISSION)
    CommissionDate.objects.bulk_create(
        [
            CommissionDate(provider_id=facility.pk, held_on=today + timedelta(days=days))
            for facility in deciding
            for days in (9, 44)
        ],
        ignore_conflicts=True,
    )


def _attestations():
    """Who attested each flag of each family, the day its file was opened."""
    households = Household.objects.exclude(attested_by=None)
    FlagAttestation.objects.bulk_create(
        FlagAttestation(
            household=household,
            flag=flag,
            value=True,
            attested_by_id=household.attested_by_id,
            attested_at=at_ten(household.attested_on),
        )
        for household in households
        for flag in FlagAttestation.Flag.values
        if getattr(household, flag)
    )


def _one_family_twice(story, today):
    """Two agencies have recorded what the Caf must look at; a second parent asked to be there."""
    story.count = 900
    mission, employment = story.world.advisers[:2]
    creche = story.world.facilities[0]
    older = story.household(today - timedelta(days=30), adviser=mission, provider=creche)
    newer = story.household(today - timedelta(days=2), adviser=employment, provider=creche)
    parent, child = older.parents.get(), older.children.get()
    newer.parents.update(first_name=parent.first_name, last_name=parent.last_name)
    newer.children.update(first_name=child.first_name, birth_date=child.birth_date)
    Parent.objects.create(
        household=older,
        first_name="Ousmane",
        last_name=parent.last_name,
        phone="06 99 09 00 01",
        is_referring=False,
    )
    find_matches(newer, at=at_ten(today - timedelta(days=2)))
