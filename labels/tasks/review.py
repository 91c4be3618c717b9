"""What the review sends: a dossier handed over, a message, the reminders of a correction."""

from django.db import transaction
from django.utils import timezone

from avip import jobs, outbox
from avip.jobs import SCHEDULES
from labels import notifications
from labels.models import Correction
from labels.notifications import link, send
from labels.talk import correction_target
from labels.tasks.applications import mail_about, recipient_and_application

mail_about("labels.reassigned", "labels/email/reassigned")
mail_about("labels.message", "labels/email/message")


def _mail_of_correction(row, template, page):
    """The mail about the correction that is open; nothing once the crèche has answered."""
    person, application = recipient_and_application(row)
    correction = application.open_correction if application else None
    if correction is None:
        return
    send(
        row,
        person.email,
        template,
        application=application,
        correction=correction,
        action_url=link(*page(application, correction)),
    )


@outbox.handler("labels.correction")
def mail_correction(row):
    """The crèche learns what to correct; the button leads straight to the form."""
    _mail_of_correction(row, "labels/email/correction", correction_target)


@outbox.handler("labels.correction_due")
def mail_correction_due(row):
    """The deadline comes near."""
    _mail_of_correction(row, "labels/email/correction_due", correction_target)


@outbox.handler("labels.correction_late")
def mail_correction_late(row):
    """The reviewer learns that nothing came; the crèche may still answer."""
    _mail_of_correction(
        row,
        "labels/email/correction_late",
        lambda application, correction: ("labels:application_detail", application.pk),
    )


@jobs.daily("labels.correction_reminders")
def remind_of_corrections(on):
    """Before the deadline, the crèche; the day after, the reviewer. Once each."""
    late = near = 0
    waiting = Correction.objects.filter(resolved_at=None)
    for correction in waiting.select_related("application__provider__facility"):
        left = (correction.due_on - on).days
        given = (correction.due_on - timezone.localtime(correction.asked_at).date()).days
        passed = [days for days in SCHEDULES["correction_reminder_days"] if left <= days < given]
        with transaction.atomic():
            if left < 0:
                notifications.tell_reviewer(
                    "labels.correction_late",
                    correction.application,
                    on=on,
                    key=f"{correction.pk}:late",
                )
                late += 1
            elif passed:
                notifications.tell_facility(
                    "labels.correction_due",
                    correction.application,
                    on=on,
                    key=f"{correction.pk}:{min(passed)}",
                )
                near += 1
    return f"{near} échéances proches, {late} dépassées"
