"""Small predicates of (by, object) about families; they agree with `visible_to`."""

from families.models.referrals import Referral
from families.models.signatures import ParentLink, Signatory, Signature
from partners.models import Facility
from partners.permissions import (
    coordinates,
    coordinates_childminder,
    is_adviser,
    is_caf_agent,
    is_user,
    keeps_calendar,
    runs_provider,
)


def manages(by, provider):
    """Director, operator, childminder or her coordinator: keeps its places and answers."""
    return runs_provider(by, provider) or coordinates(by, provider)


def keeps_place(by, provider):
    """May describe, pause and confirm its places, note its leave."""
    return keeps_calendar(by, provider)


def answers(by, referral):
    """May answer now: who validates alone until she has, then who gives care too."""
    if referral.status == Referral.Status.TO_DISPATCH:
        return dispatches(by, referral)
    if referral.status == Referral.Status.TO_VALIDATE:
        return validates(by, referral)
    return keeps_calendar(by, referral.provider)


def dispatches(by, referral):
    """The guichet unique that received it; while it keeps silent past its delay, its Caf too."""
    if not is_user(by) or referral.counter_id is None:
        return False
    if referral.counter_id in by.reach.services:
        return True
    silent = referral.status == Referral.Status.TO_DISPATCH and referral.escalated_at is not None
    return silent and referral.caf_id in by.reach.cafs


def validates(by, referral):
    """The coordinator of the childminder; while she keeps silent, her deputy, then the Caf."""
    provider = referral.provider
    if coordinates_childminder(by, provider):
        return True
    if referral.status != Referral.Status.TO_VALIDATE or not is_user(by):
        return False
    if referral.escalated_at and is_caf_agent(by, provider):
        return True
    service = provider.childminder.service
    deputy = service.deputy_id if service and referral.deputy_at else None
    return deputy is not None and deputy in by.reach.services


def proposes_hours(by, referral):
    """Other hours come from who answers; for a childminder, from who validates her situations."""
    provider = referral.provider
    if provider.is_childminder:
        return coordinates_childminder(by, provider)
    return answers(by, referral)


def gives_way(by, referral):
    """May pass a request on: the agency, the operator of the crèche, who validates."""
    provider = referral.provider
    if referral.status == Referral.Status.TO_DISPATCH:
        return orients(by, referral) or dispatches(by, referral)
    if orients(by, referral) or (provider.is_childminder and validates(by, referral)):
        return True
    return not provider.is_childminder and runs_operator_of(by, provider)


def runs_operator_of(by, provider):
    """Member of the operator of this crèche, as opposed to the crèche alone."""
    return is_user(by) and provider.facility.operator_id in by.reach.operators


def orients(by, referral):
    """Any member of the agency that sent this referral: a colleague acts for one who is away."""
    return is_adviser(by, referral)


def runs_for_follow_up(by, provider):
    """May propose a family to an agency for this provider: for a childminder, her coordinator."""
    return coordinates(by, provider) if provider.is_childminder else runs_provider(by, provider)


def asks_for(by, takeup):
    """The side that proposed a family to an agency, any colleague of the person who did."""
    if takeup.provider:
        return runs_for_follow_up(by, takeup.provider)
    return is_user(by) and takeup.caf_id in by.reach.cafs


def reads_names(by, referral):
    """The agency always; who gives care and coordinates once it is accepted; the Caf never."""
    if orients(by, referral):
        return True
    return referral.status in Referral.NAMED and manages(by, referral.provider)


def meets_childminder(by, provider):
    """May read the full name of this childminder: herself, her coordinator, her Caf."""
    return manages(by, provider) or (is_user(by) and provider.caf_id in by.reach.cafs)


def takes_part(by, contract):
    """One of the parties, or the childminder's coordinator: reads the family's name and
    the text.
    """
    return is_adviser(by, contract) or manages(by, contract.provider)


def signs_for_care(by, provider):
    """Whoever the facility says signs its contracts; the operator may always; a
    childminder herself.
    """
    if operator_signs(provider):
        return is_user(by) and provider.facility.operator_id in by.reach.operators
    return runs_provider(by, provider)


def operator_signs(provider):
    """The facility leaves its contracts to its operator."""
    if provider.is_childminder or provider.facility.operator_id is None:
        return False
    return provider.facility.signs == Facility.Decider.OPERATOR


def may_sign(by, version):
    """Somebody who signs or receives a signature: a party, or the parent by the link of
    this contract.
    """
    if isinstance(by, ParentLink):
        return by.contract_id == version.contract_id
    return takes_part(by, version.contract)


def may_sign_as(by, signatory, method):
    """Whether `by` may put this signatory's signature this way.

    In an account each signs for its own party. On site and on paper a party receives the
    signature of a parent, and the coordinator that of a childminder without an account. By
    link, the parent herself.
    """
    contract = signatory.version.contract
    if method == Signature.Method.LINK_CODE:
        return isinstance(by, ParentLink) and by.parent_id == signatory.parent_id
    if method != Signature.Method.ACCOUNT:
        if signatory.role == Signatory.Role.PARENT:
            return takes_part(by, contract)
        return signatory.role == Signatory.Role.CARE and coordinates(by, contract.provider)
    if signatory.role == Signatory.Role.CARE:
        return signs_for_care(by, contract.provider)
    return signatory.role == Signatory.Role.ADVISER and is_adviser(by, contract)
