"""What the administrators of a Caf and of a crèche set up themselves: who runs, decides, signs."""

from django.core.exceptions import PermissionDenied
from django.db import transaction

from partners.models import Caf, Facility, MunicipalService, Operator
from partners.permissions import administers, is_hijacked


def administered_cafs(user) -> list[Caf]:
    """The Cafs whose team this person keeps; none in a borrowed account."""
    if is_hijacked(user):
        return []
    return [m.caf for m in user.memberships_today if m.caf and m.is_admin]


def services_of(cafs):
    """The municipal services of these Cafs, with their communes."""
    return MunicipalService.objects.filter(caf__in=cafs).prefetch_related("communes")


@transaction.atomic
def attach_to_operator(facilities, *, name, siren, by) -> Operator:
    """The gestionnaire of this SIREN, made when it is new, now runs these crèches of the Caf.

    A gestionnaire already known keeps its name. Raises PermissionDenied for another Caf's crèche.
    """
    cafs = {caf.pk for caf in administered_cafs(by)}
    if not cafs or any(provider.caf_id not in cafs for provider in facilities):
        raise PermissionDenied
    operator = Operator.objects.filter(siren=siren).order_by("pk").first()
    operator = operator or Operator.objects.create(name=name, siren=siren)
    Facility.objects.filter(provider__in=facilities).update(operator=operator)
    return operator


@transaction.atomic
def open_service(*, caf, kind, name, communes, by) -> MunicipalService:
    """A municipal service of this Caf, for these communes."""
    if caf not in administered_cafs(by):
        raise PermissionDenied
    service = MunicipalService.objects.create(caf=caf, kind=kind, name=name)
    service.communes.set(communes)
    return service


def keeps_service(by, service) -> bool:
    """The administrators of a municipal service, and those of its Caf."""
    return administers(by, service) or service.caf in administered_cafs(by)


@transaction.atomic
def set_single_counter(service, *, wanted, by) -> MunicipalService | None:
    """Whether this service receives first the requests to the crèches of its communes.

    One for each commune: another guichet unique there is returned, and nothing changes.
    """
    if not keeps_service(by, service):
        raise PermissionDenied
    # Two services of a Caf that want it at once do it one after the other.
    locked = MunicipalService.objects.filter(caf=service.caf_id).order_by("pk")
    list(locked.select_for_update(of=("self",), no_key=True))
    if wanted:
        others = MunicipalService.objects.filter(
            is_single_counter=True, communes__in=service.communes.all()
        )
        if other := others.exclude(pk=service.pk).order_by("name", "pk").first():
            return other
    service.is_single_counter = wanted
    service.save(update_fields=["is_single_counter"])
    return None


def choose_deputy(service, *, deputy, by):
    """The service of the same Caf that validates while this one keeps silent; None for no one."""
    if not keeps_service(by, service) or (deputy and deputy.caf_id != service.caf_id):
        raise PermissionDenied
    service.deputy = deputy
    service.save(update_fields=["deputy"])


def choose_deciders(facility, *, admits, signs, delegation, by):
    """Who admits and who signs for this crèche from now on; what is signed already stays."""
    if not administers(by, facility.provider):
        raise PermissionDenied
    facility.admits, facility.signs, facility.delegation = admits, signs, delegation
    facility.save(update_fields=["admits", "signs", "delegation"])
