"""An accueil ponctuel runs without a contract: it closes after its last day, hours confirmed."""

from django.core.exceptions import PermissionDenied
from django.db import transaction

from avip.workflow import StepRefused, edit, moment
from families.models import Referral
from families.occasional import minutes_of
from families.permissions import manages
from families.places import release_holds
from families.recipients import people_who_answer
from families.workflow.referral_steps import REFERRAL, tell


def close_stay(referral, *, on, at=None):
    """Its last day is past: the receiver says how long the child really stayed."""
    with REFERRAL.take("close_stay", referral, by=None, on=on, at=at):
        release_holds(referral, moment(at))
        people = people_who_answer(referral.provider, on=on)
        tell("referral_stayed", referral, "close_stay", people, at)


def confirm_hours(referral, *, by, on, minutes, seen=None, at=None):
    """The hours really given, in minutes for each of its days in order; apart from every quota."""
    if not manages(by, referral.provider):
        raise PermissionDenied
    with transaction.atomic(), edit(referral, by=by, seen=seen, fields=[], at=at):
        if referral.status != Referral.Status.STAYED:
            raise StepRefused("Les heures se confirment une fois l’accueil ponctuel terminé.")
        rows = list(referral.days.all())
        for row, given in zip(rows, minutes, strict=True):
            if not 0 <= given <= 24 * 60:
                raise StepRefused("Une journée compte de 0 à 24 heures.")
            row.declared_minutes = given
        type(rows[0]).objects.bulk_update(rows, ["declared_minutes"])


def planned_minutes(referral) -> list[int]:
    """What was agreed, in minutes for each of its days in order."""
    return [minutes_of(row) for row in referral.days.all()]
