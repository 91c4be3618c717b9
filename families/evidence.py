"""What proves a contract: who read what, how each one signed, and all that happened, in order.

`proof` travels inside the sealed contract, which every party holds; `evidence` is the file beside
it, which also has the addresses of the machines and what only exists once the contract is sealed.
"""

import hashlib
import json
from datetime import UTC, date, datetime

from django.utils import timezone

from avip.models import Outbox
from avip.templatetags.words import NBSP, count_of, fr_date
from families import seal
from families.contract_text import in_order, template_sha256
from families.models import Channel, ParentLink, Signatory, Signature, SigningCode
from families.parties import email_of, phone_of
from families.signing import mask

# What every holder of the contract may read of each party, whether or not there was any of it.
PARTY_FIELDS = [
    *("role", "name", "quality", "organisation", "delegation", "email", "phone"),
    *("link_issued_at", "link_sent_at", "link_channel", "link_opened_at"),
    *("code_channel", "code_sent_at", "code_tries", "code_validated_at"),
    *(
        "text_shown_at",
        "consent_sentence",
        "consent_at",
        "signed_at",
        "method",
        "attested_by",
        "interpreter",
    ),
    *("signed_on_paper_on", "original_held_by", "scan_sha256"),
    *("time_zone", "text_sha256"),
]
# What the other parties need not know, and a judge does.
RESERVED_PARTY_FIELDS = [
    *("ip", "user_agent", "link_message_id", "code_message_id", "signed_by"),
]


def proof(version, at) -> dict:
    """All that is known when the contract is sealed, for the other parties' eyes too."""
    events = events_of(version)
    return {
        "what": "proof",
        "made_at": at.isoformat(),
        **_common(version),
        "parties": [_only(PARTY_FIELDS, party) for party in parties_of(version)],
        "seal_certificate": seal.certificate(),
        "events": events,
        "journal_head_sha256": journal_head(events),
    }


def evidence(version, sealed, at, *, number) -> dict:
    """The numbered evidence file of a sealed contract; `sealed` is its `Document`."""
    events = events_of(version, sealed)
    data = bytes(sealed.data)
    return {
        "what": "evidence",
        "number": number,
        "made_at": at.isoformat(),
        **_common(version),
        "sealed_file": {"name": sealed.filename, "sha256": sealed.sha256, "size": sealed.size},
        "seal_certificate": seal.certificate(),
        "timestamp_token": seal.timestamp_token(data),
        "parties": parties_of(version),
        "events": events,
        "journal_head_sha256": journal_head(events),
    }


def _common(version):
    contract = version.contract
    return {
        "contract": {"id": str(contract.pk), "code": contract.code, "number": contract.number},
        "version": {"id": str(version.pk), "number": version.number},
        "template": {"code": version.template, "sha256": template_sha256(version.template)},
        "text_sha256": version.text_sha256,
    }


def _only(fields, party):
    return {name: party[name] for name in fields}


def parties_of(version) -> list[dict]:
    """Every field of every party; None where there was nothing (no link when signing on site)."""
    signatories = version.signatories.select_related(
        "parent", "signature__attested_by", "version__contract__provider"
    )
    return [_party(signatory) for signatory in in_order(signatories)]


def _party(signatory):
    signature = signatory.signature
    kept = signature.evidence  # written with the signature, never changed since
    link, code = kept.get("link") or {}, kept.get("code") or {}
    email, phone = email_of(signatory), phone_of(signatory)
    values = {
        "role": signatory.role,
        "name": signatory.name,
        "quality": signatory.quality,
        "organisation": signatory.organisation,
        "delegation": signatory.delegation,
        "email": mask(email) if email else None,
        "phone": mask(phone) if phone else None,
        "link_issued_at": link.get("issued_at"),
        "link_sent_at": link.get("sent_at"),
        "link_channel": link.get("channel"),
        "link_message_id": link.get("message_id"),
        "link_opened_at": link.get("opened_at"),
        "code_channel": code.get("channel"),
        "code_sent_at": code.get("sent_at"),
        "code_message_id": code.get("message_id"),
        "code_tries": code.get("tries"),
        "code_validated_at": code.get("validated_at"),
        "text_shown_at": kept.get("text_shown_at"),
        "consent_sentence": kept.get("consent"),
        "consent_at": kept.get("consent_at"),
        "signed_at": signature.signed_at.isoformat(),
        "method": signature.method,
        "attested_by": str(signature.attested_by) if signature.attested_by else None,
        "interpreter": signature.interpreter or None,
        "signed_on_paper_on": kept.get("signed_on_paper_on"),
        "original_held_by": kept.get("original_held_by"),
        "scan_sha256": kept.get("scan_sha256"),
        "signed_by": kept.get("by"),
        "time_zone": kept.get("time_zone"),
        "ip": kept.get("ip"),
        "user_agent": kept.get("user_agent"),
        "text_sha256": signature.text_sha256,
    }
    return _only([*PARTY_FIELDS, *RESERVED_PARTY_FIELDS], values)


def events_of(version, sealed=None) -> list[dict]:
    """All that happened to a version and to its links, codes and messages: numbered, in order."""
    contract = version.contract
    links = list(ParentLink.objects.filter(contract=contract).select_related("parent"))
    codes = list(SigningCode.objects.filter(signatory__version=version).select_related("signatory"))
    signatures = list(version.signatures.select_related("signatory"))
    # A link sent again forgets its former sending, a code is purged: signatures keep both.
    found = {
        *_steps("Contrat", contract),
        *_steps(f"Version {version.number}", version),
        *[event for link in links for event in _link_events(vars(link), link.parent)],
        *[event for code in codes for event in _code_events(code_as_kept(code), code.signatory)],
        *[event for signature in signatures for event in _signature_events(signature)],
        *_message_events([version, contract, *links, *codes]),
    }
    if sealed:
        found.add((sealed.created_at, "sealed", "Contrat scellé", "l’application"))
    return [
        {
            "number": number,
            "at": at.astimezone(UTC).isoformat(),
            "kind": kind,
            "what": what,
            "who": who,
        }
        for number, (at, kind, what, who) in enumerate(sorted(found), start=1)
    ]


def _steps(what, dossier):
    states = dict(type(dossier).Status.choices)
    for change in dossier.history.select_related("user"):
        source = states.get(change.source, change.source)
        target = states.get(change.target, change.target)
        change_of_state = target if source == target else f"{source} → {target}"
        yield change.at, f"step.{change.step}", f"{what}{NBSP}: {change_of_state}", str(change.by)


def _link_events(link, who):
    sent = f"Lien envoyé{_by(link.get('channel'))}"
    for name, kind, what in [
        ("issued_at", "link.issued", "Lien personnel créé"),
        ("sent_at", "link.sent", sent),
        ("opened_at", "link.opened", "Lien ouvert pour la première fois"),
        ("revoked_at", "link.revoked", "Lien retiré"),
    ]:
        if link.get(name):
            yield _at(link[name]), kind, what, str(who)


def _code_events(code, who):
    yield (
        _at(code["sent_at"]),
        "code.sent",
        f"Code envoyé{_by(code['channel'])}, {code['sent_to']}",
        str(who),
    )
    if code["validated_at"]:
        tries = count_of(code["tries"], "essai")
        yield _at(code["validated_at"]), "code.validated", f"Code validé en {tries}", str(who)


def code_as_kept(code) -> dict:
    """A row of a code in the words of the evidence of a signature."""
    return {
        "channel": code.channel,
        "sent_to": code.masked_phone,
        "sent_at": code.sent_at,
        "tries": code.tries,
        "validated_at": code.used_at,
    }


def _signature_events(signature):
    who, kept = signature.signatory, signature.evidence
    yield from _link_events(kept.get("link") or {}, who)
    if code := kept.get("code"):
        yield from _code_events(code, who)
    sentence = f"Signature {signature.how}"
    yield signature.signed_at, "signature", sentence, str(who)


def _message_events(objects):
    rows = Outbox.objects.filter(object_id__in=[str(obj.pk) for obj in objects])
    for row in rows:
        if row.given_up_at:
            yield row.given_up_at, row.kind, f"Envoi abandonné après {row.tries} essais", ""
        elif row.done_at and row.kind != "families.contract_pdf":
            yield row.done_at, row.kind, "Message parti", ""


def journal_head(events) -> str:
    """SHA-256 of the chain of events: each digest is that of the former one and of the event."""
    head = ""
    for event in events:
        head = hashlib.sha256((head + as_json(event)).encode()).hexdigest()
    return head


def as_json(value) -> str:
    """JSON with its keys in order, the same for the same content."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def party_in_words(party) -> list[tuple[str, str]]:
    """What is known of a party, as (term, value) for the page of the evidence."""
    sentence = party["consent_sentence"]
    by, machine = party["signed_by"] or {}, [party["ip"], party["user_agent"], party["time_zone"]]
    paper_on, given = party["signed_on_paper_on"], "donnée"
    if paper_on:
        paper_on, given = fr_date(date.fromisoformat(paper_on)), "enregistrée"
    said = [
        ("Partie", Signatory.Role(party["role"]).label),
        ("Qualité", [party["quality"], party["organisation"], party["delegation"]]),
        ("Joignable", [party["email"], party["phone"]]),
        (
            "Lien personnel",
            [
                _on("créé", party["link_issued_at"]),
                _on("parti", party["link_sent_at"], _by(party["link_channel"])),
                party["link_message_id"] and f"message {party['link_message_id']}",
                _on("ouvert", party["link_opened_at"]),
            ],
        ),
        (
            "Code",
            [
                _on("parti", party["code_sent_at"], _by(party["code_channel"])),
                party["code_message_id"] and f"message {party['code_message_id']}",
                _on("validé", party["code_validated_at"]),
                party["code_tries"] and f"en {count_of(party['code_tries'], 'essai')}",
            ],
        ),
        ("Texte affiché", _on("montré", party["text_shown_at"])),
        ("Accord", [sentence and f"«{NBSP}{sentence}{NBSP}»", _on("coché", party["consent_at"])]),
        ("Signature", [_on(given, party["signed_at"]), Signature.Method(party["method"]).label]),
        (
            "Papier",
            [
                paper_on and f"signé le {paper_on}",
                party["original_held_by"]
                and f"original gardé par{NBSP}: {party['original_held_by']}",
            ],
        ),
        ("Empreinte SHA-256 du scan", party["scan_sha256"]),
        ("Par", [by.get("name"), by.get("quality"), by.get("organisation")]),
        ("Attestée par", party["attested_by"]),
        ("Interprète", party["interpreter"]),
        ("Machine", machine),
    ]
    lines = [
        (term, ", ".join(filter(None, value)) if isinstance(value, list) else value)
        for term, value in said
    ]
    return [(term, value) for term, value in lines if value]


def event_in_words(event) -> dict:
    """An event with its moment as people write it, to the second."""
    return event | {"when": _in_words(event["at"])}


def _at(moment):
    """A moment, also from the text that JSON keeps."""
    return datetime.fromisoformat(moment) if isinstance(moment, str) else moment


def _on(what, moment, rest=""):
    return f"{what} le {_in_words(moment)}{rest}" if moment else None


def _in_words(moment):
    return f"{timezone.localtime(_at(moment)):%d/%m/%Y{NBSP}%H:%M:%S}"


def _by(channel):
    return f" par {Channel(channel).label}" if channel else ""
