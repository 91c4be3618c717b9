"""What anybody may learn of a document: its state, its dates, its fingerprint; nobody's name."""

import hashlib
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from avip.templatetags.words import fr_date
from families.models import AvipContract, ContractVersion
from labels.models import Label

Contract = AvipContract.Status
OVER = (Contract.ENDED, Contract.TERMINATED)
ALTERED = (
    "altéré",
    "bad",
    "Le fichier que nous gardons ne correspond plus à son empreinte. Prévenez la Caf\xa0: "
    "seul l’exemplaire qui porte cette empreinte fait foi.",
)


UNCHECKED = (
    "à vérifier",
    "warn",
    "Le sceau du fichier que nous gardons ne peut pas être vérifié aujourd’hui. Prévenez la Caf.",
)


@dataclass(frozen=True)
class Answer:
    """A state in a word, its tone, a sentence, and the facts that go with it."""

    what: str
    word: str
    tone: str
    sentence: str
    facts: list


@dataclass(frozen=True)
class FileAnswer:
    """What is said of a file: its tone, a sentence, and the document it is the original of."""

    tone: str
    sentence: str
    original_of: Answer | None = None
    code: str = ""


def clean_code(text) -> str:
    """A code as it is stored; people also type small letters, spaces and dashes."""
    return "".join(filter(str.isalnum, text.upper()))


def find(code, on) -> Answer | None:
    """What is said of the contract or the label of this code; None when there is none."""
    code = clean_code(code)
    if contract := AvipContract.objects.public().filter(code=code).first():
        return say_contract(contract, on)
    if label := Label.objects.public().filter(code=code).first():
        return say_label(label, on)
    return None


def judge(data: bytes, on) -> FileAnswer:
    """Whether these bytes are an original, an altered one, or no document of ours."""
    # The engine that reads seals takes long to import: only who brings a file pays for it.
    from families import seal

    digest = hashlib.sha256(data).hexdigest()
    original = "Ce fichier est l’original\xa0: pas un octet n’a changé."
    of_version = Q(versions__sealed_pdf__sha256=digest) | Q(versions__evidence_pdf__sha256=digest)
    if contract := AvipContract.objects.public().filter(of_version).first():
        return FileAnswer("success", original, say_contract(contract, on), contract.code)
    if label := Label.objects.public().filter(certificate__sha256=digest).first():
        return FileAnswer("success", original, say_label(label, on), label.code)
    verdict = seal.verify(data)
    if verdict.valid:
        return FileAnswer(
            "success", "Ce fichier porte notre sceau intact, mais nous ne gardons plus ce document."
        )
    if verdict.ours:
        return FileAnswer("error", f"Ce fichier a été modifié. {verdict.reason}")
    return FileAnswer(
        "warning",
        "Ce fichier nous est inconnu\xa0: il ne vient pas d’Avip, ou on en a retiré notre sceau. "
        f"{verdict.reason}",
    )


def say_contract(contract, on) -> Answer:
    """The state of a contract that every party signed, by its dates; neither outcome nor reason."""
    what = "Contrat d’engagement réciproque"
    signed = contract.versions.filter(status=ContractVersion.Status.IN_FORCE)
    version = signed.select_related("sealed_pdf").first()
    if version is None or contract.status not in (Contract.ACTIVE, *OVER):
        sentence = "Ce contrat n’est pas en vigueur\xa0: tous ne l’ont pas signé."
        return Answer(what, "pas en vigueur", "info", sentence, [])
    last_day = contract.ended_on or contract.end_on
    if contract.taken_over:
        return _say_taken_over(what, contract, version, last_day, on)
    document = version.sealed_pdf
    if fault := document and fault_of(document):
        state = fault
    elif contract.status in OVER or last_day < on:
        over = f"Tous ont signé ce contrat. Il est fini depuis le {fr_date(last_day)}."
        state = ("terminé", "info", over)
    elif contract.start_on > on:
        soon = f"Tous ont signé ce contrat. Il commence le {fr_date(contract.start_on)}."
        state = ("valide", "ok", soon)
    else:
        state = ("valide", "ok", "Tous ont signé ce contrat, et il est en cours.")
    facts = [
        ("Premier jour", fr_date(contract.start_on)),
        ("Dernier jour", fr_date(last_day)),
        ("Signé par tous", f"le {fr_date(version.in_force_at)}"),
        ("Version", str(version.number)),
        *_facts_of(document, "Scellé"),
    ]
    return Answer(what, *state, facts)


def _say_taken_over(what, contract, version, last_day, on):
    """Signed on paper before the software: nobody signed it here, and it is not claimed."""
    signed = "Ce contrat a été signé sur papier, puis repris ici\xa0: seul le papier fait foi."
    over = contract.status in OVER or last_day < on
    state = ("terminé", "info") if over else ("repris", "info")
    facts = [
        ("Premier jour", fr_date(contract.start_on)),
        ("Dernier jour", fr_date(last_day)),
        ("Repris", f"le {fr_date(version.in_force_at)}"),
    ]
    return Answer(what, *state, signed, facts)


def say_label(label, on) -> Answer:
    """The state of a label, which is public with the name of the crèche."""
    ended = _ended_on(label)
    since = f" depuis le {fr_date(ended)}" if ended else ""
    void = "Cette attestation ne vaut plus."
    states = {
        Label.Status.SUSPENDED: (
            "suspendu",
            "warn",
            f"Ce label est suspendu{since}\xa0: il ne compte plus jusqu’à la levée.",
        ),
        Label.Status.WITHDRAWN: ("retiré", "bad", f"Ce label a été retiré{since}. {void}"),
        Label.Status.RELINQUISHED: ("rendu", "info", f"La crèche a rendu ce label{since}. {void}"),
        Label.Status.RENEWED: ("renouvelé", "info", "Un label plus récent a remplacé celui-ci."),
        Label.Status.EXPIRED: ("terminé", "info", f"Ce label est arrivé à son terme. {void}"),
    }
    if label.certificate and not has_its_fingerprint(label.certificate):
        state = ALTERED
    elif label.status in states:
        state = states[label.status]
    elif label.ends_on < on:
        state = states[Label.Status.EXPIRED]
    elif label.starts_on > on:
        soon = f"Ce label est accordé. Il commence le {fr_date(label.starts_on)}."
        state = ("valide", "ok", soon)
    else:
        state = ("valide", "ok", "Ce label est en cours.")
    facts = [
        ("Crèche", f"{label.provider}, {label.provider.commune}"),
        ("Accordé", f"le {fr_date(label.granted_on)}"),
        ("Premier jour", fr_date(label.starts_on)),
        ("Dernier jour", fr_date(label.ends_on)),
        *_facts_of(label.certificate, "Attestation émise"),
    ]
    if label.status in (Label.Status.WITHDRAWN, Label.Status.RELINQUISHED):
        facts[3] = ("Dernier jour prévu", fr_date(label.ends_on))
    return Answer("Label Avip", *state, facts)


def _ended_on(label):
    """The day of the step that put the label in the state it is in; None for dates alone."""
    changes = label.history.exclude(source=label.status).filter(target=label.status)
    change = changes.order_by("at").last()
    return timezone.localtime(change.at).date() if change else None


def has_its_fingerprint(document) -> bool:
    """The stored bytes are still those that were stored."""
    return hashlib.sha256(bytes(document.data)).hexdigest() == document.sha256


def fault_of(document):
    """What is wrong with the stored bytes of a sealed document; None when nothing is."""
    from families import seal

    if not has_its_fingerprint(document):
        return ALTERED
    verdict = seal.verify(bytes(document.data))
    if verdict.valid:
        return None
    return ALTERED if verdict.ours else UNCHECKED


def _facts_of(document, when):
    if document is None:
        return []
    return [
        (when, f"le {fr_date(timezone.localtime(document.created_at))}"),
        ("Empreinte SHA-256 du fichier", document.sha256),
    ]
