"""A new text for the same contract: the former one stands until every party has signed the new."""

from django.core.exceptions import PermissionDenied
from django.db import transaction

from avip.templatetags.words import fr_date
from avip.workflow import StepRefused, edit, moment
from families.models import AvipContract, ContractVersion
from families.parties import link_channels, parents_who_sign
from families.permissions import takes_part
from families.places import lock_provider, reasons_of_particular_days
from families.proposal import (
    last_day_of_contract,
    period_of,
    reasons_against,
    reasons_of_cap,
    reasons_of_exceptions,
    reasons_of_slots,
)
from families.schedules import followed_by, schedule_of
from families.signing import issue_link
from families.workflow.contract_steps import VERSION, lock_with_referral, refuse, tell
from families.workflow.proposals import (
    Terms,
    hold_week,
    missing_rules_said,
    schedule_asked,
    write_version,
)
from families.workflow.week_holds import give_back, give_up_later, hold_more
from labels.rules import rules_for

Contract, Version = AvipContract.Status, ContractVersion.Status


def reasons_of_revision(contract) -> list[str]:
    """Why this contract takes no other text now."""
    if contract.status in (Contract.TO_SIGN, Contract.ACTIVE):
        return []
    return [f"Un contrat {contract.get_status_display()} ne se modifie plus."]


@missing_rules_said()
def revise(
    contract,
    *,
    by,
    on,
    slots,
    envelope_minutes,
    settling_in_days=0,
    exceptions=(),
    from_on=None,
    parents=None,
    seen=None,
    at=None,
) -> ContractVersion:
    """Propose another text: other days, other hours, a first day that moves before anything began.

    Signatures already given to a text not in force are void, and who gave them is told. A contract
    in force goes on as it is until every party has signed. `from_on` is the first day of the new
    hours. Raises StepRefused with the reasons why not.
    """
    with transaction.atomic():
        provider = lock_provider(contract.provider_id)
        lock_with_referral(contract)
        if not takes_part(by, contract):
            raise PermissionDenied
        refuse(reasons_of_revision(contract))
        rules = rules_for(contract.caf, contract.start_on)
        children = list(contract.children.select_for_update(no_key=True, of=("self",)))
        with edit(contract, by=by, seen=seen, fields=["start_on", "end_on"], at=at):
            contract.provider = provider
            from_on = _first_day(contract, from_on, children, rules, on)
        parents = parents_who_sign(contract.household) if parents is None else parents
        terms = Terms(
            list(slots), envelope_minutes, settling_in_days, list(parents), tuple(exceptions)
        )
        schedule = schedule_asked(terms)
        if not terms.parents or {p.household_id for p in terms.parents} != {contract.household_id}:
            raise StepRefused("Indiquez le parent qui signe.")
        refuse(_reasons(contract, children, schedule, terms, rules, from_on, on))
        _abandon_the_text_to_sign(contract, by=by, on=on, at=at)
        if contract.status == Contract.TO_SIGN:
            hold_week(contract, children, schedule, rules, on, at)
        else:
            refuse(reasons_of_particular_days(provider, rules, schedule, children))
            whole = followed_by(schedule_of([contract]), schedule, from_on)
            give_up_later(contract, children, whole, rules)
            until = period_of(contract).until
            hold_more(contract, schedule, rules, first=from_on, ends=contract.end_on, until=until)
        number = contract.versions.order_by("-number").values_list("number", flat=True)[0] + 1
        version = write_version(
            contract, terms, start_on=from_on, number=number, by=by, on=on, at=at
        )
        version.contract = contract
        tell("contract_to_sign", version, by=by, on=on, at=at)
        _send_links_again(version, by=by, at=moment(at))
        return version


def withdraw_revision(contract, *, by, on, at=None):
    """Give up the text that waits for signatures: the one in force goes on as if nothing was."""
    with transaction.atomic():
        lock_provider(contract.provider_id)
        lock_with_referral(contract)
        if not takes_part(by, contract) or getattr(by, "is_hijacked", False):
            raise PermissionDenied
        version = contract.versions.filter(status=Version.TO_SIGN).first()
        if contract.status != Contract.ACTIVE or version is None:
            raise StepRefused("Aucune modification de ce contrat n’attend de signature.")
        _abandon_the_text_to_sign(contract, by=by, on=on, at=at)
        give_back(contract, from_on=on, at=at)
        tell("revision_withdrawn", version, by=by, on=on, at=at)


def _first_day(contract, from_on, children, rules, on):
    """Before anything began, the contract itself moves; later, only the new hours begin then."""
    from_on = from_on or max(contract.start_on, on)
    if contract.status == Contract.TO_SIGN:
        if contract.previous_id or from_on == contract.start_on:
            return contract.start_on
        contract.start_on = from_on
        contract.end_on = last_day_of_contract(from_on, contract.duration_months, children, rules)
        return from_on
    if not max(contract.start_on, on) <= from_on <= contract.end_on:
        raise StepRefused(
            "Les nouveaux horaires commencent au plus tôt aujourd’hui et avant la fin du contrat, "
            f"le {fr_date(contract.end_on)}."
        )
    return from_on


def _reasons(contract, children, schedule, terms, rules, from_on, on):
    envelope, provider = terms.envelope_minutes, contract.provider
    if contract.status == Contract.TO_SIGN:
        # Nothing is in force: judged as a first proposal.
        return reasons_against(
            contract, children, slots=schedule, envelope_minutes=envelope, rules=rules, on=on
        )
    # A label lost since, a child grown: the contract that runs goes on.
    now = schedule_of([contract])
    whole = followed_by(now, schedule, from_on)
    return [
        *reasons_of_slots(provider, schedule, envelope),
        *reasons_of_exceptions(provider, schedule, from_on, contract.end_on, envelope),
        *reasons_of_cap(contract, children, whole, rules, from_on, now=now),
    ]


def _abandon_the_text_to_sign(contract, *, by, on, at):
    if version := contract.versions.filter(status=Version.TO_SIGN).first():
        with VERSION.take("abandon", version, by=by, on=on, at=at):
            pass


def _send_links_again(version, *, by, at):
    """A parent who was sent a link reads by it that the text has changed."""
    contract = version.contract
    for link in contract.parent_links.filter(revoked_at=None).select_related("parent"):
        is_asked = version.signatories.filter(parent=link.parent_id).exists()
        if is_asked and link.channel in link_channels(link.parent):
            issue_link(contract, link.parent, channel=link.channel, by=by, at=at)
