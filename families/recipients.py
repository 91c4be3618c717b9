"""Who is written to: those who must act, and nobody else."""

from collections import defaultdict

from django.db.models import Q

from families.models import Signatory
from families.parties import members_who_sign
from partners.models import Childminder, Facility, Membership, MunicipalService, User


def people_who_answer(provider, *, on) -> list[User]:
    """The provider's own people, else its operator's, else a childminder's coordinators.

    Where her commune has no service, those of her Caf.
    """
    own = _members(Q(provider=provider.pk), on)
    if own:
        return own
    if provider.is_childminder:
        alone = provider.childminder.service_id is None
        return agents_of(provider.caf_id, on=on) if alone else coordinators_of(provider, on=on)
    operator = provider.facility.operator_id
    # Without an operator there is nobody else: "operator is null" would be everybody elsewhere.
    return _members(Q(operator=operator), on) if operator else []


def coordinators_of(provider, *, on) -> list[User]:
    """The members of the municipal service of a childminder; nobody where she has none."""
    service = provider.childminder.service_id
    return _members(Q(service=service), on) if service else []


def agents_of(caf_id, *, on) -> list[User]:
    """The members of a Caf."""
    return _members(Q(caf=caf_id), on)


def advisers_of(dossier, *, on) -> list[User]:
    """The adviser of a referral or a contract while she is in the agency, else her colleagues."""
    agency = Q(agency=dossier.agency_id)
    return _members(agency & Q(user=dossier.adviser_id), on) or _members(agency, on)


def people_of_agency(agency, *, on) -> list[User]:
    """The members of an agency."""
    return _members(Q(agency=agency), on)


def people_of(signatory, *, on) -> list[User]:
    """The professionals to write to when this signature is awaited; none for a parent.

    For care whoever signs, else who answers for the provider.
    """
    contract = signatory.version.contract
    if signatory.role == Signatory.Role.PARENT:
        return []
    if signatory.role == Signatory.Role.ADVISER:
        return advisers_of(contract, on=on)
    provider = contract.provider
    return _members(members_who_sign(provider), on) or people_who_answer(provider, on=on)


def people_of_contract(version, *, on) -> list[User]:
    """Every professional to write to about this contract, once."""
    people = {}
    for signatory in version.signatories.select_related("version__contract__provider"):
        for user in people_of(signatory, on=on):
            people[user.pk] = user
    return list(people.values())


def _members(where, on):
    members = Membership.objects.in_force(on).filter(where)
    return list(User.objects.filter(memberships__in=members).distinct().order_by("pk"))


def people_of_providers(providers, *, on) -> dict:
    """`people_who_answer` for many providers at once: {provider id: [user id]}."""
    ids = [provider.pk for provider in providers]
    operators = dict(Facility.objects.filter(provider__in=ids).values_list("provider", "operator"))
    services = dict(Childminder.objects.filter(provider__in=ids).values_list("provider", "service"))
    own = _ids_by("provider", ids, on)
    of_operator = _ids_by("operator", set(operators.values()), on)
    of_service = _ids_by("service", set(services.values()), on)
    of_caf = _of_caf_alone(providers, services, on)
    return {
        pk: own[pk]
        or of_operator[operators.get(pk)]
        or of_service[services.get(pk)]
        or of_caf.get(pk, [])
        for pk in ids
    }


def _of_caf_alone(providers, services, on):
    """The Caf coordinates the childminders whose commune has no service."""
    alone = [provider for provider in providers if services.get(provider.pk, "") is None]
    return agents_of_all(alone, on=on) if alone else {}


def people_above_providers(providers, *, on) -> dict:
    """Who hears of a silence: the operator of a crèche, a childminder's coordinators.

    A provider that stands alone hears of it itself, all its people together.
    """
    ids = [provider.pk for provider in providers]
    operators = dict(Facility.objects.filter(provider__in=ids).values_list("provider", "operator"))
    services = dict(Childminder.objects.filter(provider__in=ids).values_list("provider", "service"))
    of_operator = _ids_by("operator", set(operators.values()), on)
    of_service = _ids_by("service", set(services.values()), on)
    own = people_of_providers(providers, on=on)
    return {
        pk: of_operator[operators.get(pk)] or of_service[services.get(pk)] or own[pk] for pk in ids
    }


def coordinators_of_all(providers, *, on) -> dict:
    """The members in force of the service of each childminder: {provider id: [user id]}."""
    services = {provider.pk: provider.childminder.service_id for provider in providers}
    members = _ids_by("service", set(services.values()), on)
    return {pk: members[service] if service else [] for pk, service in services.items()}


def deputies_of_all(providers, *, on) -> dict:
    """The members in force of the service that stands in for hers: {provider id: [user id]}."""
    of_service = dict(
        MunicipalService.objects.filter(
            pk__in={provider.childminder.service_id for provider in providers}
        ).values_list("pk", "deputy")
    )
    members = _ids_by("service", set(of_service.values()), on)
    return {
        provider.pk: members.get(of_service.get(provider.childminder.service_id), [])
        for provider in providers
    }


def agents_of_all(providers, *, on) -> dict:
    """The members in force of the Caf of each provider: {provider id: [user id]}."""
    members = _ids_by("caf", {provider.caf_id for provider in providers}, on)
    return {provider.pk: members[provider.caf_id] for provider in providers}


def advisers_of_all(referrals, *, on) -> dict:
    """`advisers_of` for many referrals at once: {referral id: [user id]}."""
    agencies = _ids_by("agency", {referral.agency_id for referral in referrals}, on)
    people = {}
    for referral in referrals:
        colleagues = agencies[referral.agency_id]
        mine = referral.adviser_id in colleagues
        people[referral.pk] = [referral.adviser_id] if mine else colleagues
    return people


def people_of_contracts(contracts, *, on) -> dict:
    """The two professional parties of each contract: {contract id: [user id]}, each person once.

    Who answers for the provider; the adviser while she is in the agency, else her colleagues.
    """
    answering = people_of_providers([contract.provider for contract in contracts], on=on)
    agencies = _ids_by("agency", {contract.agency_id for contract in contracts}, on)
    people = {}
    for contract in contracts:
        colleagues = agencies[contract.agency_id]
        advisers = [contract.adviser_id] if contract.adviser_id in colleagues else colleagues
        people[contract.pk] = list(dict.fromkeys([*answering[contract.provider_id], *advisers]))
    return people


def _ids_by(organisation, ids, on):
    """The members in force of many organisations of one kind: {organisation id: [user id]}."""
    members = defaultdict(list)
    rows = Membership.objects.in_force(on).filter(
        **{f"{organisation}__in": [pk for pk in ids if pk]}
    )
    for key, user in rows.order_by("user").values_list(organisation, "user").distinct():
        members[key].append(user)
    return members
