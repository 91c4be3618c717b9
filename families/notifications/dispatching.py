"""What is said of a request at the guichet unique, and the job that keeps its delay."""

from django.utils import timezone

from avip import jobs, outbox
from families.notifications.referrals import write_mail
from families.workflow import dispatching


@outbox.handler("families.referral_to_dispatch")
def ask_counter(row):
    """A family asks for a place in a crèche: the guichet unique passes it on."""
    write_mail(row, "families/email/referral_to_dispatch", "families:referral_dispatch")


@jobs.every("families.counter_deadlines", minutes=15)
def keep_deadlines(on):
    """What no counter passed on in time stays without answer; silent ones are signalled."""
    now = timezone.now()
    expired = dispatching.expire_waiting(on=on, now=now)
    escalated = dispatching.escalate_waiting(on=on, now=now)
    reminded = dispatching.remind_waiting(on=on, now=now)
    return f"{reminded} rappelées, {escalated} signalées, {expired} sans réponse"
