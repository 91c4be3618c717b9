"""Small predicates of (by, object) about families, without a query; they agree with `visible_to`."""

from families.models.referrals import Referral
from partners.permissions import coordinates, is_adviser, is_user, runs_provider


def manages(by, provider):
    """Director, operator, childminder or her coordinator: keeps this provider's places and answers."""
    return runs_provider(by, provider) or coordinates(by, provider)


def answers(by, referral):
    """May answer now: the coordinator alone until she has validated, then who gives care as well."""
    if referral.status == Referral.Status.TO_VALIDATE:
        return coordinates(by, referral.provider)
    return manages(by, referral.provider)


def validates(by, referral):
    """The coordinator of the childminder this referral is addressed to."""
    return coordinates(by, referral.provider)


def orients(by, referral):
    """Any member of the agency that sent this referral: a colleague acts for one who is away."""
    return is_adviser(by, referral)


def reads_names(by, referral):
    """The agency always; who gives care and the coordinator once the place is accepted; the Caf never."""
    if orients(by, referral):
        return True
    return referral.status in Referral.TAKEN and manages(by, referral.provider)


def meets_childminder(by, provider):
    """May read the full name of this childminder: herself, her coordinator, her Caf."""
    return manages(by, provider) or (is_user(by) and provider.caf_id in by.reach.cafs)
