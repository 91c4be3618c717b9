"""A contract is written from a referral, or follows another; its parties are called to sign."""

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction

from avip.jobs import SCHEDULES
from avip.templatetags.words import count_of, fr_date
from avip.workflow import StepRefused, edit, lock, moment
from families import documents
from families.care import after
from families.models import (
    AvipContract,
    ContractVersion,
    LocalClauses,
    Referral,
    ScheduleException,
    ScheduleSlot,
    Signatory,
)
from families.parties import (
    adviser_signatory,
    care_signatory,
    parent_signatories,
    parents_who_sign,
)
from families.permissions import takes_part, validates
from families.places import (
    hold_places,
    keys_of,
    lock_provider,
    reasons_of_particular_days,
    reasons_of_place,
    release_holds,
    release_holds_from,
)
from families.planning import Schedule
from families.proposal import (
    last_day_of_contract,
    last_day_of_renewal,
    period_of,
    reasons_against,
)
from families.situations import Situation
from families.workflow.contract_steps import CONTRACT, VERSION, lock_with_referral, refuse, tell
from families.workflow.week_holds import give_up_later
from labels.rules import RuleMissing, rules_for
from partners.permissions import is_adviser

Contract = AvipContract.Status
NOT_VALIDATED = "La coordination doit d’abord valider cette situation."


@contextmanager
def missing_rules_said():
    """A rule without a value on that day is a refusal in words."""
    try:
        yield
    except RuleMissing as missing:
        raise StepRefused(str(missing)) from missing


@dataclass(frozen=True)
class Terms:
    """What the parties agree on beyond the dates; `slots` are (weekday, starts, ends)."""

    slots: list
    envelope_minutes: int
    settling_in_days: int
    parents: list
    exceptions: tuple = ()  # (day, starts, ends), no hours when there is no care


@missing_rules_said()
def propose(
    referral,
    *,
    by,
    on,
    start_on,
    slots,
    envelope_minutes,
    settling_in_days=0,
    parents=None,
    exceptions=(),
    seen=None,
    at=None,
) -> ContractVersion:
    """Write the contract of a confirmed referral, freeze its text and call for signatures.

    `parents` sign, by default those who do for this family; `exceptions` are the days that differ
    from the week; `seen` is the revision of the referral that the page showed.
    Dates come from the rules of the first day. Raises StepRefused with the reasons
    why not, PermissionDenied when `by` is no party.
    """
    with transaction.atomic():
        provider = lock_provider(referral.provider_id)
        lock(referral)
        if not takes_part(by, referral):
            raise PermissionDenied
        refuse(_reasons_of_referral(referral))
        rules = rules_for(referral.caf, start_on)
        with edit(referral, by=by, seen=seen, fields=["validated_at"], at=at):
            if provider.is_childminder and rules.childminder_requires_validation:
                # A hard gate: no contract without the coordinator's word on this very situation.
                _refuse_unless_validated(referral, by, at)
        children = _lock_children(referral.children)
        contract = AvipContract(
            referral=referral,
            household=referral.household,
            provider=provider,
            agency=referral.agency,
            adviser=referral.adviser or (by if is_adviser(by, referral) else None),
            caf=referral.caf,
            duration_months=rules.contract_duration_months,
            renewals_allowed=rules.contract_max_renewals,
            start_on=start_on,
            end_on=last_day_of_contract(start_on, rules.contract_duration_months, children, rules),
        )
        if parents is None:
            parents = parents_who_sign(referral.household)
        terms = Terms(
            list(slots), envelope_minutes, settling_in_days, list(parents), tuple(exceptions)
        )
        return _call_for_signatures(contract, children, terms, rules, by=by, on=on, at=at)


def _refuse_unless_validated(referral, by, at):
    """A family she proposed herself came without its hours: her coordinator validates them here.

    `hold_week` judges the situation that she proposes; anybody else waits for her.
    """
    if referral.validated_at is None:
        refuse([] if validates(by, referral) else [NOT_VALIDATED])
        referral.validated_at = moment(at)


@missing_rules_said()
def renew(
    contract,
    *,
    by,
    on,
    slots=None,
    envelope_minutes=None,
    settling_in_days=0,
    exceptions=(),
    seen=None,
    at=None,
) -> ContractVersion:
    """Propose the contract that follows, from the day after, within the stored number.

    Only the hours may change. Raises StepRefused: too many, too late, already renewed, school.
    """
    with transaction.atomic():
        provider = lock_provider(contract.provider_id)
        lock_with_referral(contract)
        if not takes_part(by, contract):
            raise PermissionDenied
        refuse(reasons_of_renewal(contract, on))
        with edit(contract, by=by, seen=seen, fields=[], at=at):
            pass
        before = contract.versions.get(status=ContractVersion.Status.IN_FORCE)
        if slots is None:
            slots = [(slot.weekday, slot.starts, slot.ends) for slot in before.slots.all()]
        children = _lock_children(contract.children)
        start_on = contract.end_on + timedelta(days=1)
        rules = rules_for(contract.caf, start_on)
        following = AvipContract(
            previous=contract,
            number=contract.number + 1,
            start_on=start_on,
            end_on=last_day_of_renewal(contract, children, rules),
            provider=provider,
            **{
                name: getattr(contract, name)
                for name in (
                    "referral",
                    "household",
                    "agency",
                    "adviser",
                    "caf",
                    "duration_months",
                    "renewals_allowed",
                )
            },
        )
        parents = [s.parent for s in before.signatories.all() if s.parent_id]
        envelope = before.envelope_minutes if envelope_minutes is None else envelope_minutes
        terms = Terms(list(slots), envelope, settling_in_days, parents, tuple(exceptions))
        return _call_for_signatures(following, children, terms, rules, by=by, on=on, at=at)


def _call_for_signatures(contract, children, terms, rules, *, by, on, at):
    """Write the contract and its version, hold its places, freeze the text, tell who signs."""
    slots = schedule_asked(terms)
    refuse(
        reasons_against(
            contract,
            children,
            slots=slots,
            envelope_minutes=terms.envelope_minutes,
            rules=rules,
            on=on,
        )
    )
    if not terms.parents or {p.household_id for p in terms.parents} != {contract.household_id}:
        raise StepRefused("Indiquez le parent qui signe.")
    hold_week(contract, children, slots, rules, on, at)
    contract.created_at = moment(at)
    contract.save(force_insert=True)
    contract.children.set(children)
    version = write_version(contract, terms, start_on=contract.start_on, by=by, on=on, at=at)
    with CONTRACT.take("propose", contract, by=by, on=on, at=at):
        pass
    version.contract = contract
    tell("contract_to_sign", version, by=by, on=on, at=at)
    return version


def schedule_asked(terms) -> Schedule:
    """The week and the particular days of these terms, as rows not saved yet."""
    slots = [
        ScheduleSlot(weekday=day, starts=starts, ends=ends) for day, starts, ends in terms.slots
    ]
    exceptions = {}
    for day, starts, ends in terms.exceptions:
        intervals = exceptions.setdefault(day, [])
        if starts:
            intervals.append((starts, ends))
    return Schedule(slots, exceptions)


def write_version(contract, terms, *, start_on, number=1, by, on, at) -> ContractVersion:
    """Write one text of a contract with its hours and who signs it, and freeze it."""
    version = ContractVersion.objects.create(
        contract=contract,
        number=number,
        start_on=start_on,
        end_on=contract.end_on,
        envelope_minutes=terms.envelope_minutes,
        settling_in_days=terms.settling_in_days,
        rules_on=contract.start_on,
        created_at=moment(at),
    )
    slots = [
        ScheduleSlot(version=version, weekday=day, starts=starts, ends=ends)
        for day, starts, ends in terms.slots
    ]
    ScheduleSlot.objects.bulk_create(slots)
    ScheduleException.objects.bulk_create(
        ScheduleException(version=version, day=day, starts=starts, ends=ends)
        for day, starts, ends in terms.exceptions
    )
    signatories = [
        care_signatory(contract.provider, by=by, on=on),
        *parent_signatories(terms.parents),
        adviser_signatory(contract, by=by, on=on),
    ]
    for signatory in signatories:
        signatory.version = version
    Signatory.objects.bulk_create(signatories)
    clauses = LocalClauses.objects.in_force(contract.caf_id, on)
    with VERSION.take("propose", version, by=by, on=on, at=at):
        frozen = documents.freeze_text(version, clauses)
        version.html, version.text_sha256, version.template = frozen
        version.proposed_at = moment(at)
        version.signatories_expected = len(signatories)
    return version


def hold_week(contract, children, slots, rules, on, at):
    """Hold the half-days and the days of this contract, unless they are those already held."""
    referral, provider, period = contract.referral, contract.provider, period_of(contract)
    refuse(reasons_of_particular_days(provider, rules, slots, children))
    if referral is None:
        # Signed on paper before the software: nothing was asked for, nothing is held.
        # Its place may have gone to another family meanwhile.
        bounds = contract.start_on, contract.end_on
        refuse(reasons_of_place(provider, rules, slots, *bounds, children))
        return
    give_up_later(contract, children, slots, rules)
    if provider.is_childminder and not contract.previous:
        refuse(_reasons_of_change(contract, slots, rules, on))
    if _is_held(contract, set(keys_of(slots)), period):
        return
    if contract.previous:
        # The contract that runs keeps its half-days until its last one.
        release_holds_from(referral, period.first, moment(at))
    else:
        release_holds(referral, moment(at))
    hold_places(referral, provider, rules, slots=slots, period=period)


def _is_held(contract, keys, period):
    held = contract.referral.holds.filter(released_at=None)
    if not contract.previous and any(hold.from_on != period.first for hold in held):
        return False
    later = [hold for hold in held if hold.until >= period.first]
    lasting = {h.key for h in later if h.from_on <= period.first and h.until >= period.ends}
    return lasting == keys == {hold.key for hold in later}


def _reasons_of_change(contract, slots, rules, on):
    """The situation judged again when the days or hours are not those that were validated."""
    referral = contract.referral
    validated = {(slot.weekday, slot.starts, slot.ends) for slot in referral.slots.all()}
    asked = {(slot.weekday, slot.starts, slot.ends) for slot in slots}
    given_up = {row.day: [] for row in referral.dropped_days.all()}
    signed = {day: [] for day in given_up if day <= contract.end_on}
    as_validated = asked == validated and slots.exceptions == signed
    if contract.start_on == referral.from_on and as_validated:
        return []
    slots = after(slots, given_up, contract.end_on)
    return Situation(
        referral,
        on,
        provider=contract.provider,
        rules=rules,
        slots=slots,
        from_on=contract.start_on,
    ).reasons


def _lock_children(children):
    """One proposal at a time for a child: the search for another contract then sees them all."""
    return list(children.select_for_update(of=("self",), no_key=True).order_by("pk"))


def _reasons_of_referral(referral):
    if referral.contracts.live().filter(previous=None).exists():
        return ["Un contrat existe déjà pour cette demande."]
    return reasons_of_state(referral)


def reasons_of_state(referral) -> list[str]:
    """Why no contract is written yet: the family has not confirmed its place."""
    if referral.kind == Referral.Kind.OCCASIONAL:
        return ["Un accueil ponctuel est sans contrat."]
    if referral.status != Referral.Status.CONFIRMED:
        state = referral.get_status_display()
        return [
            f"Un contrat se propose quand la famille a confirmé sa place. Demande\xa0: {state}."
        ]
    return []


def reasons_of_renewal(contract, on) -> list[str]:
    """Why no contract may follow this one now."""
    late = contract.end_on + timedelta(days=SCHEDULES["contract_late_renewal_days"])
    if contract.status not in (Contract.ACTIVE, Contract.ENDED):
        return [f"Un contrat {contract.get_status_display()} ne se renouvelle pas."]
    if contract.renewals_left < 1:
        allowed = count_of(contract.renewals_allowed, "fois,fois")
        return [f"Ce contrat a déjà été renouvelé autant que la règle le permet ({allowed})."]
    given_up = AvipContract.GIVEN_UP
    if any(following.status not in given_up for following in contract.renewals.all()):
        return ["Un renouvellement de ce contrat existe déjà."]
    if on > late:
        return [f"Ce contrat pouvait être renouvelé jusqu’au {fr_date(late)}."]
    return []
