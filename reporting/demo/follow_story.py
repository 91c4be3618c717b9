"""Chapter after the contracts: interviews, the point before the end, a job, a kept place."""

from datetime import timedelta

from dateutil.relativedelta import relativedelta

from families import follow_up_page
from families.models import AvipContract, ParentLink
from families.workflow import (
    contracts,
    corrections,
    endings,
    interviews,
    reviews,
    work_checks,
)
from labels.rules import rules_for
from reporting.demo.family_story import WEEKS, FamilyStory
from reporting.demo.label_story import at_ten
from reporting.waits.follow_ups import month_to_confirm

Status, Outcome = AvipContract.Status, AvipContract.Outcome


def tell(world, today):
    """One contract in each situation of ordinary life, near the first adviser and crèche."""
    adviser = world.advisers[0]
    mine = AvipContract.objects.filter(adviser=adviser)
    running = list(mine.filter(status=Status.ACTIVE, start_on__lt=today).order_by("end_on", "pk"))
    for number, contract in enumerate(running[:6]):
        _interviews(contract, today, number)
    if running:
        _review(world, running[0], today)
        _tick(running[1:], adviser, today)
    for contract in running[-1:]:
        _job_said(contract, today)
    _six_months(adviser, today)
    story = FamilyStory(world, today)
    story.count = 800
    _endings(story)


def _interviews(contract, today, number):
    """Held ones of the past weeks, one missed, one to come."""
    for weeks in range(1, 4):
        day = today - timedelta(weeks=weeks)
        if day >= contract.start_on:
            interviews.note(
                contract,
                by=contract.adviser,
                on=day,
                held_on=day,
                was_held=weeks != 2,
                next_step=["cv", "ads", "training", ""][(number + weeks) % 4],
            )
    moment = at_ten(today + timedelta(days=1 + number))
    interviews.plan(contract, by=contract.adviser, on=today, planned_at=moment, at=at_ten(today))
    point = max(contract.start_on, today - timedelta(days=9))
    interviews.hold_point(contract, by=contract.adviser, on=today, held_on=point)


def _review(world, contract, today):
    """The crèche and the parent have spoken; the adviser has still to."""
    if not reviews.is_due(contract, today):
        return
    day = today - timedelta(days=1)
    said = {"on": day, "at": at_ten(day)}
    director = world.directors[contract.provider_id]
    reviews.say(contract, by=director, part="care", opinion="renew", **said)
    reviews.say(contract, by=contract.adviser, part="parent", opinion="change", **said)


def _tick(running, adviser, today):
    month = month_to_confirm(today)
    interviews.tick(running[::2], by=adviser, on=today, month=month, at=at_ten(today))


def _job_said(contract, today):
    """By the link of her page; she also says that something is wrong in her file."""
    parent = contract.household.parents.get(is_referring=True)
    at = at_ten(today - timedelta(days=1))
    link = ParentLink.objects.filter(contract=contract, parent=parent, revoked_at=None).first()
    by = link or contract.adviser
    endings.say_job(contract, by=by, on=today - timedelta(days=1), at=at)
    if link:
        corrections.ask(link, what="contact", on=today - timedelta(days=1), at=at)


def _six_months(adviser, today):
    """Outcomes of long ago: one answered, the others to ask."""
    for contract in work_checks.due(today).filter(adviser=adviser)[:1]:
        day = today - timedelta(days=2)
        work_checks.answer(contract, by=adviser, on=day, still="yes", at=at_ten(day))


def _endings(story):
    """A contract over for five days whose outcome nobody has noted, and a place kept."""
    today, first = story.today, story.world.facilities[0]
    story.over(story.in_force(first, _first_day(story, 5), WEEKS[1]))
    found = story.over(story.in_force(first, _first_day(story, 12), WEEKS[2]), Outcome.CDI)
    director = story.world.directors[found.provider_id]
    for placement, until in follow_up_page.to_keep(found, today):
        contracts.keep_place(placement, by=director, on=today, at=at_ten(today), until=until)


def _first_day(story, days):
    """Of a contract that has been over for so many days."""
    months = rules_for(story.world.caf, story.today).contract_duration_months
    return story.today - timedelta(days=days) - relativedelta(months=months) + timedelta(days=1)
