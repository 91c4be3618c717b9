"""Celery is woken by a doorbell (`outbox.ring`) and by one tick a minute; the truth
stays in PostgreSQL.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "avip.settings")

app = Celery("avip")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
