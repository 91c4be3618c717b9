"""Two files of one family become one: the older is kept, the newer closed, nothing is lost."""

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from avip.workflow import StepRefused, edit, lock
from families.matches import plain_name
from families.models import AvipContract, Household, HouseholdMatch, Placement, Referral
from partners.permissions import is_adviser, is_hijacked

RUNNING = (AvipContract.Status.TO_SIGN, AvipContract.Status.ACTIVE)


def merge(match, *, keep, by, on, at=None) -> Household:
    """Bring the children, requests and contracts of the other file into `keep`, and close it.

    Asked of the agency of the file that is kept, once the Caf has said that it is one family. The
    other agency keeps its own requests and contracts. StepRefused when both care for one child.
    """
    other = match.second if keep.pk == match.first_id else match.first
    if is_hijacked(by) or not is_adviser(by, keep):
        raise PermissionDenied
    if match.verdict != HouseholdMatch.Verdict.SAME:
        raise StepRefused("La Caf n’a pas dit qu’il s’agit d’une seule famille.")
    try:
        with transaction.atomic():
            _merge(keep, other, by, at)
    except IntegrityError as error:
        raise StepRefused(
            "Les deux dossiers ont une demande ou un accueil en cours pour le même enfant\xa0: "
            "l’une des agences clôt d’abord le sien."
        ) from error
    return keep


def _merge(keep, other, by, at):
    households = Household.objects.select_for_update(no_key=True).order_by("pk")
    list(households.filter(pk__in=[keep.pk, other.pk]))
    # The order of the house: requests by id, then contracts, then placements.
    referrals = list(Referral.objects.filter(household=other).order_by("pk"))
    for referral in referrals:
        lock(referral)
    contracts = list(AvipContract.objects.filter(household=other).order_by("pk"))
    for dossier in (keep, other):
        dossier.refresh_from_db()
    if keep.merged_into_id or other.merged_into_id:
        raise StepRefused("Ces deux dossiers sont déjà réunis.")
    same = _same_children(keep, other)
    _refuse_two_contracts(keep, other, same)
    for dossier in [*referrals, *contracts]:
        with edit(dossier, by=by, seen=None, fields=["household"], at=at):
            dossier.household = keep
        _replace(dossier.children, same)
    for placement in Placement.objects.filter(child__in=list(same)).order_by("pk"):
        with edit(placement, by=by, seen=None, fields=["child"], at=at):
            placement.child = same[placement.child]
    for theirs, ours in same.items():
        theirs.holds.update(child=ours)
    other.children.exclude(pk__in=[child.pk for child in same]).update(household=keep)
    with edit(other, by=by, seen=None, fields=["merged_into"], at=at):
        other.merged_into = keep


def _same_children(keep, other):
    """{child of the closed file: the same child in the kept one}; the others simply move."""
    ours = {(plain_name(c.first_name), c.birth_date): c for c in keep.children.all()}
    return {
        child: ours[key]
        for child in other.children.all()
        if (key := (plain_name(child.first_name), child.birth_date)) in ours
    }


def _refuse_two_contracts(keep, other, same):
    """A child is cared for under one contract at a time, whoever follows the family."""
    running = AvipContract.objects.filter(status__in=RUNNING)
    for theirs, ours in same.items():
        if (
            running.filter(household=other, children=theirs).exists()
            and running.filter(household=keep, children=ours).exists()
        ):
            raise StepRefused(
                f"Chaque dossier a un contrat en cours pour {ours.first_name}\xa0: "
                "les deux agences en arrêtent d’abord un."
            )


def _replace(children, same):
    for child in children.all():
        if child in same:
            children.remove(child)
            children.add(same[child])
