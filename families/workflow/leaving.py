"""A childminder leaves the network, or changes commune: what is running goes on, all are told."""

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Q

from avip import outbox
from avip.workflow import StepRefused, edit, moment
from families.models import PlaceOffer, Referral
from families.recipients import advisers_of
from labels.childminders import caf_of, service_of
from labels.models import NetworkMember
from labels.notifications import coordination_of, people_of_childminder, tell
from labels.workflow.network import leave_network, membership_of
from partners.models import Childminder, Provider
from partners.permissions import coordinates_childminder, is_hijacked

N = NetworkMember.Status
# An answer that the family has confirmed goes on to its contract.
STILL_ASKED = set(Referral.OPEN) - {Referral.Status.CONFIRMED}


@transaction.atomic
def leave(member, *, by, on, reason, words="", at=None):
    """No new family: her places are paused; she and whoever asked for one are told."""
    provider = Provider.objects.select_for_update(no_key=True).get(pk=member.provider_id)
    leave_network(member, by=by, on=on, reason=reason, reasons=words, at=at)
    running = Q(until=None) | Q(until__gte=on)
    for offer in PlaceOffer.objects.filter(running, provider=provider).order_by("pk"):
        with edit(offer, by=by, seen=None, fields=["paused_from", "paused_until"], at=at):
            offer.paused_from, offer.paused_until = on, None
    for referral in Referral.objects.filter(provider=provider, status__in=STILL_ASKED):
        people = advisers_of(referral, on=on)
        tell("families.childminder_left", referral, people, key=f"{referral.pk}", at=at)
    key = f"{member.pk}:{member.revision}"
    if people := people_of_childminder(provider, on):
        tell("families.network_left", member, people, key=key, at=at)
    else:
        outbox.add("families.network_left", member, key=key, at=at)


@transaction.atomic
def move(provider, commune, *, by, on, address="", at=None):
    """Her new commune decides who coordinates; in another Caf she leaves this network.

    Running contracts go on: they follow her to whoever coordinates from now on.
    """
    found = Provider.objects.select_for_update(of=("self",), no_key=True)
    provider = found.select_related("childminder__service", "caf", "commune").get(pk=provider.pk)
    if is_hijacked(by) or not coordinates_childminder(by, provider):
        raise PermissionDenied
    if commune == provider.commune:
        raise StepRefused("Elle accueille déjà dans cette commune.")
    caf = caf_of(commune)
    if caf is None:
        raise StepRefused(
            "La Caf de ce département n’utilise pas Avip. Si elle n’accueille plus ici, notez son "
            "départ du réseau."
        )
    before = {person.pk: person for person in coordination_of(provider, on)}
    if caf != provider.caf:
        _change_network(provider, caf, by=by, on=on, at=at)
    childminder = provider.childminder
    provider.caf, provider.commune = caf, commune
    provider.lat, provider.lon = commune.lat, commune.lon
    provider.save(update_fields=["caf", "commune", "lat", "lon"])
    childminder.service = service_of(commune, caf)
    childminder.address, childminder.house = address, ""
    _save(childminder)
    after = {person.pk: person for person in coordination_of(provider, on)}
    key = f"{provider.pk}:{moment(at).isoformat()}"
    gone = [person for pk, person in before.items() if pk not in after and person != by]
    new = [person for pk, person in after.items() if pk not in before and person != by]
    tell("families.childminder_moved_out", provider, gone, key=key, at=at)
    tell("families.childminder_moved_in", provider, new, key=key, at=at)
    return provider


def _change_network(provider, caf, *, by, on, at):
    """Another Caf's network is another one: she leaves this one; a question alone follows her."""
    member = membership_of(provider)
    if member is None:
        return
    if member.status not in (N.ASKED, N.DECLINED):
        leave(member, by=by, on=on, reason=NetworkMember.LeaveReason.MOVED, at=at)
        return
    with edit(member, by=by, seen=None, fields=["caf"], at=at):
        member.caf = caf


def _save(childminder: Childminder):
    try:
        with transaction.atomic():
            childminder.save(update_fields=["service", "address", "house"])
    except IntegrityError as error:
        raise StepRefused(
            "Le service de cette commune connaît déjà une assistante maternelle qui porte ce "
            "numéro d’agrément."
        ) from error
