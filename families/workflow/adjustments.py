"""A dated change of hours inside what all signed: told to the three parties, not signed again."""

from datetime import date, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction

from avip import outbox
from avip.templatetags.words import and_list, fr_date, hours, weekday_name
from avip.workflow import StepRefused, edit, moment
from families.models import (
    Adjustment,
    AdjustmentSlot,
    AvipContract,
    ContractVersion,
    ScheduleSlot,
)
from families.permissions import takes_part
from families.places import lock_provider
from families.planning import Schedule, minutes_per_week, planned_days
from families.proposal import reasons_of_cap, reasons_of_slots
from families.schedules import followed_by, schedule_of
from families.workflow.contract_steps import lock_with_referral, refuse, tell
from families.workflow.proposals import missing_rules_said
from families.workflow.week_holds import give_back, give_up_later, hold_more
from labels.rules import rules_for
from partners.calendars import calendar_of

NEW_VERSION = "Il faut une nouvelle version du contrat, que tous signent."


class BeyondEnvelope(StepRefused):
    """What was asked is more than the parties signed: a new version is needed."""


@missing_rules_said()
def adjust(
    contract, slots, from_on: date, until: date | None, *, by, on, seen=None, at=None
) -> Adjustment:
    """Change the hours from a day on, or between two days, within what the contract allows.

    `slots` are (weekday, starts, ends). Raises BeyondEnvelope when the week passes the envelope or
    takes another day, StepRefused for closed doors, a taken place, a childminder's month too full.
    """
    with transaction.atomic():
        provider = lock_provider(contract.provider_id)
        lock_with_referral(contract)
        if not takes_part(by, contract):
            raise PermissionDenied
        version = version_in_force(contract)
        with edit(contract, by=by, seen=seen, fields=[], at=at):
            contract.provider = provider
            week = Schedule([ScheduleSlot(weekday=d, starts=s, ends=e) for d, s, e in slots])
            refuse(_reasons_of_dates(contract, from_on, until, on))
            refuse(reasons_of_slots(provider, week, max(minutes_per_week(week), 1)))
            if beyond := reasons_beyond(version, week):
                raise BeyondEnvelope(*beyond, NEW_VERSION)
            rules = rules_for(contract.caf, contract.start_on)
            last = until or contract.end_on
            refuse(_reasons_of_care(contract, week, rules, from_on, last))
            children = list(contract.children.all())
            whole = followed_by(schedule_of([contract]), week, from_on, until)
            give_up_later(contract, children, whole, rules)
            hold_more(contract, week, rules, first=from_on, ends=last, until=last)
        adjustment = Adjustment.objects.create(
            contract=contract, from_on=from_on, until=until, made_by=by, made_at=moment(at)
        )
        AdjustmentSlot.objects.bulk_create(
            AdjustmentSlot(adjustment=adjustment, weekday=d, starts=s, ends=e) for d, s, e in slots
        )
        _tell(contract, version, adjustment, "adjusted", by=by, on=on, at=at)
        return adjustment


@missing_rules_said()
def cancel_adjustment(adjustment, *, by, on, at=None):
    """Go back to the hours of the contract; days already spent stay as they were."""
    contract = adjustment.contract
    with transaction.atomic():
        lock_provider(contract.provider_id)
        lock_with_referral(contract)
        if not takes_part(by, contract):
            raise PermissionDenied
        version = version_in_force(contract)
        with edit(contract, by=by, seen=None, fields=[], at=at):
            adjustment.refresh_from_db()
            if adjustment.cancelled_at or (adjustment.until and adjustment.until < on):
                raise StepRefused("Cet ajustement ne court plus.")
            if adjustment.from_on < on:
                # What has been lived stays: it stops yesterday.
                adjustment.until = on - timedelta(days=1)
            else:
                adjustment.cancelled_at = moment(at)
            adjustment.save(update_fields=["until", "cancelled_at"])
            # The hours of the contract come back: another family may have been promised them.
            rules = rules_for(contract.caf, contract.start_on)
            children = list(contract.children.all())
            whole = schedule_of([contract])
            refuse(reasons_of_cap(contract, children, whole, rules, on))
            give_up_later(contract, children, whole, rules)
        give_back(contract, from_on=max(on, adjustment.from_on), at=at)
        _tell(contract, version, adjustment, "unadjusted", by=by, on=on, at=at)


def version_in_force(contract) -> ContractVersion:
    """The text that all have signed; StepRefused when there is none or it runs no more."""
    version = contract.versions.filter(status=ContractVersion.Status.IN_FORCE).first()
    if contract.status != AvipContract.Status.ACTIVE or version is None:
        raise StepRefused(
            f"Les horaires s’ajustent pendant un contrat en cours\xa0; celui-ci est "
            f"{contract.get_status_display()}."
        )
    version.contract = contract
    return version


def reasons_beyond(version, week) -> list[str]:
    """Why these hours are more than the parties signed: too many, or another day of the week."""
    reasons = []
    asked, envelope = minutes_per_week(week), version.envelope_minutes
    if asked > envelope:
        reasons.append(
            f"Cette semaine ferait {hours(asked)}, plus que les {hours(envelope)} signées."
        )
    usual = set(version.slots.values_list("weekday", flat=True))
    if other := sorted({slot.weekday for slot in week} - usual):
        days = and_list(weekday_name(day) for day in other)
        reasons.append(f"Le contrat ne prévoit pas d’accueil le {days}.")
    return reasons


def _reasons_of_dates(contract, from_on, until, on):
    if from_on < on:
        return ["Un ajustement commence aujourd’hui ou plus tard."]
    if not contract.start_on <= from_on <= contract.end_on:
        return [
            f"Choisissez un jour du contrat, du {fr_date(contract.start_on)} au "
            f"{fr_date(contract.end_on)}."
        ]
    if until and not from_on <= until <= contract.end_on:
        return [
            f"L’ajustement finit après le {fr_date(from_on)}, et au plus tard avec le contrat, "
            f"le {fr_date(contract.end_on)}."
        ]
    return []


def _reasons_of_care(contract, week, rules, from_on, last):
    """No day left by the closures, or a month of a childminder above its cap."""
    if not planned_days(week, calendar_of(contract.provider), from_on, last):
        return ["Tous les jours de cet ajustement tombent sur des jours fermés."]
    children = list(contract.children.all())
    whole = followed_by(schedule_of([contract]), week, from_on, last)
    return reasons_of_cap(contract, children, whole, rules, from_on)


def _tell(contract, version, adjustment, what, *, by, on, at):
    """The professionals by mail, each parent who signed by SMS or mail: nobody is left untold."""
    tell(f"contract_{what}", version, by=by, on=on, at=at, of=adjustment)
    for signatory in version.signatories.exclude(parent=None):
        outbox.add(
            "families.parent_hours_changed",
            signatory,
            key=f"{adjustment.pk}:{what}:{signatory.pk}",
            at=at,
        )
