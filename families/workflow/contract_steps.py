"""The steps of a contract, of its versions and of the placements they open."""

from datetime import timedelta

from avip import outbox
from avip.jobs import SCHEDULES
from avip.templatetags.words import fr_date
from avip.workflow import Step, StepRefused, Workflow, lock, system
from families.models import AvipContract, ContractVersion, Placement, Referral
from families.permissions import manages, may_sign, takes_part
from families.recipients import people_of_contract

Contract, Version = AvipContract.Status, ContractVersion.Status


def party(by, dossier):
    """A party of the contract, of which the dossier may be a version or a placement."""
    return takes_part(by, getattr(dossier, "contract", dossier))


def party_or_system(by, dossier):
    """A party, or the application itself at night."""
    return by is None or party(by, dossier)


def _gives_care(by, placement):
    """The crèche, its operator or the coordinator says that a place is kept."""
    return manages(by, placement.provider)


def _not_yet_lapsed(contract, on):
    lapses_on = contract.start_on + timedelta(days=SCHEDULES["contract_lapse_days"])
    return [] if on > lapses_on else [f"Ce contrat peut être signé jusqu’au {fr_date(lapses_on)}."]


def _not_yet_over(contract, on):
    return (
        [] if on > contract.end_on else [f"Ce contrat court jusqu’au {fr_date(contract.end_on)}."]
    )


def _already_over(version, on):
    if on <= version.end_on:
        return []
    return [
        f"Ce contrat aurait pris fin le {fr_date(version.end_on)}\xa0: il ne peut plus être signé."
    ]


def _not_signed_by_all(version, on):
    return [] if version.is_fully_signed else ["Il manque encore des signatures."]


def _on_paper(dossier, on):
    contract = getattr(dossier, "contract", dossier)
    return [] if contract.taken_over else ["Ce contrat n’a pas été signé sur papier."]


CONTRACT = Workflow(
    take_over=Step(
        "Reprendre un contrat papier",
        (Contract.DRAFT,),
        Contract.ACTIVE,
        party,
        _on_paper,
        done="Contrat signé sur papier, repris",
    ),
    propose=Step(
        "Proposer le contrat",
        (Contract.DRAFT,),
        Contract.TO_SIGN,
        party,
        done="Contrat proposé à la signature",
    ),
    activate=Step(
        "Mettre le contrat en vigueur",
        (Contract.TO_SIGN,),
        Contract.ACTIVE,
        system,
        done="Signé par toutes les parties",
    ),
    cancel=Step(
        "Annuler le contrat",
        (Contract.DRAFT, Contract.TO_SIGN),
        Contract.CANCELLED,
        party_or_system,
        done="Contrat annulé avant d’être signé par tous",
    ),
    lapse=Step(
        "Clore le contrat jamais signé",
        (Contract.TO_SIGN,),
        Contract.LAPSED,
        system,
        _not_yet_lapsed,
        done="Contrat clos\xa0: il n’a pas été signé par tous à temps",
    ),
    end=Step(
        "Terminer le contrat",
        (Contract.ACTIVE,),
        Contract.ENDED,
        party_or_system,
        _not_yet_over,
        done="Contrat terminé à sa date",
    ),
    terminate=Step(
        "Arrêter le contrat avant la fin",
        (Contract.ACTIVE,),
        Contract.TERMINATED,
        party,
        done="Contrat arrêté avant la fin",
    ),
)

VERSION = Workflow(
    take_over=Step(
        "Reprendre le texte papier",
        (Version.DRAFT,),
        Version.IN_FORCE,
        party,
        _on_paper,
        done="Repris du papier",
    ),
    propose=Step(
        "Figer le texte",
        (Version.DRAFT,),
        Version.TO_SIGN,
        party,
        done="Texte figé et proposé",
    ),
    sign=Step(
        "Signer",
        (Version.TO_SIGN,),
        Version.TO_SIGN,
        may_sign,
        _already_over,
        done="Signature reçue",
    ),
    enter_into_force=Step(
        "Mettre en vigueur",
        (Version.TO_SIGN,),
        Version.IN_FORCE,
        system,
        _not_signed_by_all,
        done="En vigueur",
    ),
    supersede=Step(
        "Remplacer",
        (Version.IN_FORCE,),
        Version.SUPERSEDED,
        system,
        done="Remplacée par une autre version",
    ),
    abandon=Step(
        "Abandonner cette version",
        (Version.DRAFT, Version.TO_SIGN),
        Version.ABANDONED,
        party_or_system,
        done="Version abandonnée",
    ),
)


def _family_came(placement, on):
    referral = placement.contract.referral
    if referral and referral.status == Referral.Status.NO_SHOW:
        return ["La famille n’est jamais venue\xa0: sa place a été rendue."]
    return []


Care = Placement.Status
PLACEMENT = Workflow(
    start=Step(
        "Commencer l’accueil", (Care.PLANNED,), Care.RUNNING, system, done="Accueil commencé"
    ),
    keep=Step(
        "Pérenniser la place",
        (Care.RUNNING, Care.ENDED),
        Care.KEPT,
        _gives_care,
        _family_came,
        done="Place gardée jusqu’à l’école",
    ),
    end=Step(
        "Terminer l’accueil",
        (Care.PLANNED, Care.RUNNING, Care.KEPT),
        Care.ENDED,
        party_or_system,
        done="Accueil terminé",
    ),
)


def lock_with_referral(contract):
    """Lock in the order of the house, referral then contract, and read the contract again."""
    if contract.referral_id:
        lock(contract.referral)
    lock(contract)


def refuse(reasons):
    """Raise StepRefused with these sentences; nothing when there are none."""
    if reasons:
        raise StepRefused(*reasons)


def tell(kind, version, *, by, on, at, of=None):
    """Every professional party but the one who acts; of the version, or of something `of` it."""
    dossier = of or version
    for user in people_of_contract(version, on=on):
        if user != by:
            outbox.add(
                f"families.{kind}", dossier, recipient=user, key=f"{dossier.pk}:{user.pk}", at=at
            )
