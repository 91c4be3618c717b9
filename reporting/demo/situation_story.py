"""Situations before a coordinator: a month above the cap, days given up, a silence, no service."""

from datetime import time, timedelta

from families.models import Hold, Placement
from families.occasional import situation_of
from families.workflow import referral_deadlines as deadlines
from families.workflow import referrals
from labels.models.labels import labelled_providers
from labels.workflow import network as labels
from partners.models import Childminder, Membership, MunicipalService, User
from reporting.demo import people
from reporting.demo.family_story import FamilyStory
from reporting.demo.label_story import at_ten

SIX_HOURS_TWICE = [(1, time(9), time(15)), (3, time(9), time(15))]
FEW = [(4, time(9), time(12))]
SILENCE_DAYS = 7  # of which five are working days: most of the delay of an answer


def tell(world, today):
    """After the first requests: those that ask more of a coordinator than a yes."""
    story = FamilyStory(world, today)
    story.count = 800
    labelled = set(labelled_providers(today).values_list("pk", flat=True))
    members = [one for one in world.childminders if one.pk in labelled]
    soon = today + timedelta(days=35 - today.weekday())  # a Monday
    story.sent(members[-1], soon, SIX_HOURS_TWICE, on=today - timedelta(days=1))
    if len(members) < 5:
        return
    if free := [one for one in members[1:-1] if not _has_a_family(one, soon)]:
        _validated_without_some_days(story, free[-1], soon)
    _silent_coordinator(story, members[-3], soon)
    _without_a_service(story, members[-4].commune, soon)


def _has_a_family(provider, soon):
    since = soon - timedelta(days=31)  # the hours of a month add up
    return (
        Hold.objects.standing(since, soon + timedelta(days=366)).filter(provider=provider).exists()
        or Placement.objects.filter(provider=provider, end_on__gte=since).exists()
    )


def _validated_without_some_days(story, provider, soon):
    day = story.today - timedelta(days=1)
    referral = story.sent(provider, soon, SIX_HOURS_TWICE, on=day)
    referrals.validate(
        referral,
        by=story.world.coordinator,
        on=day,
        at=at_ten(day) + timedelta(hours=2),
        tariff_talked_on=day,
        without=situation_of(referral, day).days_to_give_up,
    )


def _silent_coordinator(story, provider, soon):
    """A neighbouring service stands in; it may answer since this morning."""
    service = provider.childminder.service
    deputy = MunicipalService.objects.create(
        kind=MunicipalService.Kind.CCAS,
        name="CCAS voisin",
        caf=story.world.caf,
        email="ccas@demonstration.example.fr",
    )
    deputy.communes.set([provider.commune])
    lise = User.objects.create_user(
        "lise.roy@demonstration.example.fr", first_name="Lise", last_name="Roy"
    )
    Membership.objects.create(
        user=lise, kind="service", service=deputy, quality="coordinatrice", starts_on=people.SINCE
    )
    service.deputy = deputy
    service.save(update_fields=["deputy"])
    story.sent(provider, soon, FEW, on=story.today - timedelta(days=SILENCE_DAYS))
    deadlines.pass_to_deputies(on=story.today, now=at_ten(story.today))


def _without_a_service(story, commune, soon):
    """A childminder whose commune has given its service up: her Caf validates."""
    world, day = story.world, story.today - timedelta(days=60)
    service = world.coordinator.memberships_today[0].service
    rose = people.childminder("Rose", "Aubry", service, commune, 90, story.today)
    member = labels.express_wish(rose, by=world.coordinator, on=day, at=at_ten(day))
    labels.check_licence(member, by=world.coordinator, on=day, at=at_ten(day))
    labels.join_network(member, by=world.coordinator, on=day, at=at_ten(day))
    Childminder.objects.filter(pk=rose.pk).update(service=None)
    rose.childminder.refresh_from_db()
    story.sent(rose, soon, FEW, on=story.today - timedelta(days=1))
