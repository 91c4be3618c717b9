"""Requests beyond a plain yes or no: other hours, commission, urgent care, families proposed."""

from datetime import date, time, timedelta

from families.models import Referral, TakeUp
from families.workflow import no_shows, referrals, takeups
from labels.models.labels import labelled_providers
from partners.models import Facility
from reporting.demo.family_story import WEEKS, FamilyStory
from reporting.demo.label_story import at_ten


def tell(world, today):
    """One request in each state of the path, one proposal of each outcome."""
    story = FamilyStory(world, today)
    story.count = 700
    labelled = set(labelled_providers(today).values_list("pk", flat=True))
    creches = [one for one in world.facilities if one.pk in labelled]
    first, second = creches[0], creches[1 % len(creches)]
    soon = today + timedelta(days=28 - today.weekday())  # a Monday
    _other_hours(story, first, soon)
    _commission(story, creches[-1], soon)
    _transfer(story, creches, soon)
    _never_came(story, second, soon)
    _occasional(story, first, second)
    _follow_ups(story, first)


def _other_hours(story, provider, soon):
    day = story.today - timedelta(days=1)
    referrals.propose_hours(
        story.sent(provider, soon, WEEKS[0], on=day - timedelta(days=1)),
        by=story.world.directors[provider.pk],
        on=day,
        at=at_ten(day),
        slots=[(2, time(8, 30), time(16, 30)), (4, time(8, 30), time(16, 30))],
        from_on=soon,
        contact_name="Nadia",
        text="Le mercredi et le vendredi, il reste de la place.",
    )


def _commission(story, provider, soon):
    Facility.objects.filter(provider=provider).update(admits=Facility.Decider.COMMISSION)
    provider.refresh_from_db()
    day = story.today - timedelta(days=2)
    referrals.shortlist(
        story.sent(provider, soon, WEEKS[1], on=day),
        by=story.world.directors[provider.pk],
        on=day,
        at=at_ten(day) + timedelta(hours=2),
        commission_on=story.today + timedelta(days=9),
    )


def _transfer(story, creches, soon):
    operated = [one for one in creches if one.facility.operator_id]
    if len(operated) < 2:
        return
    day = story.today - timedelta(days=3)
    referral = story.sent(operated[1], soon, WEEKS[2], on=day)
    referrals.transfer(
        referral, operated[0], by=referral.adviser, on=day, at=at_ten(day) + timedelta(hours=3)
    )
    moved = Referral.objects.get(transferred_from=referral)
    referrals.put_on_waiting_list(
        moved, by=story.world.directors[operated[0].pk], on=story.today, at=at_ten(story.today)
    )


def _never_came(story, provider, soon):
    referral = story.confirmed(provider, soon, WEEKS[2], on=story.today - timedelta(days=5))
    day = story.today - timedelta(days=1)
    no_shows.no_show(referral, by=referral.adviser, on=day, at=at_ten(day))


def _occasional(story, first, second):
    """Tomorrow morning at the first crèche; last week, somewhere else, and over."""
    _stay(story, first, _weekday_after(story.today, 1), on=story.today)
    asked = _weekday_after(story.today - timedelta(days=14), 1)
    stay = _stay(story, first, asked, on=asked - timedelta(days=1))
    director, day = story.world.directors[first.pk], asked - timedelta(days=1)
    referrals.accept(
        stay,
        by=director,
        on=day,
        at=at_ten(day) + timedelta(hours=1),
        first_appointment_at=None,
        contact_name=str(director),
        papers="",
    )
    referrals.confirm(
        stay, by=stay.adviser, on=day, at=at_ten(day) + timedelta(hours=2), how="par téléphone"
    )
    after = asked + timedelta(days=1)
    referrals.close_stay(stay, on=after, at=at_ten(after))


def _stay(story, provider, asked, *, on):
    household = story.household(on, adviser=story.adviser_near(provider), provider=provider)
    return referrals.send(
        household,
        provider=provider,
        children=household.children.all(),
        kind=Referral.Kind.OCCASIONAL,
        is_urgent=True,
        days=[(asked, time(9), time(12))],
        by=household.adviser,
        on=on,
        at=at_ten(on),
    )


def _weekday_after(day: date, days: int) -> date:
    """That many days later, or the Monday after a weekend."""
    found = day + timedelta(days=days)
    return found + timedelta(days=7 - found.weekday()) if found.weekday() > 4 else found


def _follow_ups(story, provider):
    world, day = story.world, story.today - timedelta(days=2)
    adviser, director = world.advisers[0], world.directors[provider.pk]
    agency = adviser.memberships_today[0].agency
    for number, status in enumerate(TakeUp.Status.values):
        takeup = takeups.propose_follow_up(
            by=director,
            on=day,
            at=at_ten(day),
            agency=agency,
            caf=world.caf,
            provider=provider,
            first_name=["Aminata", "Lina", "Rosa", "Inès"][number],
            last_name=["Keita", "Haddad", "Lopes", "Caron"][number],
            phone=f"06 98 00 00 {number:02d}",
            commune=provider.commune,
            child_first_name=["Sami", "Maya", "Tiago", "Léa"][number],
            child_birth_date=story.today - timedelta(days=400 + 30 * number),
            is_hosted=number % 2 == 0,
            from_on=story.today + timedelta(days=21 - story.today.weekday()),
            notice_given_on=day,
        )
        who = {"on": story.today, "at": at_ten(story.today)}
        match status:
            case TakeUp.Status.TAKEN_UP:
                takeups.take_up(takeup, by=adviser, situation="job_seeker", **who)
            case TakeUp.Status.DECLINED:
                takeups.decline(
                    takeup,
                    by=adviser,
                    reason="Famille d’un autre secteur\xa0: voyez Bagnolet.",
                    **who,
                )
            case TakeUp.Status.CANCELLED:
                takeups.cancel(takeup, by=director, **who)
