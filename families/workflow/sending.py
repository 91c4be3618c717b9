"""A request leaves: what it needs to, and who hears of it first."""

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from avip.templatetags.words import age_months, count_of, fr_date
from avip.workflow import StepRefused, moment
from families.counters import counter_of, dispatch_due
from families.models import Referral, ReferralDay, ReferralSlot
from families.occasional import reasons_of_days, week_of
from families.place_planning import say_pause
from families.planning import reasons_of_week
from families.workflow.referral_steps import ask_receiver, tell_family
from labels.models.labels import labelled_providers
from labels.rules import RuleMissing, rules_for
from partners.calendars import age_in_months, calendar_of
from partners.permissions import is_adviser

Kind, Status = Referral.Kind, Referral.Status


def send(
    household,
    *,
    provider,
    children,
    by,
    on,
    slots=(),
    from_on=None,
    at=None,
    message="",
    kind=Kind.REGULAR,
    days=(),
    is_urgent=False,
):
    """Send a family to a provider; `slots` are (weekday, starts, ends).

    An accueil ponctuel asks for `days` (day, starts, ends) instead. A childminder's coordinator
    sees it first when the rules say so. Raises PermissionDenied when `by` is not of the agency,
    StepRefused with every reason why the referral cannot leave.
    """
    if getattr(by, "is_hijacked", False) or not is_adviser(by, household):
        raise PermissionDenied
    days = sorted(tuple(day) for day in days)
    if kind == Kind.OCCASIONAL:
        from_on, slots = (days[0][0] if days else on), week_of(days)
    referral = Referral(
        household=household,
        provider=provider,
        agency=household.agency,
        adviser=by,
        caf=provider.caf,
        kind=kind,
        is_urgent=is_urgent,
        from_on=from_on,
        message=message,
    )
    need = list(children), [tuple(slot) for slot in slots], days
    return depart(referral, need, origin="send", by=by, on=on, at=at)


def depart(referral, need, *, origin, by, on, at=None):
    """Write a new request for this need (children, slots, days) and ask its receiver.

    A guichet unique has it first, unless it has already spoken (`validated_at`). Raises StepRefused
    with every reason why it cannot leave.
    """
    children, slots, days = need
    provider, sent_at = referral.provider, moment(at)
    try:
        reasons = _reasons_not_to_send(referral, children, slots, days, on)
        rules = rules_for(provider.caf, referral.from_on)
        first = Status.SENT
        if provider.is_childminder and rules.childminder_requires_validation:
            first = Status.TO_VALIDATE
        elif not referral.validated_at and (counter := counter_of(provider)):
            first, referral.counter = Status.TO_DISPATCH, counter
        restart_delay(referral, sent_at, on, first)
    except RuleMissing as missing:
        raise StepRefused(str(missing)) from missing
    if reasons:
        raise StepRefused(*reasons)
    with transaction.atomic():
        sent = write(referral, first, need, origin=origin, by=by, sent_at=sent_at)
        ask_receiver(sent, origin, on, at)
        if first == Status.TO_DISPATCH:
            tell_family(sent, origin, at)
    return sent


def write(referral, status, need, *, origin, by, sent_at):
    """The row of a new request in its first state, with its need and the line of its history."""
    children, slots, days = need
    fields = {f.name: getattr(referral, f.name) for f in referral._meta.concrete_fields}
    stamp = {"status": status, "sent_at": sent_at, "edited_at": sent_at, "edited_by": str(by)}
    row = Referral(**fields | stamp)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            row.children.set(children)
            ReferralSlot.objects.bulk_create(
                ReferralSlot(referral=row, weekday=weekday, starts=starts, ends=ends)
                for weekday, starts, ends in slots
            )
            ReferralDay.objects.bulk_create(
                ReferralDay(referral=row, day=day, starts=starts, ends=ends)
                for day, starts, ends in days
            )
            row.history.create(step=origin, source="", target=status, at=sent_at, user=by)
    except IntegrityError as error:
        if "referral_one_open_per_provider" not in str(error):
            raise
        name = referral.provider.public_name
        raise StepRefused(
            f"Une demande de cette famille est déjà en cours auprès de {name}."
        ) from error
    return row


def answer_due(referral, start, on):
    """When the delay of an answer that begins now is over, in the receiver's opening hours."""
    rules = rules_for(referral.provider.caf, on)
    hours = rules.urgent_answer_hours if referral.is_urgent else rules.referral_answer_hours
    return calendar_of(referral.provider).add_opening_hours(start, hours)


def restart_delay(referral, start, on, status=None):
    """A new delay for whoever must answer from now on in that state, with its own reminders."""
    due = dispatch_due if status == Status.TO_DISPATCH else answer_due
    referral.answer_due_at = due(referral, start, on)
    referral.reminded_at = referral.deputy_at = referral.escalated_at = None


def _reasons_not_to_send(referral, children, slots, days, on):
    household, provider, from_on = referral.household, referral.provider, referral.from_on
    reasons = []
    if not labelled_providers(on).filter(pk=provider.pk).exists():
        reasons.append(
            f"{provider.public_name} ne porte pas le label aujourd’hui : "
            "choisissez un autre mode d’accueil."
        )
    if paused := say_pause(provider, list(provider.offers.running_on(from_on)), from_on):
        reasons.append(paused)
    if referral.kind == Kind.OCCASIONAL:
        rules = rules_for(provider.caf, from_on)
        reasons += reasons_of_days(days, calendar_of(provider), rules, on)
    elif from_on < on:
        reasons.append("Le premier jour demandé est passé.")
    if household.notice_given_on > on:
        reasons.append("La famille doit d’abord avoir reçu l’information sur ses données.")
    if not children or {child.household_id for child in children} != {household.pk}:
        reasons.append("Choisissez au moins un enfant de cette famille.")
    reasons += reasons_of_age(children, provider, from_on)
    return reasons if referral.kind == Kind.OCCASIONAL else reasons + reasons_of_week(slots)


def reasons_of_age(children, provider, from_on) -> list[str]:
    """Which of these children will be too old for a new contract on the first day."""
    limit = rules_for(provider.caf, from_on).child_max_age_months
    return [
        f"{child.first_name} aura {age_months(child.birth_date, from_on)} "
        f"le {fr_date(from_on)} : "
        f"une place se demande avant {count_of(limit, 'mois,mois')}."
        for child in children
        if age_in_months(child.birth_date, from_on) >= limit
    ]
