"""A label ends soon, or its reservations are to be lifted: said in time, to both, once."""

from datetime import timedelta

from dateutil.relativedelta import relativedelta
from django.db import transaction
from django.utils import timezone

from avip import jobs
from avip.jobs import SCHEDULES
from avip.templatetags.words import fr_date
from labels import notifications
from labels.models import Label
from labels.permissions import follows_label
from labels.tasks.life import mail_about_label

CATCH_UP_DAYS = 30  # a warning older than that is no news any more
L = Label.Status


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
    furthest = on + relativedelta(months=max(SCHEDULES["label_end_warning_months"]))
    ending = Label.objects.filter(
        status__in=[*Label.LIVE, L.EXPIRED],
        ends_on__range=(on - timedelta(days=CATCH_UP_DAYS), furthest),
        leaves_on=None,
    )
    return ending.not_followed().order_by("ends_on", "pk")


@jobs.daily("labels.end_warnings")
def warn_of_ends(on):
    """Six months before the end, then closer and closer, until the day after it.

    After some days without a machine, the latest warning alone leaves; a label entered late skips
    those of before.
    """
    told = 0
    for label in labels_near_their_end(on).select_related("provider__facility"):
        since = timezone.localtime(label.created_at).date()
        name = latest_due(end_warnings(label.ends_on), on, since)
        if name:
            _tell_both("labels.ending", label, f"{label.pk}:{label.ends_on}:{name}", on)
            told += 1
    return f"{told} fins de label annoncées"


@jobs.daily("labels.reservation_warnings")
def warn_of_reservations(on):
    """Reservations that the crèche has not lifted: before their day, that day, and after it."""
    told = 0
    waiting = Label.objects.filter(
        status__in=Label.LIVE, reservations_due_on__isnull=False, reservations_lifted_on=None
    )
    for label in waiting.select_related("provider__facility"):
        since = timezone.localtime(label.created_at).date()
        name = latest_due(reservation_warnings(label.reservations_due_on), on, since)
        if name:
            key = f"{label.pk}:{label.reservations_due_on}:{name}"
            _tell_both("labels.reservations_due", label, key, on)
            told += 1
    return f"{told} réserves rappelées"


@transaction.atomic
def _tell_both(kind, label, key, on):
    notifications.tell_facility(kind, label, on=on, key=key)
    notifications.tell_caf(kind, label, on=on, key=key)


def _ending(label, person):
    """The wording is that of the day it leaves, so that a late mail does not lie."""
    if label.leaves_on or label.status not in (*Label.LIVE, L.EXPIRED):
        return None
    if not Label.objects.filter(pk=label.pk).not_followed().exists():
        return None
    on, end = timezone.localdate(), fr_date(label.ends_on)
    over = label.ends_on < on
    today = "aujourd’hui, le " if label.ends_on == on else "le "
    mine = not follows_label(person, label)
    whose = "Votre label" if mine else f"Le label de la crèche {label.provider}"
    if mine and over:
        text = (
            "La crèche n’accueille plus de nouvelle famille au titre du label\xa0; les contrats "
            "déjà signés continuent. Un renouvellement déposé peut encore être décidé\xa0: le label "
            "reprend alors le jour de la décision."
        )
    elif mine:
        text = (
            "Pour continuer sans interruption, déposez à temps le renouvellement\xa0: Avip l’ouvre "
            "pour vous avant la fin, avec les chiffres déjà connus."
        )
    else:
        text = "Aucun label ne le suit encore."
    return {
        "subject": f"{'Votre' if mine else 'Un'} label {'est fini' if over else 'finit bientôt'}",
        "lead": f"{whose} {'a fini' if over else 'finit'} {today}{end}.",
        "text": text,
    }


def _reservations_due(label, person):
    if label.reservations_lifted_on or label.status not in Label.LIVE:
        return None
    mine = not follows_label(person, label)
    whose = "votre label" if mine else f"le label de la crèche {label.provider}"
    if mine:
        text = "Dites à votre Caf ce qui est fait\xa0: elle le note sur la page du label."
    else:
        text = "Si la crèche a fait le nécessaire, notez-le sur la page du label."
    return {
        "subject": "Des réserves à lever sur un label",
        "lead": f"Des réserves restent à lever sur {whose}, "
        f"avant le {fr_date(label.reservations_due_on)}.",
        "text": text,
    }


mail_about_label("labels.ending", _ending)
mail_about_label("labels.reservations_due", _reservations_due)
