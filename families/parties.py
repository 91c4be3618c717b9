"""The parties of a contract: who is printed under the text, who is written to, at which address."""

from django.db.models import Q

from families.models import Channel, Signatory
from families.permissions import operator_signs
from partners.models import Membership, User

PARENT = "parent"


def care_signatory(provider, *, by, on) -> Signatory:
    """The party that gives care, as printed: whoever signs for it, else its organisation alone."""
    if provider.is_childminder:
        return Signatory(
            role=Signatory.Role.CARE, name=provider.name, quality="assistante maternelle"
        )
    facility = provider.facility
    signs = facility.operator if operator_signs(provider) else provider
    member = _first_member(members_who_sign(provider), by=by, on=on)
    return Signatory(
        role=Signatory.Role.CARE,
        name=str(member.user if member else signs),
        quality=(member.quality or "pour la direction") if member else "",
        organisation=str(signs),
        delegation=facility.delegation,
    )


def adviser_signatory(contract, *, by, on) -> Signatory:
    """The référent emploi, as printed: the adviser, else whoever proposes, else the agency."""
    member = _first_member(Q(agency=contract.agency_id), by=contract.adviser or by, on=on)
    return Signatory(
        role=Signatory.Role.ADVISER,
        name=str(member.user) if member else str(contract.agency),
        quality=(member.quality or "référent emploi") if member else "",
        organisation=str(contract.agency),
    )


def parents_who_sign(household) -> list:
    """The parents of a family who sign its contracts: the second one when she asked to, and who
    represents a minor parent.
    """
    signing = [parent for parent in household.parents.order_by("pk") if parent.signs]
    return signing or list(household.parents.filter(is_referring=True))


def parent_signatories(parents) -> list[Signatory]:
    """One signatory for each parent who signs; whoever represents a minor parent is said to."""
    return [
        Signatory(
            role=Signatory.Role.PARENT,
            parent=parent,
            name=str(parent),
            quality=_represents(parent) if parent.is_representative else PARENT,
        )
        for parent in parents
    ]


def _represents(representative):
    minors = representative.household.parents.filter(is_representative=False)
    minor = minors.order_by("-is_referring", "pk").first()
    return f"qui représente {minor or 'le parent'}, parent mineur"[:160]


def members_who_sign(provider) -> Q:
    """The members of the organisation whose signature gives care."""
    if operator_signs(provider):
        return Q(operator=provider.facility.operator_id)
    return Q(provider=provider.pk)


def _first_member(where, *, by, on):
    """The membership of `by` in this organisation, else of the person who answers for it first."""
    members = Membership.objects.in_force(on).filter(where).select_related("user")
    mine = members.filter(user=by).first() if isinstance(by, User) else None
    return mine or members.order_by("-is_admin", "role", "starts_on", "pk").first()


def phone_of(signatory) -> str:
    """The telephone a code may go to: the parent's, or that of a childminder who signs on site."""
    if signatory.parent_id:
        return signatory.parent.phone
    provider = signatory.version.contract.provider
    return provider.phone if provider.is_childminder else ""


def email_of(signatory) -> str:
    """The address a code may go to, for a parent."""
    return signatory.parent.email if signatory.parent_id else ""


def address_on(channel, parent) -> str:
    """Where this parent is reached on this channel; empty when she is not."""
    return parent.email if channel == Channel.EMAIL else parent.phone


def code_channel(link_channel):
    """The channel of the code when the link took this one: never the same (CNIL, two factors)."""
    return Channel.SMS if link_channel == Channel.EMAIL else Channel.EMAIL


def link_channels(parent) -> list:
    """The channels a link may take for this parent: the code must have another one left."""
    return [
        channel
        for channel in (Channel.EMAIL, Channel.SMS)
        if address_on(channel, parent) and address_on(code_channel(channel), parent)
    ]
