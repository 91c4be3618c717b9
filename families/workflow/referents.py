"""Another référent emploi in mid-contract: a new agency reads, signs alone, and takes the file."""

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string

from avip import outbox
from avip.workflow import Step, StepRefused, Workflow, edit, lock, moment
from families.contract_text import readable_code, sha256_of
from families.models import AvipContract, ContractVersion, ReferentChange, Signatory
from families.permissions import manages
from families.recipients import people_of_agency, people_of_contract
from families.workflow.contract_steps import lock_with_referral, refuse
from partners.models import Membership
from partners.permissions import is_adviser, is_hijacked, is_user

Status = ReferentChange.Status
TEXT = "families/contract_text/referent.txt"


def proposes(by, contract, on) -> bool:
    """The present agency, who gives care; the Caf of the provider when that agency is closed."""
    if not is_user(by) or is_hijacked(by):
        return False
    if is_adviser(by, contract) or manages(by, contract.provider):
        return True
    return contract.caf_id in by.reach.cafs and _agency_is_closed(contract, on)


def _agency_is_closed(contract, on):
    if hasattr(contract, "agency_is_closed"):  # read with the contract for its page
        return contract.agency_is_closed
    return is_closed(contract.agency_id, on)


def is_closed(agency_id, on) -> bool:
    """Nobody works there any more: the agency can neither follow nor hand over."""
    return not Membership.objects.in_force(on).filter(agency=agency_id).exists()


def new_agency(by, change) -> bool:
    """A member of the agency that is asked."""
    return is_user(by) and change.to_agency_id in by.reach.agencies


def _who_asked(by, change):
    contract = change.contract
    return is_user(by) and (
        by.pk == change.asked_by_id or is_adviser(by, contract) or manages(by, contract.provider)
    )


def reasons_of_contract(contract) -> list[str]:
    """Why the référent emploi of this contract cannot change now."""
    if contract.status != AvipContract.Status.ACTIVE:
        state = contract.get_status_display()
        return [f"Le référent change pendant un contrat en cours\xa0; celui-ci est {state}."]
    to_sign = ContractVersion.Status.TO_SIGN
    if any(version.status == to_sign for version in contract.versions.all()):
        return ["Une modification attend des signatures\xa0: retirez-la, ou faites-la signer."]
    to_sign = AvipContract.Status.TO_SIGN
    if any(following.status == to_sign for following in contract.renewals.all()):
        return ["Un renouvellement attend des signatures\xa0: annulez-le, ou faites-le signer."]
    # The whole file goes: no text of the family may wait under the name of the former référent.
    if _family_has_text_to_sign(contract):
        return [
            "Un autre contrat de la famille attend des signatures\xa0: annulez-le, ou "
            "faites-le signer."
        ]
    return []


def _family_has_text_to_sign(contract):
    if hasattr(contract, "family_has_text_to_sign"):  # read with the contract for its page
        return contract.family_has_text_to_sign
    others = AvipContract.objects.filter(household=contract.household_id)
    return others.filter(versions__status=ContractVersion.Status.TO_SIGN).exists()


def _contract_runs(change, on):
    return reasons_of_contract(change.contract)


REFERENT = Workflow(
    accept=Step(
        "Signer et prendre la suite",
        (Status.PROPOSED,),
        Status.ACCEPTED,
        new_agency,
        _contract_runs,
        done="Nouveau référent emploi signé",
    ),
    decline=Step("Refuser", (Status.PROPOSED,), Status.DECLINED, new_agency, done="Suite refusée"),
    cancel=Step(
        "Reprendre la proposition",
        (Status.PROPOSED,),
        Status.CANCELLED,
        _who_asked,
        done="Proposition reprise",
    ),
)


def propose_change(contract, *, to_agency, reason, by, on, at=None) -> ReferentChange:
    """Ask another agency to follow this family; its text is frozen now, nothing else changes."""
    with transaction.atomic():
        lock_with_referral(contract)
        if not proposes(by, contract, on):
            raise PermissionDenied
        refuse(reasons_of_contract(contract))
        if to_agency.pk == contract.agency_id:
            raise StepRefused("Choisissez une autre agence que celle qui suit déjà la famille.")
        if is_closed(to_agency.pk, on):
            raise StepRefused(f"Personne n’a encore de compte à {to_agency}.")
        change = ReferentChange(
            contract=contract,
            from_agency=contract.agency,
            to_agency=to_agency,
            reason=reason,
            asked_by=by,
            created_at=moment(at),
        )
        try:
            with transaction.atomic():
                change.save(force_insert=True)
        except IntegrityError as error:
            raise StepRefused("Un changement de référent est déjà proposé.") from error
        change.history.create(
            step="propose",
            source="",
            target=Status.PROPOSED,
            at=moment(at),
            comment=_text(change),
            user=by,
        )
        _tell("referent_proposed", change, people_of_agency(to_agency, on=on), but=by, at=at)
        return change


def frozen_text(change) -> str:
    """The short text that the new référent signs, as it was written when it was proposed."""
    return change.history.get(step="propose").comment


def accept_change(change, *, text_sha256, by, on, at=None):
    """The new agency signs this text: the family and its running contract are its own from today.

    The contract stays active, its text and its end are the same; the former agency reads no more.
    """
    contract = change.contract
    with transaction.atomic():
        _lock_family(contract)
        text = frozen_text(change)
        with REFERENT.take("accept", change, by=by, on=on, at=at, comment=text):
            change.contract = contract
            if text_sha256 != sha256_of(text):
                raise StepRefused("Le texte a changé depuis que vous l’avez lu. Relisez-le.")
            change.text_sha256, change.signed_by = text_sha256, by
            change.signed_at, change.from_on = moment(at), on
        people = _people(change, on)
        _move(contract, change.to_agency, by, at)
        _tell("referent_changed", change, people, but=by, at=at)
        _tell_parents(change, contract, at)


def decline_change(change, *, by, on, at=None, comment=""):
    """The agency that was asked says no: who asked looks for another."""
    with REFERENT.take("decline", change, by=by, on=on, at=at, comment=comment):
        _tell("referent_declined", change, [change.asked_by], but=by, at=at)


def cancel_change(change, *, by, on, at=None):
    """Whoever asked takes the proposal back."""
    with REFERENT.take("cancel", change, by=by, on=on, at=at):
        people = people_of_agency(change.to_agency, on=on)
        _tell("referent_declined", change, people, but=by, at=at)


def _text(change):
    contract = change.contract
    parent = contract.household.parents.filter(is_referring=True).first()
    context = {
        "change": change,
        "contract": contract,
        "code": readable_code(contract.code),
        "parent": parent.short_name if parent else "",
    }
    return render_to_string(TEXT, context).strip()


def _lock_family(contract):
    """The order of the house: requests by id, then contracts by id."""
    requests = contract.household.referrals.select_for_update(of=("self",), no_key=True)
    list(requests.order_by("pk"))
    contracts = AvipContract.objects.filter(household=contract.household_id)
    list(contracts.select_for_update(of=("self",), no_key=True).order_by("pk"))
    lock(contract)


def _move(contract, agency, by, at):
    """The whole file goes: the former agency keeps no access to it."""
    household = contract.household
    for referral in household.referrals.order_by("pk"):
        with edit(referral, by=by, seen=None, fields=["agency", "adviser"], at=at):
            referral.agency, referral.adviser = agency, by
    for one in AvipContract.objects.filter(household=household).order_by("pk"):
        with edit(one, by=by, seen=None, fields=["agency", "adviser"], at=at):
            one.agency, one.adviser = agency, by
    with edit(household, by=by, seen=None, fields=["agency", "adviser"], at=at):
        household.agency, household.adviser = agency, by
    contract.refresh_from_db()


def _people(change, on):
    """The parties before the change, and the agency that takes the file."""
    version = change.contract.versions.get(status=ContractVersion.Status.IN_FORCE)
    people = {user.pk: user for user in people_of_contract(version, on=on)}
    people |= {user.pk: user for user in people_of_agency(change.to_agency, on=on)}
    people[change.asked_by_id] = change.asked_by
    return people.values()


def _tell(kind, change, people, *, but, at):
    for person in people:
        if person != but:
            key = f"{change.pk}:{change.status}:{person.pk}"
            outbox.add(f"families.{kind}", change, key=key, recipient=person, at=at)


def _tell_parents(change, contract, at):
    version = contract.versions.get(status=ContractVersion.Status.IN_FORCE)
    for signatory in version.signatories.filter(role=Signatory.Role.PARENT):
        key = f"{change.pk}:{signatory.pk}"
        outbox.add("families.parent_new_referent", signatory, key=key, at=at)
