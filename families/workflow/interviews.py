"""Ordinary life: interviews, points between adviser and crèche, the month confirmed in one press.

None of them holds a word of story: a day, held or not, a category of next step.
"""

from datetime import date, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction

from avip.templatetags.words import count_of, fr_date
from avip.workflow import StepRefused, moment
from families.models import AccompanimentTick, AvipContract, CoordinationPoint, Interview
from families.permissions import takes_part
from labels.rules import rules_for
from partners.permissions import is_adviser, is_hijacked

Contract = AvipContract.Status
RUNNING = (Contract.TO_SIGN, Contract.ACTIVE)
LIVED = (Contract.ACTIVE, Contract.ENDED, Contract.TERMINATED)
WEEK = timedelta(days=7)


@transaction.atomic
def plan(contract, *, by, on: date, planned_at, at=None) -> Interview:
    """An interview to come, which nobody but the agency and the family learns of."""
    _adviser_only(by, contract)
    if contract.status not in RUNNING:
        raise StepRefused("Le contrat est terminé\xa0: aucun entretien ne s’y prévoit plus.")
    if planned_at < moment(at):
        raise StepRefused("Ce moment est passé\xa0: notez plutôt l’entretien.")
    return Interview.objects.create(contract=contract, planned_at=planned_at, by=by)


@transaction.atomic
def note(contract, *, by, on: date, held_on: date, was_held: bool, next_step="", interview=None):
    """What came of an interview: held or not, and the category of what follows.

    `interview` is the one that was planned; without it, one that nobody had planned.
    """
    _adviser_only(by, contract)
    if held_on > on:
        raise StepRefused("Un entretien se note le jour même ou après.")
    if next_step and next_step not in Interview.NextStep.values:
        raise StepRefused("Choisissez une suite de la liste.")
    if interview is None:
        interview = Interview(contract=contract)
    elif interview.contract_id != contract.pk:
        raise PermissionDenied
    interview.held_on, interview.was_held = held_on, was_held
    interview.next_step, interview.by = next_step, by
    interview.save()
    return interview


def warning_of(contract, day: date) -> str:
    """Why a week has more interviews than the rule counts; it warns, it forbids nothing."""
    most = rules_for(contract.caf, day).interview_max_per_week
    monday = day - timedelta(days=day.weekday())
    held = contract.interviews.exclude(was_held=False).filter(
        held_on__gte=monday, held_on__lt=monday + WEEK
    )
    planned = contract.interviews.filter(
        held_on=None, planned_at__date__gte=monday, planned_at__date__lt=monday + WEEK
    )
    found = held.count() + planned.count()
    if found <= most:
        return ""
    return (
        f"La semaine du {fr_date(monday)} compte {count_of(found, 'entretien')}\xa0: "
        f"la règle en prévoit {most} au plus."
    )


@transaction.atomic
def hold_point(contract, *, by, on: date, held_on: date) -> CoordinationPoint:
    """A point between who gives care and the adviser took place that day, says either."""
    if is_hijacked(by) or not takes_part(by, contract):
        raise PermissionDenied
    if contract.status not in LIVED:
        raise StepRefused("Le contrat n’est pas en cours.")
    if held_on > on:
        raise StepRefused("Un point se note le jour même ou après.")
    if earlier := contract.coordination_points.filter(held_on=held_on).first():
        return earlier
    return CoordinationPoint.objects.create(contract=contract, held_on=held_on, by=by)


def to_tick(contracts, month: date):
    """Of these contracts, those that ran in this month and of which nothing is said yet."""
    return (
        contracts.filter(status=Contract.ACTIVE, start_on__lt=_next_month(month))
        .filter(end_on__gte=month)
        .exclude(ticks__month=month)
    )


@transaction.atomic
def tick(contracts, *, by, on: date, month: date, at=None) -> int:
    """« Accompagnement poursuivi ce mois » of several families at once: how many were confirmed.

    A month that has not begun cannot be confirmed; one already confirmed stays as it was.
    """
    month = month.replace(day=1)
    if month > on:
        raise StepRefused("Ce mois n’a pas commencé.")
    for contract in contracts:
        _adviser_only(by, contract)
    ticks = [
        AccompanimentTick(contract=contract, month=month, by=by, at=moment(at))
        for contract in contracts
        if contract.status in LIVED and contract.start_on < _next_month(month)
    ]
    AccompanimentTick.objects.bulk_create(ticks, ignore_conflicts=True)
    return len(ticks)


def _next_month(month):
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def _adviser_only(by, contract):
    if is_hijacked(by) or not is_adviser(by, contract):
        raise PermissionDenied
