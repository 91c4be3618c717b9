"""One tick a minute asks what is due and not done; our own delays, which are not the
law's, are here.
"""

import logging
from contextlib import contextmanager
from datetime import datetime, time, timedelta

from django.db import connection
from django.utils import timezone

from avip.models import JobRun

logger = logging.getLogger(__name__)

SCHEDULES = {
    "outbox_retry_minutes": (1, 2, 5, 15, 30, 60),
    "outbox_retry_hours": 24,
    "invitation_days": 14,
    "place_silent_days": 62,  # a place that nobody has said to be free for so long
    "place_question_day": 2,  # of the month: « toujours libre ? »
    "place_link_days": 31,
    "counter_hours": 16,  # working hours a guichet unique has to pass a request on
    "label_request_days": 14,
    "label_requests_per_day": 3,  # mails to one address
    "decision_link_days": 14,
    "decision_link_minutes": 10,  # between two sendings
    # Before the end of a contract; 0 is the day itself.
    "contract_end_reminder_days": (30, 15, 7, 0),
    "contract_unsigned_reminder_days": (3, 7, 14),  # after it was proposed
    "contract_lapse_days": 30,  # after its first day
    "contract_late_renewal_days": 15,  # after its last day
    "parent_link_days": 7,
    "parent_link_cooldown_minutes": 60,  # between two sendings asked for by whoever holds the link
    "parent_session_minutes": 30,
    "signing_code_minutes": 10,
    "signing_code_tries": 5,
    "signing_codes_per_hour": 3,
    "correction_days": 15,
    "correction_reminder_days": (5, 1, 0),  # before its deadline; 0 is the day itself
    "notice_reply_days": 30,  # proposed when a formal notice is written
    "label_end_warning_months": (6, 3, 1),
    "label_end_warning_days": (0, -1),  # the day, and the day after
    "licence_end_warning_months": (6, 3, 1),  # before the end of a childminder's licence
    "licence_end_warning_days": (0, -1),  # the day, and the day after
    "network_ask_days": 30,  # a childminder's answer to « souhaitez-vous rejoindre le réseau ? »
    "phone_link_days": 90,  # of somebody reached by phone only
    "phone_link_cooldown_minutes": 60,  # between two sendings asked for by whoever lost it
    "phone_link_per_day": 3,  # SMS to one number, whoever asks on the public page
    "phone_session_minutes": 120,
    "reservations_reminder_days": (30, 0, -1),  # before they are due; after
    "opinion_link_days": 60,
    "family_confirmation_days": 3,
    "referral_reminder_fraction": 0.5,  # of the delay to answer, in opening hours
    "referral_deputy_fraction": 0.65,  # a coordinator keeps silent: her deputy may validate
    "referral_escalation_fraction": 0.8,
    "answer_link_days": 14,
    "no_show_days": 14,  # after the first day of care
    "unplaced_family_days": 30,  # how long a refusal stays on the list of the adviser
    "referral_providers_at_once": 3,  # chosen with the family
    "response_time_days": 365,  # how long an answer counts in the usual delay
    "response_time_min_answers": 3,  # below, nothing is said of a delay
    "outcome_reminder_days": (3, 10),  # after the end of a contract
    "calendar_back_days": 30,  # the interviews shown in an adviser's own calendar
    "calendar_ahead_days": 366,
    "month_tick_days": 5,  # before the end of a month, it may be confirmed
    "keep_place_days": 30,  # how long keeping a place is proposed after an outcome
    "work_check_months": 6,  # after a job or a training was noted
    "work_check_parent_days": 14,  # later, the family is asked where the adviser has not said
    "work_check_link_days": 60,
    "declaration_open_day": 1,  # of the following month
    "declaration_due_day": 10,
    "declaration_lock_day": 20,
    "declaration_late_days": (0, 5),  # after the due day: who declares, then who stands above
    "declaration_amend_days": 90,  # after the lock, for who declares; the Caf afterwards
    "usual_care_hours": ("07:30", "18:30"),  # outside, and on weekends: atypical
    "licence_ends_soon_months": 3,  # what a coordinator reads as « finit bientôt »
    "upload_max_megabytes": 10,
    "takeover_rows": 500,  # lines of one spreadsheet
    "network_import_rows": 5000,
}

TICK_LOCK = 20_160_501  # any constant number, the same for every worker

JOBS = {}


def daily(name, *, at=time(6, 0)):
    """Register `function(on) -> summary`, to run once a day from this local time on."""

    def slot(now):
        today = timezone.localtime(now).date()
        moment = timezone.make_aware(datetime.combine(today, at))
        return moment if moment <= now else moment - timedelta(days=1)

    return _register(name, slot)


def every(name, *, minutes):
    """Register `function(on) -> summary`, to run once every so many minutes."""

    def slot(now):
        return now - timedelta(
            minutes=now.minute % minutes, seconds=now.second, microseconds=now.microsecond
        )

    return _register(name, slot)


def _register(name, slot):
    def register(function):
        JOBS[name] = (slot, function)
        return function

    return register


def tick(now):
    """Run every job whose latest slot has passed without being done; the names of those that ran.

    A machine off for three days runs each job once, for its latest slot: a job looks for all that
    is due by its date and not done, so nothing is missed and nothing is done twice.
    """
    ran = []
    with single_tick() as mine:
        if not mine:
            return ran
        for name, (slot_of, function) in JOBS.items():
            run, _ = JobRun.objects.get_or_create(job=name, slot=slot_of(now))
            if run.done_at:
                continue
            try:
                run.result = str(function(timezone.localtime(now).date()) or "")[:200]
            except Exception as error:
                logger.exception("job %s", name)
                run.error = type(error).__name__
            else:
                run.done_at, run.error = timezone.now(), ""
                ran.append(name)
            run.save()
    return ran


@contextmanager
def single_tick():
    """True for one worker at a time, whatever the number of beats."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [TICK_LOCK])
        mine = cursor.fetchone()[0]
        try:
            yield mine
        finally:
            if mine:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [TICK_LOCK])
