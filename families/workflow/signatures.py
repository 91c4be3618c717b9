"""A signature is received; the last one puts the contract in force and opens the placements."""

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from avip import outbox
from avip.templatetags.words import fr_date
from avip.workflow import StepRefused, lock, moment
from families.models import AvipContract, ContractVersion, Placement, Signatory, Signature
from families.permissions import may_sign, may_sign_as
from families.signing import evidence_of, proves, send_copies
from families.workflow import referrals
from families.workflow.contract_steps import (
    CONTRACT,
    PLACEMENT,
    VERSION,
    lock_with_referral,
    refuse,
    tell,
)
from families.workflow.endings import make_way
from families.workflow.week_holds import give_back
from partners.models import User

Method = Signature.Method
TEXT_CHANGED = "Le texte a changé depuis que vous l’avez lu. Relisez-le, puis signez."
CODE_NOT_PROVED = (
    "Le code n’a pas été saisi, ou il l’a été il y a trop longtemps. Demandez-en un nouveau."
)
COUNTERS = {
    Signatory.Role.CARE: "care_signed",
    Signatory.Role.PARENT: "parents_signed",
    Signatory.Role.ADVISER: "adviser_signed",
}


def sign(
    version,
    *,
    signatory,
    method,
    text_sha256,
    by,
    on,
    at=None,
    code=None,
    interpreter="",
    scan=None,
    **facts,
) -> Signature:
    """Receive one listed signatory's signature of this very text; the last puts it in force.

    `by` is the professional, or the parent's link. The same signature again is the first one,
    quietly. Raises StepRefused when the text, the code or the state is not the right one,
    PermissionDenied when `by` may not sign for this signatory this way. `facts` go to the evidence:
    ip, user_agent, identity_seen, original_held_by…
    """
    link = by if method == Method.LINK_CODE else None
    with transaction.atomic():
        lock_with_referral(version.contract)
        lock(version)
        if getattr(by, "is_hijacked", False) or signatory.version_id != version.pk:
            raise PermissionDenied
        if not (may_sign(by, version) and may_sign_as(by, signatory, method)):
            raise PermissionDenied
        if earlier := Signature.objects.filter(signatory=signatory).first():
            if earlier.is_the_same(method, by, text_sha256):
                return earlier
            raise StepRefused(f"{signatory} a déjà signé le {fr_date(earlier.signed_at)}.")
        with VERSION.take("sign", version, by=by, on=on, at=at):
            refuse(
                _reasons_of_signature(
                    version, signatory, method, text_sha256, by, code, scan, moment(at)
                )
            )
            signature = Signature.objects.create(
                signatory=signatory,
                version=version,
                text_sha256=text_sha256,
                method=method,
                signed_at=moment(at),
                user=by if method == Method.ACCOUNT else None,
                link=link,
                attested_by=by if method in Signature.ATTESTED else None,
                interpreter=interpreter,
                scan=scan,
                evidence=evidence_of(
                    signatory,
                    method=method,
                    by=by,
                    at=moment(at),
                    code=code,
                    link=link,
                    interpreter=interpreter,
                    scan_sha256=scan.sha256 if scan else "",
                    **facts,
                ),
            )
            counter = COUNTERS[signatory.role]
            setattr(version, counter, getattr(version, counter) + 1)
        if version.is_fully_signed:
            _enter_into_force(version, on=on, at=at)
    return signature


def _enter_into_force(version, *, on, at):
    """Every party has signed: the version replaces the one before, each child has a placement.

    Care before the last signature is not forbidden, it is not counted.
    """
    contract = version.contract
    if before := contract.versions.filter(status=ContractVersion.Status.IN_FORCE).first():
        with VERSION.take("supersede", before, by=None, on=on, at=at):
            pass
    with VERSION.take("enter_into_force", version, by=None, on=on, at=at):
        version.in_force_at = moment(at)
    if contract.status == AvipContract.Status.TO_SIGN:
        with CONTRACT.take("activate", contract, by=None, on=on, at=at):
            pass
    cared = set(contract.placements.values_list("child_id", flat=True))
    for child in contract.children.all():
        if child.pk not in cared:
            make_way(contract, child, on=on, at=at)
            _place(contract, child, on=on, at=at)
    if before:
        give_back(contract, from_on=max(version.start_on, on), at=at)
    if contract.referral:
        referrals.mark_placed(contract.referral, on=on, at=at)
    outbox.add("families.contract_pdf", version, key=str(version.pk), at=at)
    tell("contract_signed", version, by=None, on=on, at=at)
    send_copies(version, at=moment(at))


def _place(contract, child, *, on, at):
    try:
        with transaction.atomic():
            placement = Placement.objects.create(
                contract=contract,
                child=child,
                provider=contract.provider,
                caf=contract.caf,
                start_on=contract.start_on,
                end_on=contract.end_on,
                counts_from=max(contract.start_on, on),
                created_at=moment(at),
            )
    except IntegrityError as error:
        raise StepRefused(
            f"{child} a déjà une place au titre du label sur ces dates\xa0: ce contrat ne peut pas "
            "entrer en vigueur. Annulez-le et proposez d’autres dates."
        ) from error
    if contract.start_on <= on:
        with PLACEMENT.take("start", placement, by=None, on=on, at=at):
            pass


def _reasons_of_signature(version, signatory, method, text_sha256, by, code, scan, at):
    if text_sha256 != version.text_sha256:
        return [TEXT_CHANGED]
    if method == Method.ACCOUNT and version.signatures.filter(user=by).exists():
        return ["Vous avez déjà signé pour une autre partie\xa0: une personne signe une fois."]
    by_code = method == Method.ACCOUNT and isinstance(by, User) and not by.has_usable_password()
    if (method == Method.ON_SITE_CODE or by_code) and not proves(code, signatory, at=at):
        return [CODE_NOT_PROVED]
    if method == Method.LINK_CODE:
        if not by.is_open(at):
            return ["Ce lien n’est plus valable. Demandez-en un nouveau."]
        if not proves(code, signatory, at=at, link=by):
            return [CODE_NOT_PROVED]
    if method == Method.PAPER and scan is None:
        return ["Joignez le scan du contrat signé."]
    return []
