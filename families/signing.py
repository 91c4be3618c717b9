"""How a signature is proved: the parent's link, the code on another channel, the evidence.

The link locates, the code proves. Neither is stored: both come from the instance's secret and the
row's identifier, so that a failed sending can be tried again; the database keeps a SHA-256 of the
link and a slow salted hash of the code.
"""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import PermissionDenied
from django.db import transaction

from avip import outbox
from avip.jobs import SCHEDULES
from avip.models import Outbox
from avip.workflow import StepRefused
from families.models import AvipContract, Channel, ParentLink, Signatory, Signature, SigningCode
from families.parties import email_of, link_channels, phone_of
from partners import codes
from partners.codes import mask
from partners.tokens import make_token, sha256_of

CONSENT = "J’ai lu et je suis d’accord"


def link_token(link) -> str:
    """The secret part of a link's address, made again at each sending."""
    return make_token("parent", link.pk, link.generation)


def code_digits(code) -> str:
    """The six digits of a code, made again at each sending."""
    return codes.digits_of("signing code", code)


@transaction.atomic
def issue_link(contract, parent, *, channel, by, at, purpose="sign") -> ParentLink:
    """A new address for this parent and this contract, sent on `channel`; the former one is dead.

    Raises StepRefused when no other channel is left for the code. `purpose` is "sign" or "copy".
    """
    if getattr(by, "is_hijacked", False):
        raise PermissionDenied
    if channel not in link_channels(parent):
        raise StepRefused(
            "Le lien et le code doivent passer par deux chemins\xa0: il faut un courriel "
            "et un téléphone mobile. Faites signer sur place ou sur papier."
        )
    AvipContract.objects.select_for_update(no_key=True).get(pk=contract.pk)
    link = ParentLink.objects.filter(contract=contract, parent=parent, revoked_at=None).first()
    if link is None:
        link = ParentLink(contract=contract, parent=parent, generation=0, created_at=at)
    link.generation += 1
    link.channel = channel
    link.token_sha256 = sha256_of(link_token(link))
    link.issued_at, link.sent_at, link.opened_at, link.message_id = at, None, None, ""
    link.expires_at = at + timedelta(days=SCHEDULES["parent_link_days"])
    link.save()
    outbox.add(f"families.parent_{purpose}_{channel}", link, key=link_key(link), at=at)
    return link


def send_copies(version, *, at):
    """Every party has signed: each parent is sent where to read it, if a code can follow."""
    contract = version.contract
    for signatory in version.signatories.exclude(parent=None).select_related("parent"):
        if Channel.EMAIL in link_channels(signatory.parent):
            issue_link(
                contract, signatory.parent, channel=Channel.EMAIL, by=None, at=at, purpose="copy"
            )


def parents_without_copy(version) -> list:
    """The parents who sign and to whom no copy is sent: the paper must be handed to them."""
    parents = [signatory.parent for signatory in version.signatories.all() if signatory.parent_id]
    return [parent for parent in parents if Channel.EMAIL not in link_channels(parent)]


def tell_parents_of_the_stop(version, *, at):
    """The contract has stopped: each parent who signed it is told that something changes."""
    for signatory in version.signatories.exclude(parent=None):
        outbox.add("families.parent_stopped", signatory, key=str(signatory.pk), at=at)


def link_key(link) -> str:
    """The business key of the sending of a link: once per generation."""
    return f"{link.pk}:{link.generation}"


def again_at(link, at):
    """When a link may be sent again to the same place; None: now.

    At once when the last message never left.
    """
    again = link.issued_at + timedelta(minutes=SCHEDULES["parent_link_cooldown_minutes"])
    if again <= at:
        return None
    rows = Outbox.objects.about(link).filter(key__endswith=link_key(link))
    return None if rows.exclude(given_up_at=None).exists() else again


@transaction.atomic
def contact_corrected(parent, *, at):
    """Another number, another address: the former link and codes are dead, no signature is void.

    The next link leaves at once, to the right place.
    """
    parent.links.filter(revoked_at=None).update(revoked_at=at)
    sent = SigningCode.objects.filter(signatory__parent=parent, used_at=None, expires_at__gt=at)
    sent.update(expires_at=at)


def care_number_corrected(provider, *, at):
    """Another number for who gives care: the codes that left to the former one are dead."""
    sent = SigningCode.objects.filter(
        signatory__role=Signatory.Role.CARE, signatory__version__contract__provider=provider
    )
    sent.filter(used_at=None, expires_at__gt=at).update(expires_at=at)


def send_link_again(link, *, at):
    """Whoever holds an expired link has a new one sent to the same address; says nothing back.

    Once per cooldown, and only while there is something to sign.
    """
    waiting = AvipContract.Status.TO_SIGN, AvipContract.Status.ACTIVE
    if link.revoked_at or again_at(link, at) or link.contract.status not in waiting:
        return
    if link.channel in link_channels(link.parent):
        unsigned = link.contract.version.signatories.filter(parent=link.parent, signature=None)
        purpose = "sign" if unsigned.exists() else "copy"
        issue_link(
            link.contract, link.parent, channel=link.channel, by=None, at=at, purpose=purpose
        )


@transaction.atomic
def send_code(signatory, *, channel, by, at, link=None) -> SigningCode:
    """Send a new code to this signatory; the former ones are dead.

    Raises StepRefused without an address on this channel, or after as many sendings in an hour as
    SCHEDULES allows.
    """
    if getattr(by, "is_hijacked", False):
        raise PermissionDenied
    address = phone_of(signatory) if channel == Channel.SMS else email_of(signatory)
    if not address:
        raise StepRefused("Aucun numéro ni adresse n’est noté pour envoyer le code.")
    Signatory.objects.select_for_update(no_key=True).get(pk=signatory.pk)
    codes.refuse_too_many(signatory.codes, at=at, otherwise="sinon, signez sur place ou sur papier")
    signatory.codes.filter(used_at=None, expires_at__gt=at).update(expires_at=at)
    code = SigningCode(
        signatory=signatory,
        link=link,
        asked_by=by,
        channel=channel,
        masked_phone=mask(address),
        sent_at=at,
        expires_at=at + timedelta(minutes=SCHEDULES["signing_code_minutes"]),
    )
    code.code_hash = make_password(code_digits(code))
    code.save()
    outbox.add(f"families.signing_code_{channel}", code, key=str(code.pk), at=at)
    return code


def waiting_code(signatory, *, at, link=None) -> SigningCode | None:
    """The code sent to this signatory that may still be typed."""
    return codes.waiting(signatory.codes.filter(link=link), at=at)


def try_code(code, digits, *, at) -> str:
    """Try these digits: an empty answer when right, else a sentence. A try is never lost."""
    return codes.try_code(code, digits, at=at)


def proves(code, signatory, *, at, link=None) -> bool:
    """Whether this signatory typed this code, recently, in the session of this link if any."""
    if code is None or code.signatory_id != signatory.pk or code.used_at is None:
        return False
    session = timedelta(minutes=SCHEDULES["parent_session_minutes"])
    same_link = code.link_id == (link.pk if link else None)
    return same_link and code.used_at <= at < code.used_at + session


def evidence_of(signatory, *, method, by, at, code=None, link=None, **facts) -> dict:
    """All that is known of a signature when it is made, for `proof.json` and the evidence file.

    `facts` may hold ip, user_agent, identity_seen, interpreter, signed_on_paper_on,
    original_held_by, scan_sha256.
    """
    version = signatory.version
    evidence = {
        "contract": str(version.contract_id),
        "version": version.number,
        "template": version.template,
        "text_sha256": version.text_sha256,
        "signatory": {
            "role": signatory.role,
            "name": signatory.name,
            "quality": signatory.quality,
            "organisation": signatory.organisation,
            "delegation": signatory.delegation,
            "email": mask(email_of(signatory)) if email_of(signatory) else "",
            "phone": mask(phone_of(signatory)) if phone_of(signatory) else "",
        },
        "method": method,
        "signed_at": at.isoformat(),
        "time_zone": settings.TIME_ZONE,
    }
    if method != Signature.Method.PAPER:  # a paper has its ink: nobody ticked a page
        evidence |= {"consent": CONSENT, "consent_at": at.isoformat()}
    if link:
        evidence["link"] = {
            "issued_at": link.issued_at.isoformat(),
            "channel": link.channel,
            "sent_at": link.sent_at.isoformat() if link.sent_at else None,
            "message_id": link.message_id,
            "opened_at": link.opened_at.isoformat() if link.opened_at else None,
        }
    if code:
        evidence["code"] = {
            "channel": code.channel,
            "sent_to": code.masked_phone,
            "sent_at": code.sent_at.isoformat(),
            "message_id": code.message_id,
            "tries": code.tries,
            "validated_at": code.used_at.isoformat(),
        }
    if link is None:
        evidence["by"] = _professional(by, signatory)
    return evidence | {name: value for name, value in facts.items() if value not in ("", None)}


def _professional(user, signatory) -> dict:
    """Who pressed the button, maybe a colleague of the person printed."""
    contract = signatory.version.contract
    provider = contract.provider
    parties = {contract.agency_id, provider.pk}
    parties.add(
        provider.childminder.service_id
        if provider.is_childminder
        else provider.facility.operator_id
    )
    mine = [m for m in user.memberships_today if m.organisation and m.organisation.pk in parties]
    return {
        "user": str(user.pk),
        "name": str(user),
        "quality": mine[0].quality if mine else "",
        "organisation": str(mine[0].organisation) if mine else "",
    }
