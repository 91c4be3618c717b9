"""Chapter three: contracts that change: clauses, hours, texts, a référent, a paper taken over."""

from datetime import time, timedelta

from dateutil.relativedelta import relativedelta

from families.clauses import write_clauses
from families.models import ReferentChange
from families.workflow import referents
from families.workflow.adjustments import adjust
from families.workflow.revisions import revise
from families.workflow.takeovers import Paper, take_over
from reporting.demo.family_story import WEEKS, FamilyStory
from reporting.demo.label_story import at_ten

CLAUSES = """Une absence prévue se dit la veille avant midi.

La crèche et le référent emploi se parlent au moins une fois par mois."""
OLD_CLAUSES = "Une absence prévue se dit la veille."
PAPER = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def tell(world, today):
    """One contract for each thing that may change in the course of it."""
    story = FamilyStory(world, today)
    story.count = 700
    _clauses(world, today)
    first, other = world.facilities[0], world.facilities[1]
    _adjusted(story, _running(story, first))
    _revised(story, _running(story, other))
    _referents(story, first)
    _taken_over(story, first)


def _clauses(world, today):
    for text, months in ((OLD_CLAUSES, 10), (CLAUSES, 1)):
        day = today - relativedelta(months=months)
        write_clauses(
            world.caf, by=world.manager, on=day, valid_from=day, text=text, at=at_ten(day)
        )


def _running(story, provider):
    """A contract signed by all, begun three weeks ago."""
    start_on = story.today - timedelta(days=21 + story.today.weekday())
    return story.in_force(provider, start_on, WEEKS[1])


def _adjusted(story, contract):
    """Shorter mornings, from next Monday, for two weeks."""
    day = story.today - timedelta(days=2)
    monday = story.today + timedelta(days=7 - story.today.weekday())
    shorter = [(weekday, time(9), time(12)) for weekday, *_ in WEEKS[1]]
    adjust(
        contract,
        shorter,
        monday,
        monday + timedelta(days=13),
        by=contract.adviser,
        on=day,
        at=at_ten(day),
    )


def _revised(story, contract):
    """A second text waits for signatures while the first one goes on."""
    day = story.today - timedelta(days=1)
    revise(
        contract,
        by=contract.adviser,
        on=day,
        at=at_ten(day),
        slots=WEEKS[0],
        envelope_minutes=30 * 60,
        from_on=story.today + timedelta(days=10),
    )


def _referents(story, provider):
    """One change asked for, one refused, one taken back, one signed."""
    day = story.today - timedelta(days=2)
    for state in ("accepted", "declined", "cancelled", "proposed"):
        contract = _running(story, provider)
        agency = next(a for a in story.world.agencies if a.pk != contract.agency_id)
        member = next(
            adviser
            for adviser in story.world.advisers
            if agency.pk in [m.agency_id for m in adviser.memberships_today]
        )
        change = referents.propose_change(
            contract,
            to_agency=agency,
            reason=ReferentChange.Reason.AGE,
            by=contract.adviser,
            on=day,
            at=at_ten(day),
        )
        later = {"on": day, "at": at_ten(day) + timedelta(hours=3)}
        if state == "accepted":
            sha = referents.sha256_of(referents.frozen_text(change))
            referents.accept_change(change, text_sha256=sha, by=member, **later)
        elif state == "declined":
            referents.decline_change(change, by=member, **later)
        elif state == "cancelled":
            referents.cancel_change(change, by=contract.adviser, **later)


def _taken_over(story, provider):
    """A paper signed two months ago, recorded last week."""
    day = story.today - timedelta(days=7)
    start_on = story.today - timedelta(days=60)
    household = story.household(day, adviser=story.adviser_near(provider), provider=provider)
    paper = Paper(start_on, story.today + timedelta(days=30), WEEKS[2], 1, PAPER)
    return take_over(
        household,
        provider=provider,
        children=household.children.all(),
        paper=paper,
        by=household.adviser,
        on=day,
        at=at_ten(day),
    )
