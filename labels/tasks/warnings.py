"""A label ends soon, or its reservations are to be lifted: said in time, to both, once."""

from django.db import transaction
from django.utils import timezone

from avip import jobs
from avip.templatetags.words import fr_date
from labels import notifications
from labels.ending import (
    end_warnings,
    labels_near_their_end,
    latest_due,
    reservation_warnings,
)
from labels.models import Label
from labels.permissions import follows_label
from labels.tasks.life import mail_about_label


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
    if label.leaves_on or label.status not in (*Label.LIVE, Label.Status.EXPIRED):
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
            "déjà signés continuent. Un renouvellement déposé peut encore être décidé\xa0: le "
            "label reprend alors le jour de la décision."
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
