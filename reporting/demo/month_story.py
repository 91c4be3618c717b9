"""Chapter three: each month is opened, declared and locked; the quota is checked."""

from datetime import timedelta

from dateutil.relativedelta import relativedelta

from avip.jobs import SCHEDULES
from families.models import MonthlyDeclaration
from families.quota import check_quotas
from families.workflow import declarations
from families.workflow.amendments import amend
from labels.models import Label
from partners.calendars import calendar_of, days, month_bounds
from reporting.demo.label_story import at_ten

AUGUST = 8


def tell(world, today, size):
    """The months before this one; the last one is left to declare by the crèches of the
    personas.
    """
    this_month = today.replace(day=1)
    undeclared = {provider.pk for provider in world.facilities[: max(2, size.operated)]}
    for months_ago in range(size.months, 0, -1):
        month = this_month - relativedelta(months=months_ago)
        first, last = month_bounds(month)
        opened_on = last + timedelta(days=1)
        labelled = set(
            Label.objects.filter(starts_on__lte=first, ends_on__gte=last).values_list(
                "provider", flat=True
            )
        )
        providers = [p for p in world.facilities if p.pk in labelled]
        declarations.open_months(providers, month, on=opened_on, at=at_ten(opened_on))
        for number, declaration in enumerate(_open(month)):
            if months_ago == 1 and (declaration.provider_id in undeclared or number % 8 == 7):
                continue
            _declare(world, declaration, opened_on, number)
        declared = MonthlyDeclaration.objects.filter(month=month).exclude(status="open")
        check_quotas(declared, at=at_ten(min(opened_on + timedelta(days=9), today)))
    _amend_one(world, today - timedelta(days=1))


def _amend_one(world, day):
    """A child forgotten in the latest locked month, put right with its reason."""
    locked = MonthlyDeclaration.objects.filter(
        status="locked", is_closed=False, provider__in=world.directors
    )
    month = locked.select_related("provider").order_by("-month", "provider__name").first()
    if month is None:
        return
    amend(
        month,
        by=world.directors[month.provider_id],
        on=day,
        at=at_ten(day),
        reason="Un enfant oublié dans le compte du mois",
        children_present=month.children_present + 1,
        hours_total=month.hours_total,
        minutes_by_line={line.pk: line.declared_minutes for line in month.lines.all()},
    )


def _open(month):
    rows = MonthlyDeclaration.objects.filter(month=month, status="open")
    return rows.select_related("provider__facility").order_by("provider__name")


def _declare(world, declaration, opened_on, number):
    """Two numbers near the threshold, above it more often than not, then the lock of old months."""
    day = opened_on + timedelta(days=2 + number % 7)
    avip = declaration.lines.filter(declared_minutes__gt=0).count()
    others = declaration.provider.facility.licensed_capacity
    near = min(others, avip * 5 - number % 4)
    children = max(avip, near) if avip and number % 5 else others
    if declaration.month.month == AUGUST and number % 4 == 1 and not avip:
        declarations.close(
            declaration, by=world.directors[declaration.provider_id], on=day, at=at_ten(day)
        )
        return
    declarations.submit(
        declaration,
        by=world.directors[declaration.provider_id],
        on=day,
        at=at_ten(day),
        children_present=children,
        hours_total=children * _open_hours(declaration) * 6 // 10,
    )
    locked_on = opened_on.replace(day=SCHEDULES["declaration_lock_day"])
    if locked_on < world.today:
        declarations.lock(declaration, on=locked_on, at=at_ten(locked_on))


def _open_hours(declaration):
    """The whole hours of opening of the month; an invented child spends six tenths of
    them there.
    """
    calendar = calendar_of(declaration.provider)
    minutes = sum(
        (closes.hour - opens.hour) * 60 + closes.minute - opens.minute
        for day in days(*month_bounds(declaration.month))
        for opens, closes in calendar.intervals(day)
    )
    return minutes // 60
