"""When the end of a label is announced, and that of the time to lift its reservations."""

from datetime import timedelta

from dateutil.relativedelta import relativedelta

from avip.jobs import SCHEDULES
from labels.models import Label

CATCH_UP_DAYS = 30  # a warning older than that is no news any more


def end_warnings(ends_on):
    """When the end of a label is announced: [(day, name)], the earliest first."""
    months = [
        (ends_on - relativedelta(months=count), f"m{count}")
        for count in SCHEDULES["label_end_warning_months"]
    ]
    days = [
        (ends_on - timedelta(days=count), f"d{count}")
        for count in SCHEDULES["label_end_warning_days"]
    ]
    return sorted([*months, *days])


def reservation_warnings(due_on):
    """When the end of the time to lift reservations is recalled: [(day, name)]."""
    return sorted(
        (due_on - timedelta(days=count), f"r{count}")
        for count in SCHEDULES["reservations_reminder_days"]
    )


def latest_due(warnings, on, since):
    """The one warning to send that day: the latest whose day has come, after `since`; or None."""
    come = [
        (day, name)
        for day, name in warnings
        if since <= day <= on and on - day <= timedelta(days=CATCH_UP_DAYS)
    ]
    return come[-1][1] if come else None


def labels_near_their_end(on):
    """Those whose end is announced or just past, that nothing follows and nobody gives back."""
    # Some days more than the months: six months before 31 March is 30 September.
    furthest = on + relativedelta(months=max(SCHEDULES["label_end_warning_months"]), days=4)
    ending = Label.objects.filter(
        status__in=[*Label.LIVE, Label.Status.EXPIRED],
        ends_on__range=(on - timedelta(days=CATCH_UP_DAYS), furthest),
        leaves_on=None,
    )
    return ending.not_followed().order_by("ends_on", "pk")
