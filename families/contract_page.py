"""What the page of a contract says: who must act, where each signature stands, what comes next."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.urls import reverse

from avip.jobs import SCHEDULES
from avip.models import Document, Outbox
from avip.templatetags.words import age_months, and_list, count_of, fr_date, fr_datetime, hours
from families.contract_text import in_order, readable_code
from families.models import AvipContract, ParentLink, Signatory, Signature
from families.parties import link_channels
from families.permissions import may_sign_as, takes_part
from families.signing import parents_without_copy
from families.wording import say_schedule
from families.workflow.contracts import CONTRACT, VERSION
from families.workflow.proposals import reasons_of_renewal
from partners.permissions import is_hijacked

Contract = AvipContract.Status
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


def family_name(contract) -> str:
    """« Fatoumata D. », the referring parent."""
    parents = list(contract.household.parents.all())
    return next((p.short_name for p in parents if p.is_referring), "cette famille")


def title_for(contract, user) -> str:
    """The family for the parties; for a Caf, which counts and does not name, the code."""
    if takes_part(user, contract):
        return f"Contrat de {family_name(contract)}"
    return f"Contrat {readable_code(contract.code)}"


def signature_rows(version, user, now) -> list[SignatureRow]:
    """Every signature expected on this version, in the order of the documents."""
    signatories = in_order(
        version.signatories.select_related("parent", "signature__user", "signature__attested_by")
    )
    for signatory in signatories:
        signatory.version = version
    links = _live_links(version)
    is_open = version.status == version.Status.TO_SIGN and not is_hijacked(user)
    return [_row(signatory, version, user, now, links, is_open) for signatory in signatories]


def _row(signatory, version, user, now, links, is_open):
    signature = getattr(signatory, "signature", None)
    if signature:
        return SignatureRow(signatory, signature, how(signature))
    row = SignatureRow(signatory, None, "n’a pas encore signé" if is_open else "n’a pas signé")
    if link := links.get(signatory.parent_id):
        row.delivery = delivery_of(link, now)
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


def how(signature) -> str:
    """How a signature was given, in words: a paper says its own day first."""
    if paper_on := signature.signed_on_paper_on:
        return (
            f"signé sur papier le {fr_date(paper_on)}, "
            f"enregistré le {fr_datetime(signature.signed_at)} par {signature.attested_by}"
        )
    text = f"signé le {fr_datetime(signature.signed_at)}, {signature.get_method_display()}"
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


def next_act(contract, rows, user, on: date) -> dict:
    """What must be done, by whom, before when, for `_next_act.html`; empty when nothing is."""
    version = contract.version
    if contract.status == Contract.TO_SIGN and version:
        return _next_signature(contract, rows, user)
    if not takes_part(user, contract) or is_hijacked(user):
        return {}
    if may_renew(contract, user, on) and contract.end_on <= on + _notice():
        return {
            "text": "faire le point avec la famille, puis renouveler ou préparer la fin.",
            "deadline": contract.end_on,
            "url": reverse("families:contract_renew", args=[contract.pk]),
            "action": "Proposer le renouvellement",
        }
    over = contract.status in (Contract.ENDED, Contract.TERMINATED)
    if over and not contract.outcome and not _renewal(contract):
        return {
            "text": "noter ce que devient la famille.",
            "url": reverse("families:outcome_record", args=[contract.pk]),
            "action": "Noter l’issue",
        }
    return {}


def _next_signature(contract, rows, user):
    waiting = [row for row in rows if not row.is_signed]
    mine = next(
        (row for row in waiting if row.actions and row.actions[0][0] == "Lire et signer"), None
    )
    helped = next((row for row in waiting if row.actions), None)
    if mine:
        return {
            "text": "lire le texte et le signer.",
            "deadline": contract.start_on,
            "url": mine.actions[0][1],
            "action": "Lire et signer",
        }
    if helped:
        label, url = helped.actions[0]
        ways = (
            "sur place, par un lien ou sur papier"
            if len(helped.actions) > 2
            else "sur place ou sur papier"
        )
        return {
            "text": f"faire signer {helped.signatory.name}, {ways}.",
            "deadline": contract.start_on,
            "url": url,
            "action": label,
        }
    whom = [_who(row.signatory, takes_part(user, contract)) for row in waiting]
    return {
        "who": " et à ".join(whom),
        "text": "lire le texte et le signer.",
        "deadline": contract.start_on,
    }


def _who(signatory, reads_names):
    if reads_names:
        return signatory.name
    if signatory.role == Signatory.Role.CARE:
        return str(signatory.version.contract.provider)
    return "la famille" if signatory.parent_id else str(signatory.version.contract.agency)


def may_renew(contract, user, on: date) -> bool:
    """Whether the page offers the contract that follows."""
    return takes_part(user, contract) and not reasons_of_renewal(contract, on)


def following(contract):
    """The contract that renews this one, if it has run and there is one."""
    if contract.status in (Contract.TO_SIGN, *AvipContract.GIVEN_UP):
        return None
    return _renewal(contract)


def _renewal(contract):
    """The contract that follows, signed or waiting for signatures (prefetch `renewals`)."""
    given_up = AvipContract.GIVEN_UP
    return next((c for c in contract.renewals.all() if c.status not in given_up), None)


def _notice():
    return timedelta(days=max(SCHEDULES["contract_end_reminder_days"]))


def facts(contract, version, user, on: date) -> list:
    """The care agreed on, for the parties; without a name for a Caf."""
    named = takes_part(user, contract)
    children = [
        f"{child.first_name}, {age_months(child.birth_date, on)}"
        if named
        else age_months(child.birth_date, on)
        for child in contract.children.all()
    ]
    week = say_schedule(version.slots.all())
    envelope = hours(version.envelope_minutes)
    allowed = count_of(
        contract.renewals_left,
        "renouvellement possible,renouvellements possibles,aucun renouvellement possible",
    )
    pairs = [
        ("Enfant" if len(children) == 1 else "Enfants", and_list(children)),
        ("Jours et heures", week),
        ("Enveloppe", f"jusqu’à {envelope} par semaine sans nouvelle signature"),
        ("Familiarisation", count_of(version.settling_in_days, "jour,jours,aucun jour prévu")),
        ("Durée", f"{contract.duration_months}\xa0mois au plus, {allowed}"),
    ]
    if contract.end_reason and named:
        pairs.append(("Raison de l’arrêt", contract.end_reason))
    if contract.outcome:
        pairs.append(("Issue", contract.get_outcome_display()))
    return pairs


def timeline(contract, version, on: date) -> list:
    """Done, now, next: from the proposal to the end."""
    Status = Contract
    signed = contract.status not in (Status.TO_SIGN, *AvipContract.GIVEN_UP, Status.DRAFT)
    items = [{"state": "done", "label": "Contrat proposé", "detail": fr_date(version.proposed_at)}]
    count = f"{version.signatures_count} sur {version.signatories_expected}"
    if signed:
        items.append(
            {
                "state": "done",
                "label": "Signé par toutes les parties",
                "detail": fr_date(version.in_force_at),
            }
        )
    elif contract.status == Status.TO_SIGN:
        items.append({"state": "now", "label": "Signatures", "detail": count})
    else:
        items.append(
            {"state": "now", "label": contract.get_status_display().capitalize(), "detail": count}
        )
        return items
    begun = signed and contract.start_on <= on
    items.append(
        {
            "state": "done" if begun else "next",
            "label": "Accueil commencé" if begun else "Premier jour d’accueil",
            "detail": fr_date(contract.start_on),
        }
    )
    if contract.ended_on:
        label = "Contrat terminé" if contract.status == Status.ENDED else "Contrat arrêté"
        items.append({"state": "done", "label": label, "detail": fr_date(contract.ended_on)})
    else:
        state = "now" if begun and contract.end_on <= on + _notice() else "next"
        label = "Fin ou renouvellement" if contract.renewals_left else "Fin"
        items.append({"state": state, "label": label, "detail": fr_date(contract.end_on)})
    return items


def history_of(contract) -> list:
    """Every step of the contract and of its versions, for `_history.html`."""
    changes = [
        {"at": row.at, "by": row.by, "label": _done(CONTRACT, row), "comment": row.comment}
        for row in contract.history.select_related("user", "link__parent")
    ]
    for version in contract.versions.all():
        changes += [
            {"at": row.at, "by": row.by, "label": _done(VERSION, row), "comment": row.comment}
            for row in version.history.select_related("user", "link__parent")
            if row.step in ("sign", "supersede")
        ]
    return sorted(changes, key=lambda change: change["at"])


def _done(workflow, row):
    step = workflow.steps.get(row.step)
    return (step.done or step.label) if step else row.step


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


def _url(name, version, signatory=None):
    args = [version.contract_id] + ([signatory.pk] if signatory else [])
    return reverse(f"families:{name}", args=args)


def documents_of(version) -> list[dict]:
    """What may be downloaded, with its weight, without reading its bytes."""
    sizes = dict(
        Document.objects.filter(
            pk__in=[version.sealed_pdf_id, version.evidence_pdf_id]
        ).values_list("pk", "size")
    )
    known = (
        (version.sealed_pdf_id, "contract_pdf", "Contrat signé et scellé", _to_hand(version)),
        (
            version.evidence_pdf_id,
            "contract_evidence",
            "Dossier de preuve",
            "Pour les parties seules\xa0: il contient des adresses de machines.",
        ),
    )
    return [
        {"url": _url(name, version), "label": label, "size": sizes[pk], "note": note}
        for pk, name, label, note in known
        if pk
    ]


def _to_hand(version):
    names = and_list(parents_without_copy(version))
    return names and f"À imprimer et à remettre à {names}, qui ne le reçoit pas par courriel."


def sealing_state(version) -> str:
    """Where the sealed contract stands while it is not there yet."""
    if version.in_force_at is None or version.sealed_pdf_id:
        return ""
    row = Outbox.objects.about(version).filter(kind="families.contract_pdf").first()
    if row and row.given_up_at:
        return "Le contrat scellé n’a pas pu être préparé\xa0: le support est prévenu."
    if row and row.tries:
        return f"Le contrat scellé se prépare\xa0: nouvel essai le {fr_datetime(row.next_try_at)}."
    return f"Le contrat scellé se prépare depuis le {fr_datetime(version.in_force_at)}."


def still_waited(left) -> str:
    """« Il en manque encore une. »"""
    return f"Il en manque encore {'une' if left == 1 else left}."


def link_days() -> str:
    """« 7 jours »"""
    return count_of(SCHEDULES["parent_link_days"], "jour")
