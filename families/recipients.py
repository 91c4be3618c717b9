"""Who is written to about a referral: those who must act, and nobody else."""

from django.db.models import Q

from partners.models import Membership, User


def people_who_answer(provider, *, on) -> list[User]:
    """The provider's own people, else its operator's, else the coordinators of a childminder without an account."""
    own = _members(Q(provider=provider.pk), on)
    if own or provider.is_childminder:
        return own or coordinators_of(provider, on=on)
    return _members(Q(operator=provider.facility.operator_id), on)


def coordinators_of(provider, *, on) -> list[User]:
    """The members of the municipal service of a childminder."""
    return _members(Q(service=provider.childminder.service_id), on)


def advisers_of(referral, *, on) -> list[User]:
    """The adviser who sent it while she is in the agency, else her colleagues."""
    agency = Q(agency=referral.agency_id)
    return _members(agency & Q(user=referral.adviser_id), on) or _members(agency, on)


def _members(where, on):
    members = Membership.objects.in_force(on).filter(where)
    return list(User.objects.filter(memberships__in=members).distinct().order_by("pk"))
