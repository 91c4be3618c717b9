"""Childminders as the network knows them: by their licence, under the service of their commune."""

from avip.workflow import StepRefused
from labels.models import NetworkMember
from labels.spreadsheets import plain
from labels.workflow.network import membership_of
from partners.models import Caf, Childminder, MunicipalService, Provider
from partners.phone_access import open_access


def licence_key(number, department) -> tuple:
    """What makes two licences one: accents, case, spaces and hyphens do not count."""
    return plain(number).replace(" ", ""), department


def known_licences(departments) -> dict:
    """Every childminder of these départements by the key of her licence."""
    rows = Childminder.objects.filter(
        provider__commune__department_code__in=departments
    ) | Childminder.objects.filter(licence_department__in=departments)
    known = {}
    for row in rows.select_related("provider__commune", "service").order_by("pk"):
        department = row.licence_department or row.provider.commune.department_code
        known.setdefault(licence_key(row.licence_number, department), row)
    return known


def already_known(number, department) -> Childminder | None:
    """The childminder who holds this licence, if she is known."""
    return known_licences([department]).get(licence_key(number, department))


def say_known(childminder, is_mine) -> str:
    """Who holds this licence: her name for those who may read it."""
    provider = childminder.provider
    name = provider.name if is_mine else provider.public_name
    where = f"{name}, {provider.commune}"
    follows = f", suivie par {childminder.service}" if childminder.service else ""
    return f"{where} porte déjà ce numéro d’agrément{follows}."


def open_phone_access(provider, *, by, at):
    """« Lui ouvrir son espace par SMS »: for a childminder who wishes to be of the network."""
    member = membership_of(provider)
    if member is None or member.status in NetworkMember.OUT:
        raise StepRefused("Notez d’abord son souhait de rejoindre le réseau.")
    return open_access(provider, quality="assistante maternelle", by=by, at=at)


def seen_among(childminders, by) -> set:
    """The keys of those that `by` may read."""
    keys = [childminder.pk for childminder in childminders]
    return set(Provider.objects.visible_to(by).filter(pk__in=keys).values_list("pk", flat=True))


def service_of(commune, caf) -> MunicipalService | None:
    """The service that coordinates this commune; None: the Caf does."""
    return MunicipalService.objects.filter(caf=caf, communes=commune).order_by("name").first()


def caf_of(commune) -> Caf | None:
    """The Caf of the département of this commune, when it is here."""
    return Caf.objects.filter(department_code=commune.department_code).order_by("code").first()


def lock_network(caf):
    """Two recordings in one Caf follow each other: the second finds what the first wrote."""
    Caf.objects.select_for_update(no_key=True).get(pk=caf.pk)
