"""The coordinator's desk: hours declared month after month, families she could not place."""

from datetime import time, timedelta

from dateutil.relativedelta import relativedelta

from avip.jobs import SCHEDULES
from families.hours import check_hours
from families.models import MonthlyDeclaration
from families.workflow import declarations, referrals
from labels.models import NetworkMember
from labels.rules import rules_for
from partners.calendars import month_bounds
from partners.models import Provider
from reporting.demo.family_story import CHILDMINDER_WEEK, FamilyStory
from reporting.demo.label_story import at_ten

EVENINGS = [(0, time(18), time(21)), (3, time(18), time(21))]
WEDNESDAYS = [(2, time(8), time(18))]
# (week asked for, reason of the coordinator; none: she has kept silent)
NOT_PLACED = [
    (EVENINGS, "hours"), (WEDNESDAYS, "full"), (CHILDMINDER_WEEK, "full"), (EVENINGS, ""),
    (WEDNESDAYS, "hours"), (CHILDMINDER_WEEK, "situation"),
]  # fmt: skip
OVER_MINUTES = 210  # what one of them declares above the cap


def tell(world, today, size):
    """Childminders declare the months gone by; six families got no place among them."""
    joined = NetworkMember.objects.filter(status=NetworkMember.Status.MEMBER)
    members = Provider.objects.filter(pk__in=joined.values("provider"), caf=world.caf)
    members = [one for one in world.childminders if one in set(members)]
    for months_ago in range(size.months, 0, -1):
        _month(world, today, members, months_ago)
    _not_placed(FamilyStory(world, today), members)


def _month(world, today, members, months_ago):
    month = today.replace(day=1) - relativedelta(months=months_ago)
    opened_on = month_bounds(month)[1] + timedelta(days=1)
    declarations.open_months(members, month, on=opened_on, at=at_ten(opened_on))
    rows = MonthlyDeclaration.objects.filter(month=month, status="open", provider__in=members)
    is_over = months_ago == 1
    for number, declaration in enumerate(rows.order_by("provider__name")):
        # The persona's own month waits for her, and that of one who has not answered.
        if months_ago == 1 and (declaration.provider_id == members[0].pk or number % 5 == 4):
            continue
        day = min(opened_on + timedelta(days=number % 6), today)
        by = world.coordinator if number % 3 == 1 else world.directors[declaration.provider_id]
        if _declare(declaration, by, day, is_over=is_over):
            is_over = False
        locked_on = opened_on.replace(day=SCHEDULES["declaration_lock_day"])
        if locked_on <= today:
            declarations.lock(declaration, on=locked_on, at=at_ten(locked_on))


def _declare(declaration, by, day, *, is_over):
    """As planned, but for the one whose family needed her longer: whether it was her."""
    minutes = {line.pk: line.planned_minutes for line in declaration.lines.all()}
    if is_over and minutes:
        rules = rules_for(declaration.caf, month_bounds(declaration.month)[1])
        first = next(iter(minutes))
        cap = rules.childminder_hours_month_cap * 60
        minutes[first] += max(0, cap - sum(minutes.values())) + OVER_MINUTES
    declarations.submit(declaration, by=by, on=day, at=at_ten(day), minutes_by_line=minutes)
    return bool(check_hours(declaration, at_ten(day)))


def _not_placed(story, members):
    story.count = 950
    for number, (week, reason) in enumerate(NOT_PLACED):
        provider = members[number % len(members)]
        day = story.today - timedelta(days=20 + 9 * number)
        referral = story.sent(provider, day + timedelta(days=25), week, on=day)
        answered = at_ten(day + timedelta(days=1)) + timedelta(hours=number)
        on = day + timedelta(days=1)
        if reason:
            by = story.world.coordinator
            referrals.refuse(referral, by=by, on=on, at=answered, reason=reason)
        else:
            referrals.expire(referral, on=on, at=answered + timedelta(days=9))
