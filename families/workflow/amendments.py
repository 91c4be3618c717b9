"""A locked month is amended: dated, with its reason; what stood before stays readable."""

from datetime import date

from django.db import transaction

from avip import outbox
from avip.workflow import StepRefused, moment, refuse_stale
from families.models import DeclarationAmendment, DeclarationLine, QuotaCheck
from families.quota import preview
from families.workflow.declarations import (
    DECLARATION,
    LINE_FIELDS,
    declares,
    faults_of,
    lines_of,
    numbers_of_lines,
    plans_of,
)


@transaction.atomic
def amend(
    declaration,
    *,
    by,
    on: date,
    reason: str,
    minutes_by_line: dict,
    children_present: int | None = None,
    hours_total: int | None = None,
    seen=None,
    at=None,
) -> DeclarationAmendment:
    """Change the numbers of a locked month and keep both, the verdict before and after with them.

    Who declares may for a while after the lock, the Caf whenever it must. Raises StepRefused when
    nothing changes or what the month cannot hold is typed.
    """
    step = "amend" if declares(by, declaration) else "amend_for_provider"
    with DECLARATION.take(step, declaration, by=by, on=on, at=at, comment=reason):
        refuse_stale(declaration, seen)
        lines = list(lines_of(declaration))
        minutes_by_line = {line.pk: minutes_by_line[line.pk] for line in lines}
        if declaration.provider.is_childminder:
            children_present, hours_total = numbers_of_lines(lines, minutes_by_line)
        if faults := faults_of(declaration, lines, minutes_by_line, children_present, hours_total):
            raise StepRefused(*faults.values())
        before = _numbers(declaration, lines)
        _change(declaration, lines, minutes_by_line)
        declaration.children_present = children_present
        declaration.hours_total = hours_total
        declaration.is_closed = declaration.is_closed and not children_present
        after = _numbers(declaration, lines)
        if after == before:
            raise StepRefused("Rien n’a changé\xa0: modifiez au moins un nombre.")
    stood = QuotaCheck.objects.filter(declaration=declaration).first()
    amendment = DeclarationAmendment.objects.create(
        declaration=declaration,
        made_by=by,
        made_at=moment(at),
        reason=reason,
        before=before | {"quota": _verdict(stood)},
        after=after | {"quota": _verdict(_judged(declaration, at))},
    )
    key = f"{declaration.pk}:{declaration.revision}"
    outbox.add("families.quota_check", declaration, key=key, at=at)
    outbox.add("families.month_amended", declaration, key=key, at=at)
    return amendment


def _change(declaration, lines, minutes_by_line):
    plans = plans_of(declaration)
    for line in lines:
        line.declared_minutes = minutes_by_line[line.pk]
        planned = plans.get(line.placement_id)
        line.before_signature_minutes = (
            planned.before(line.declared_minutes)
            if planned
            else min(line.before_signature_minutes, line.declared_minutes)
        )
    DeclarationLine.objects.bulk_update(lines, LINE_FIELDS)


def _judged(declaration, at):
    return None if declaration.provider.is_childminder else preview(declaration, moment(at))


def _numbers(declaration, lines):
    return {
        "children_present": declaration.children_present,
        "hours_total": declaration.hours_total,
        "lines": {str(line.pk): line.declared_minutes for line in lines},
    }


def _verdict(check):
    return check and {
        "rate_bp": check.rate_bp,
        "required_bp": check.required_bp,
        "missing": check.missing,
        "verdict": check.verdict,
    }
