"""What each night does to the months to declare: opened and told, judged, locked."""

from datetime import date

from dateutil.relativedelta import relativedelta
from django.db import transaction
from django.utils import timezone

from avip import jobs, outbox
from avip.jobs import SCHEDULES
from families.hours import check_hours
from families.models import MonthlyDeclaration
from families.notifications.declarations import MONTHS_IN_A_QUARTER, day_after_period, due_on
from families.planning import opening_minutes
from families.quota import check_quota, check_quotas, unchecked
from families.recipients import people_above_providers, people_of_providers
from families.workflow.declarations import (
    DECLARATION,
    ask_for_statements,
    labelled_during,
    open_months,
)
from labels.rules import rules_for
from partners.calendars import calendar_of, month_bounds
from partners.models import Caf

BATCH = 500


@outbox.handler("families.quota_check")
def check_quota_now(row):
    """A month has just been declared: its quota, or a childminder's hours, do not wait."""
    declaration = MonthlyDeclaration.objects.select_related("provider").get(pk=row.object_id)
    check = check_hours if declaration.provider.is_childminder else check_quota
    check(declaration, timezone.now())


@jobs.daily("families.months_open")
def open_last_month(on):
    """Open the month that is over for whoever had the label in it, and write to them once."""
    if on.day < SCHEDULES["declaration_open_day"]:
        return "rien à ouvrir"
    opened = 0
    for caf in Caf.objects.all():
        for month in months_to_open(on, rules_for(caf, on).declaration_period):
            first, last = month_bounds(month)
            providers = labelled_during(first, last).filter(caf=caf).order_by("pk")
            providers = providers.prefetch_related("opening_hours", "closures").select_related(
                "caf"
            )
            some = [p for p in providers if opening_minutes(calendar_of(p), first, last)]
            for start in range(0, len(some), BATCH):
                opened += _open(some[start : start + BATCH], month, on)
    return f"{opened} mois ouverts"


def months_to_open(on: date, period: str) -> list[date]:
    """The months to declare on that day: the last one, or those of the quarter just over."""
    this_month = on.replace(day=1)
    if period == "month":
        return [this_month - relativedelta(months=1)]
    since = (this_month.month - 1) % MONTHS_IN_A_QUARTER
    return [
        this_month - relativedelta(months=since + ago) for ago in range(MONTHS_IN_A_QUARTER, 0, -1)
    ]


@transaction.atomic
def _open(providers, month, on):
    declarations = open_months(providers, month, on=on)
    people = people_of_providers(providers, on=on) if declarations else {}
    outbox.add_all(
        "families.month_opened",
        [
            (declaration.pk, f"{declaration.pk}:{person}", person)
            for declaration in declarations
            for person in people[declaration.provider_id]
        ],
    )
    return len(declarations)


@jobs.daily("families.quota_checks")
def check_declared_months(on):
    """Judge what was declared and not judged since."""
    return f"{check_quotas(unchecked(), timezone.now())} calculs de quota"


@jobs.daily("families.months_late")
def remind_of_late_months(on):
    """Months of the last period not declared on their day: who declares is written to once.

    Some days later who stands above is, who may declare too; the Caf then reads the list.
    """
    written = 0
    for caf in Caf.objects.all():
        period = rules_for(caf, on).declaration_period
        late = list(
            MonthlyDeclaration.objects.filter(
                caf=caf, status=MonthlyDeclaration.Status.OPEN, month__in=months_to_open(on, period)
            )
            .select_related("provider", "caf")
            .order_by("pk")
        )
        if late:
            written += _remind(late, (on - max(due_on(month) for month in late)).days, on)
    return f"{written} rappels"


def _remind(late, waited, on):
    first, then = SCHEDULES["declaration_late_days"]
    if waited < first:
        return 0
    is_first = waited < then
    people_of = people_of_providers if is_first else people_above_providers
    people = people_of([month.provider for month in late], on=on)
    effects = [
        (month.pk, f"{month.pk}:{person}", person)
        for month in late
        for person in people[month.provider_id]
    ]
    kind = "families.month_late" if is_first else "families.month_late_above"
    with transaction.atomic():
        outbox.add_all(kind, effects)
    return len(effects)


@jobs.daily("families.months_lock")
def lock_declared_months(on):
    """The submitted months are locked from the day of the schedule after their period on."""
    submitted = MonthlyDeclaration.objects.filter(status=MonthlyDeclaration.Status.SUBMITTED)
    cafs, locked = Caf.objects.in_bulk(), 0
    for caf, month in submitted.order_by().values_list("caf", "month").distinct():
        if day_after_period(cafs[caf], month, "declaration_lock_day") <= on:
            locked += DECLARATION.take_all("lock", submitted.filter(caf=caf, month=month), on=on)
    return f"{locked} mois verrouillés, {ask_for_statements()} relevés à établir"
