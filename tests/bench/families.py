"""Families, places offered and asked for: what comes before a contract."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from families.models import (
    Child,
    Household,
    Parent,
    PlaceOffer,
    Referral,
    ReferralSlot,
    ReferralStatusChange,
)
from partners.models import Agency, Provider, User
from tests.bench.places import Country, Place, a_name, insert

Status = Referral.Status
WAITING = [
    Status.SENT,
    Status.ACCEPTED,
    Status.WAITING_LIST,
    Status.REFUSED,
    Status.EXPIRED,
    Status.CONFIRMED,
]
ANSWERED = {Status.ACCEPTED, Status.CONFIRMED, Status.PLACED, Status.REFUSED, Status.WAITING_LIST}
CONFIRMED = {Status.CONFIRMED, Status.PLACED}
WEEK = [(0, time(9), time(17)), (3, time(9), time(17))]
ROAD = [
    ("send", "", Status.SENT),
    ("accept", Status.SENT, Status.ACCEPTED),
    ("confirm", Status.ACCEPTED, Status.CONFIRMED),
    ("place", Status.CONFIRMED, Status.PLACED),
]


@dataclass
class Family:
    """A household with its parent and its child, and the agency that follows it."""

    household: Household
    parent: Parent
    child: Child
    agency: Agency
    adviser: User
    place: Place


def offer(country: Country) -> dict:
    """Two offers a crèche, one a childminder; the first of each provider, by its key."""
    random, rows, first = country.random, [], {}
    for place in country.places:
        for provider in [*place.facilities, *place.childminders]:
            for rank in range(1 if provider.is_childminder else 2):
                row = PlaceOffer(
                    provider=provider,
                    places=1 if provider.is_childminder else random.randint(2, 6),
                    from_on=country.today - timedelta(days=random.randint(0, 200)),
                    half_days=[] if rank == 0 else ["0-am", "0-pm", "3-am", "3-pm"],
                    min_age_months=random.choice([0, 0, 3, 6]),
                    max_age_months=random.choice([None, None, 36]),
                )
                rows.append(row)
                first.setdefault(provider.pk, row)
    insert(rows)
    return first


def a_family(country: Country, place: Place, agency: Agency, born_on: date) -> Family:
    """Not inserted yet: `insert_families` does it for many."""
    random, adviser = country.random, place.advisers[agency.pk]
    household = Household(
        agency=agency,
        adviser=adviser,
        caf=place.caf,
        commune=random.choice(place.communes),
        situation=random.choice(Household.Situation.values),
        single_parent=random.random() < 0.4,
        in_qpv=random.random() < 0.3,
        rsa=random.random() < 0.3,
        attested_by=adviser,
        notice_given_on=born_on + timedelta(days=300),
        notice_channel=Household.NoticeChannel.IN_PERSON,
    )
    parent = Parent(household=household, phone="0600000000", **a_name(random))
    child = Child(household=household, birth_date=born_on, first_name=a_name(random)["first_name"])
    return Family(household, parent, child, agency, adviser, place)


def insert_families(families: list[Family]) -> None:
    insert(family.household for family in families)
    insert(family.parent for family in families)
    insert(family.child for family in families)


def a_referral(country: Country, family: Family, provider: Provider, status, from_on, offer=None):
    """A request of this family in that state, sent a month before the day it asks for."""
    sent_at = moment(min(from_on - timedelta(days=30), country.today - timedelta(days=2)))
    is_answered = status in ANSWERED
    return Referral(
        status=status,
        household=family.household,
        provider=provider,
        offer=offer,
        agency=family.agency,
        adviser=family.adviser,
        caf_id=provider.caf_id,
        from_on=from_on,
        message="Un rendez-vous de formation chaque lundi et chaque jeudi.",
        sent_at=sent_at,
        edited_at=sent_at + timedelta(days=1),
        answer_due_at=sent_at + timedelta(days=4),
        validated_at=sent_at if is_answered and provider.is_childminder else None,
        answered_at=sent_at + timedelta(days=1) if is_answered else None,
        refusal_reason=Referral.RefusalReason.FULL if status == Status.REFUSED else "",
        contact_name="Nadia Benali" if is_answered else "",
        confirmed_at=sent_at + timedelta(days=2) if status in CONFIRMED else None,
    )


def moment(day: date) -> datetime:
    """Ten in the morning of that day."""
    return timezone.make_aware(datetime.combine(day, time(10)))


def insert_referrals(country: Country, asked: list[tuple[Family, Referral]]) -> None:
    """The referrals, each with its child, its week and, where they are looked at, its steps."""
    insert(referral for _, referral in asked)
    insert(
        Referral.children.through(referral=referral, child=family.child)
        for family, referral in asked
    )
    insert(
        ReferralSlot(referral=referral, weekday=weekday, starts=starts, ends=ends)
        for _, referral in asked
        for weekday, starts, ends in WEEK
    )
    targets = {target: rank + 1 for rank, (_, _, target) in enumerate(ROAD)}
    insert(
        ReferralStatusChange(
            dossier=referral,
            step=step,
            source=source,
            target=target,
            at=referral.sent_at + timedelta(days=rank),
            user=family.adviser,
        )
        for family, referral in asked
        for rank, (step, source, target) in enumerate(ROAD[: targets.get(referral.status, 1)])
        if family.place is country.viewed
    )


def wait(country: Country, offers: dict) -> None:
    """Families whose request is on its way, refused, or forgotten; some at the viewed agency."""
    random, size, today = country.random, country.size, country.today
    families, asked = [], []
    for rank in range(size.waiting_referrals):
        is_viewed = rank < size.viewed_referrals
        place = country.viewed if is_viewed else random.choice(country.places[1:])
        agency = country.agency if is_viewed else random.choice(place.agencies)
        at_viewed_provider = is_viewed and rank % 3 == 0
        provider = country.provider if at_viewed_provider else random.choice(place.facilities)
        family = a_family(country, place, agency, today - timedelta(days=random.randint(90, 900)))
        families.append(family)
        status = WAITING[rank % len(WAITING)]
        from_on = today + timedelta(days=random.randint(1, 60))
        asked.append(
            (family, a_referral(country, family, provider, status, from_on, offers[provider.pk]))
        )
    insert_families(families)
    insert_referrals(country, asked)
