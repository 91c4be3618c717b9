"""« Point du mois »: the one mail of the month to who gives care."""

from datetime import timedelta

from django.conf import settings

from avip import mail, outbox
from avip.jobs import SCHEDULES
from families.models import MonthlyDeclaration
from families.wording import say_age_limit
from labels.rules import rules_for
from partners.calendars import month_bounds
from partners.models import User


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
    context = {
        "declaration": declaration,
        "age_limit": say_age_limit(rules.quota_max_child_age_months),
        "person": person,
        "due_on": due_on(declaration),
        "action_url": settings.BASE_URL + declaration.get_absolute_url(),
    }
    mail.send(mail.Mail(person.email, "families/email/month_opened", context), key=row.key)


def due_on(declaration):
    """The day before which a month is expected."""
    return _day_after_month(declaration, "declaration_due_day")


def locked_on(declaration):
    """The day from which a submitted month can no longer be corrected."""
    return _day_after_month(declaration, "declaration_lock_day")


def _day_after_month(declaration, key):
    next_month = month_bounds(declaration.month)[1] + timedelta(days=1)
    return next_month.replace(day=SCHEDULES[key])
