"""The signatures of a version, one line each: whose, in which state, what may be done about it."""

from dataclasses import dataclass

from django.db.models import Prefetch, prefetch_related_objects
from django.urls import reverse

from avip.jobs import SCHEDULES
from avip.models import Outbox
from avip.templatetags.words import count_of, fr_date, fr_datetime, fr_time
from families.contract_text import in_order
from families.models import ParentLink, Signatory, Signature
from families.parties import link_channels
from families.permissions import may_sign_as
from families.workflow.reminders import LETTERS, next_reminder_at, people_to_remind
from partners.permissions import is_hijacked

SIGNATORIES = Prefetch(
    "signatories",
    Signatory.objects.select_related("parent", "signature__user", "signature__attested_by"),
)
ACCOUNT, ON_SITE = Signature.Method.ACCOUNT, Signature.Method.ON_SITE_CODE


@dataclass
class SignatureRow:
    """One expected signature: whose, in which state, and what the reader may do about it."""

    signatory: Signatory
    signature: Signature | None
    detail: str
    delivery: str = ""
    actions: tuple = ()  # (label, url), the first being the default path

    @property
    def is_signed(self):
        return self.signature is not None


@dataclass(frozen=True)
class Reminder:
    """Whether those who have not signed may be written to again, and else from when."""

    names: list
    again_at: object = None  # a moment; None: now

    @property
    def said(self):
        """« de nouveau possible à 15 h 20 »"""
        return f"de nouveau possible à {fr_time(self.again_at)}" if self.again_at else ""


def reminder_for(version, user, on, now) -> Reminder | None:
    """What « Relancer » would do for this reader; None when there is nobody to write to."""
    if version.status != version.Status.TO_SIGN or is_hijacked(user):
        return None
    people = people_to_remind(version, by=user, on=on)
    again = [next_reminder_at(version, signatory, way, at=now) for signatory, way in people]
    if not people:
        return None
    names = [signatory.name for (signatory, _), at in zip(people, again, strict=True) if not at]
    if names:
        return Reminder(names)
    return Reminder([signatory.name for signatory, _ in people], min(again))


def signature_rows(version, user, now) -> list[SignatureRow]:
    """Every signature expected on this version, in the order of the documents."""
    prefetch_related_objects([version], SIGNATORIES)
    signatories = in_order(version.signatories.all())
    for signatory in signatories:
        signatory.version = version
    all_signed = all(hasattr(signatory, "signature") for signatory in signatories)
    links, letters = ({}, {}) if all_signed else (_live_links(version), _letters(version))
    is_open = version.status == version.Status.TO_SIGN and not is_hijacked(user)
    return [_row(signatory, user, now, links, letters, is_open) for signatory in signatories]


def _row(signatory, user, now, links, letters, is_open):
    version = signatory.version
    signature = getattr(signatory, "signature", None)
    if signature:
        return SignatureRow(signatory, signature, how(signature))
    if version.contract.taken_over and version.in_force_at:
        return SignatureRow(signatory, None, "a signé sur papier, avant la reprise")
    row = SignatureRow(signatory, None, "n’a pas encore signé" if is_open else "n’a pas signé")
    if link := links.get(signatory.parent_id):
        row.delivery = delivery_of(link, now)
    elif signatory.parent_id is None and is_open:
        row.delivery = letters.get(str(_account_of(signatory, version)), "")
    if is_open and may_sign_as(user, signatory, ACCOUNT):
        row.actions = (("Lire et signer", _url("contract_sign", version)),)
    elif is_open and may_sign_as(user, signatory, ON_SITE):
        row.actions = (
            ("Faire signer sur place", _url("sign_on_site", version, signatory)),
            *(
                [("Envoyer un lien", _url("contract_send_link", version, signatory))]
                if signatory.parent_id
                else []
            ),
            ("Enregistrer un papier signé", _url("sign_on_paper", version, signatory)),
        )
    return row


def _account_of(signatory, version):
    """Whom the letters to this party went to: its adviser; for care, whoever was written to."""
    return version.contract.adviser_id if signatory.role == Signatory.Role.ADVISER else "care"


def how(signature) -> str:
    """How a signature was given, in words: a paper says its own day first."""
    if paper_on := signature.signed_on_paper_on:
        return (
            f"signé sur papier le {fr_date(paper_on)}, "
            f"enregistré le {fr_datetime(signature.signed_at)} par {signature.attested_by}"
        )
    text = f"signé le {fr_datetime(signature.signed_at)}, {signature.how}"
    by = signature.evidence.get("by", {}).get("name")
    if signature.user_id and by and by != signature.signatory.name:
        text += f", par {by}"
    elif signature.attested_by_id:
        text += f", devant {signature.attested_by}"
    if signature.interpreter:
        text += f", avec l’interprète {signature.interpreter}"
    return text


def _live_links(version):
    links = ParentLink.objects.filter(contract=version.contract_id, revoked_at=None)
    return {link.parent_id: link for link in links.select_related("parent")}


def _letters(version):
    """Where the last letter to each professional stands, by account; the others are of care."""
    rows = Outbox.objects.about(version).filter(kind__in=LETTERS)
    said = {}
    for row in rows:
        party = row.recipient_id
        if party != str(version.contract.adviser_id):
            party = "care"
        said.setdefault(party, _letter(row))
    return said


def _letter(row):
    if row.given_up_at:
        return "Le courriel n’a pas pu partir. Vérifiez l’adresse, ou appelez."
    if row.done_at:
        return f"Courriel parti le {fr_datetime(row.done_at)}."
    if row.tries:
        again = fr_datetime(row.next_try_at)
        return f"Le courriel n’est pas encore parti\xa0: nouvel essai le {again}."
    return "Courriel en cours d’envoi."


def delivery_of(link, now) -> str:
    """Where the parent's message stands, in words."""
    way = link.get_channel_display()
    row = Outbox.objects.about(link).first()
    if link.sent_at is None and row and row.given_up_at:
        return (
            f"Le lien n’a pas pu partir par {way}. Vérifiez l’adresse ou le numéro, "
            "ou faites signer sur place."
        )
    if link.sent_at is None and row and row.tries:
        again = fr_datetime(row.next_try_at)
        return f"Le lien n’est pas encore parti par {way}\xa0: nouvel essai le {again}."
    if link.sent_at is None:
        return f"Lien en cours d’envoi par {way}."
    sentence = f"Lien envoyé par {way} le {fr_datetime(link.sent_at)}"
    if link.opened_at:
        sentence += f", ouvert le {fr_datetime(link.opened_at)}"
    if not link.is_open(now):
        sentence += f", périmé depuis le {fr_date(link.expires_at)}"
    return sentence + "."


def delivery_of_code(code) -> str:
    """Where the message of a code stands, when it has trouble leaving; else nothing."""
    row = Outbox.objects.about(code).first() if code else None
    if row is None or row.done_at or not (row.tries or row.given_up_at):
        return ""
    return "Ce code n’a pas pu partir\xa0: essayez une autre façon de signer, ou un nouveau code."


def link_obstacle(parent) -> str:
    """Why no link may be sent to this parent, and what to do instead; empty when one may."""
    if link_channels(parent):
        return ""
    if not parent.phone and not parent.email:
        return "Ni téléphone ni courriel n’est noté pour ce parent."
    if parent.phone:
        return (
            "Ce parent n’a qu’un téléphone\xa0: le lien et le code arriveraient au même endroit. "
            "Un téléphone perdu ou partagé suffirait alors pour signer à sa place."
        )
    return "Ce parent n’a qu’un courriel\xa0: le lien et le code arriveraient au même endroit."


def still_waited(left) -> str:
    """« Il en manque encore une. »"""
    return f"Il en manque encore {'une' if left == 1 else left}."


def link_days() -> str:
    """« 7 jours »"""
    return count_of(SCHEDULES["parent_link_days"], "jour")


def _url(name, version, signatory=None):
    args = [version.contract_id] + ([signatory.pk] if signatory else [])
    return reverse(f"families:{name}", args=args)
