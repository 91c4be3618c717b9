"""« Point du mois »: the one mail of the month to who gives care."""

from datetime import date, timedelta

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.utils import timezone

from avip import mail, outbox
from avip.jobs import SCHEDULES
from families.models import MonthlyDeclaration
from families.recipients import people_who_answer
from families.wording import say_age_limit
from labels.rules import rules_for
from partners.calendars import month_bounds
from partners.models import User

MONTHS_IN_A_QUARTER = 3


@outbox.handler("families.month_opened")
def tell_month_opened(row):
    """The month is over: two numbers to confirm, before the day of the schedule."""
    person = User.objects.get(pk=row.recipient_id)
    declaration = (
        MonthlyDeclaration.objects.visible_to(person)
        .select_related("provider__commune", "caf")
        .filter(pk=row.object_id, status=MonthlyDeclaration.Status.OPEN)
        .first()
    )
    if declaration is None:
        return  # declared meanwhile, or she has left
    rules = rules_for(declaration.caf, month_bounds(declaration.month)[1])
    due = due_on(declaration)
    context = {
        "declaration": declaration,
        "age_limit": say_age_limit(rules.quota_max_child_age_months),
        "person": person,
        "due_on": due if timezone.localdate() < due else None,
        "action_url": settings.BASE_URL + declaration.get_absolute_url(),
    }
    mail.send(mail.Mail(person.email, "families/email/month_opened", context), key=row.key)


@outbox.handler("families.month_late")
def tell_month_late(row):
    """The day is past and the month is not declared: to who declares it."""
    _tell_of_open_month(row, "families/email/month_late")


@outbox.handler("families.month_late_above")
def tell_month_late_above(row):
    """Still not declared: to the operator, or the coordinator, who may declare it too."""
    _tell_of_open_month(row, "families/email/month_late_above")


def _tell_of_open_month(row, template):
    person = User.objects.get(pk=row.recipient_id)
    declaration = (
        MonthlyDeclaration.objects.visible_to(person)
        .select_related("provider__commune", "caf")
        .filter(pk=row.object_id, status=MonthlyDeclaration.Status.OPEN)
        .first()
    )
    if declaration is None:
        return  # declared meanwhile, or they have left
    context = {
        "declaration": declaration,
        "person": person,
        "due_on": due_on(declaration),
        "action_url": settings.BASE_URL + declaration.get_absolute_url(),
    }
    mail.send(mail.Mail(person.email, template, context), key=row.key)


@outbox.handler("families.month_amended")
def tell_month_amended(row):
    """A locked month was amended: to who declares it, when somebody else did it."""
    declaration = MonthlyDeclaration.objects.select_related("provider__commune").get(
        pk=row.object_id
    )
    amendment = declaration.amendments.select_related("made_by").last()
    today = timezone.localdate()
    for person in people_who_answer(declaration.provider, on=today):
        if person.pk == amendment.made_by_id:
            continue
        context = {
            "declaration": declaration,
            "amendment": amendment,
            "person": person,
            "action_url": settings.BASE_URL + declaration.get_absolute_url(),
        }
        key = f"{row.key}:{person.pk}"
        mail.send(mail.Mail(person.email, "families/email/month_amended", context), key=key)


def due_on(declaration):
    """The day before which a month is expected."""
    return day_after_period(declaration.caf, declaration.month, "declaration_due_day")


def locked_on(declaration):
    """The day from which a submitted month can no longer be corrected."""
    return day_after_period(declaration.caf, declaration.month, "declaration_lock_day")


def day_after_period(caf, month: date, key: str) -> date:
    """This day of SCHEDULES, in the month that follows the month or quarter to declare."""
    last = last_day_of_period(month, rules_for(caf, month_bounds(month)[1]).declaration_period)
    return (last + timedelta(days=1)).replace(day=SCHEDULES[key])


def last_day_of_period(month: date, period: str) -> date:
    """The last day of the month, or of its quarter: what is declared together."""
    left = -month.month % MONTHS_IN_A_QUARTER if period == "quarter" else 0
    return month_bounds(month + relativedelta(months=left))[1]
