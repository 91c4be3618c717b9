"""Places described in full, dates of a commission, usual delays, one family in two agencies."""

from datetime import time, timedelta

from families.matches import find_matches
from families.models import (
    CommissionDate,
    FlagAttestation,
    Household,
    Parent,
    PlaceOffer,
    Referral,
)
from families.offers import pause, still_free
from families.place_planning import keep_planning
from families.place_states import OPEN, TAKEN, with_state
from families.responses import measure_responses
from families.workflow import referrals
from partners.models import Closure, Facility, Membership, MunicipalService, User
from partners.organisations import set_single_counter
from reporting.demo.family_story import WEEKS, FamilyStory
from reporting.demo.label_story import at_ten


def tell(world, today):
    """After the families: their requests have been answered."""
    _offers(world, today)
    _plannings(world, today)
    _commissions(today)
    _attestations()
    _one_family_twice(FamilyStory(world, today), today)
    measure_responses(today)
    _guichet(FamilyStory(world, today), today)


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


# What a childminder offers in an ordinary week: the days and hours of her place.
LONG, MORNING = (time(8), time(18)), (time(8), time(12))
PLANNINGS = [
    [(1, time(8, 30), time(16, 30)), (3, time(8, 30), time(16, 30))],
    [(0, *MORNING), (1, time(8), time(17)), (3, time(8), time(14)), (3, time(15), time(18))],
    [(1, *LONG), (2, *MORNING), (3, *LONG), (4, time(9), time(16))],
]


def _plannings(world, today):
    """Her place in hours: silent for two months, paused with a contract running, to come, free."""
    members = [p for p in world.childminders if p.network_memberships.filter(status="member")]
    offers = [_planning(world, p, number, today) for number, p in enumerate(members)]
    mine = PlaceOffer.objects.filter(pk__in=[offer.pk for offer in offers])
    states = {offer.pk: offer.state.kind for offer in with_state(mine, today)}
    free = [offer for offer in offers if states[offer.pk] == OPEN and offer.from_on <= today]
    for offer in free[:1]:
        silent = today - timedelta(days=80)
        still_free(offer, by=world.coordinator, on=silent, at=at_ten(silent))
    # Not the first: she is somebody one may become, and reads what most read.
    for offer in [offer for offer in offers[1:-1] if states[offer.pk] == TAKEN][:1]:
        until = today + timedelta(days=40)
        pause(offer, by=world.coordinator, on=today, until=until, at=at_ten(today))
    Closure.objects.create(
        provider=members[0],
        kind=Closure.Kind.LEAVE,
        first_day=today + timedelta(days=60),
        last_day=today + timedelta(days=66),
    )


def _planning(world, provider, number, today):
    from_on = today + timedelta(days=30) if number == 4 else today - timedelta(days=400)
    offer = PlaceOffer()
    keep_planning(
        offer,
        provider,
        fields={"from_on": from_on, "note": "maison avec jardin" if number % 2 else ""},
        slots=PLANNINGS[number % len(PLANNINGS)],
        days=[(_weekday(today, 1), None, None), (_weekday(today, 3), time(9), time(12))],
        by=world.coordinator,
        on=today,
        seen=0,
        at=at_ten(today),
    )
    return offer


def _weekday(today, weekday):
    """The first such day at least a week away."""
    return today + timedelta(days=7 + (weekday - today.weekday()) % 7)


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


def _guichet(story, today):
    """One commune whose service has every request first: one waits there, one was passed on."""
    story.count = 950
    world, creche = story.world, story.world.facilities[2]
    service = MunicipalService.objects.create(
        kind=MunicipalService.Kind.COMMUNE,
        name=f"Petite enfance {creche.commune}",
        caf=world.caf,
        email="guichet@demonstration.example.fr",
    )
    service.communes.set([creche.commune])
    hugo = User.objects.create(
        email="guichet.unique@demonstration.example.fr",
        first_name="Hugo",
        last_name="Blanc",
        password=world.coordinator.password,
        is_demo_persona=True,
    )
    Membership.objects.create(
        user=hugo,
        kind=Membership.Kind.SERVICE,
        service=service,
        quality="guichet unique",
        is_admin=True,
        starts_on=today - timedelta(days=900),
    )
    set_single_counter(service, wanted=True, by=hugo)
    monday = today + timedelta(days=21 - today.weekday())
    for days in (1, 0):
        day = today - timedelta(days=days)
        household = story.household(day, adviser=world.advisers[0], provider=creche)
        referral = referrals.send(
            household,
            provider=creche,
            children=household.children.all(),
            slots=WEEKS[1],
            from_on=monday,
            by=world.advisers[0],
            on=day,
            at=at_ten(day),
        )
    first = Referral.objects.filter(counter=service).exclude(pk=referral.pk).get()
    referrals.dispatch(first, by=hugo, on=today, at=at_ten(today))
