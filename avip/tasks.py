from celery import shared_task
from django.utils import timezone

from avip import jobs, outbox


@shared_task
def deliver(row_id):
    """Carry out one effect of the outbox."""
    outbox.deliver(row_id)


@shared_task
def tick():
    """What is due and not done: jobs first, then the effects they wrote and those still waiting."""
    jobs.tick(timezone.now())
    outbox.deliver_due()
