"""The steps of a referral, who is told of each, and the few acts that several steps share."""

from avip import outbox
from avip.templatetags.words import fr_date
from avip.workflow import Step, Workflow, moment, system
from families.commissions import has_commission
from families.counters import people_of_counter
from families.models import Referral
from families.occasional import situation_of
from families.permissions import (
    answers,
    dispatches,
    gives_way,
    manages,
    orients,
    proposes_hours,
    validates,
)
from families.places import release_holds, rules_of
from families.recipients import advisers_of, agents_of, coordinators_of, people_who_answer
from families.waiting_list import first_waiting
from labels.models.labels import labelled_providers

Status = Referral.Status
# Where the receiver has still a word to say.
UNANSWERED = (Status.TO_VALIDATE, Status.SENT, Status.SHORTLISTED)
# Where nothing is final: another place, once confirmed, leaves these without an object.
NOT_FINAL = (
    Status.TO_DISPATCH,
    *UNANSWERED,
    Status.HOURS_PROPOSED,
    Status.WAITING_LIST,
    Status.ACCEPTED,
)


def is_labelled(referral, on) -> list[str]:
    """A family is not passed on to a crèche that may not take it."""
    if labelled_providers(on).filter(pk=referral.provider_id).exists():
        return []
    return ["Cette crèche ne porte pas le label aujourd’hui\xa0: adressez la famille à une autre."]


def situation_fits(referral, on) -> list[str]:
    """The coordinator's checks: network, licence, place, age, hours of every month."""
    return situation_of(referral, on).reasons


def validated_first(referral, on) -> list[str]:
    """A childminder says yes only to a situation that her coordinator has validated."""
    if not referral.provider.is_childminder or referral.validated_at:
        return []
    if not rules_of(referral).childminder_requires_validation:
        return []
    return ["La coordination doit d’abord valider cette situation."]


def commission_met(referral, on) -> list[str]:
    """A yes that a commission gives waits for its day."""
    if referral.status != Status.SHORTLISTED or on >= referral.commission_on:
        return []
    return [
        f"La commission se réunit le {fr_date(referral.commission_on)}\xa0: "
        "répondez à partir de ce jour."
    ]


def may_be_accepted(referral, on) -> list[str]:
    """Validated when it must be, and seen by the commission when there is one."""
    return validated_first(referral, on) + commission_met(referral, on)


def has_a_commission(referral, on) -> list[str]:
    """Only a facility whose commission admits presents a family to it."""
    if has_commission(referral.provider):
        return []
    return ["Ici, aucune commission n’attribue les places\xa0: répondez directement."]


def is_regular(referral, on) -> list[str]:
    """A few dated hours are taken or left as they are."""
    if referral.kind == Referral.Kind.REGULAR:
        return []
    return ["Un accueil ponctuel s’accepte ou se refuse, aux heures demandées."]


def no_contract_yet(referral, on) -> list[str]:
    """Once a contract is proposed, it is the contract that is cancelled."""
    if referral.contracts.live().exists():
        return ["Un contrat est proposé pour cette demande : annulez d’abord le contrat."]
    return []


def has_stayed(referral, on) -> list[str]:
    """The last of its days is past."""
    if referral.kind == Referral.Kind.OCCASIONAL and all(
        row.day < on for row in referral.days.all()
    ):
        return []
    return ["Cet accueil ponctuel n’est pas terminé."]


def is_for_a_contract(referral, on) -> list[str]:
    """Care that begins with a contract, as opposed to a few dated hours."""
    return (
        [] if referral.kind == Referral.Kind.REGULAR else ["Un accueil ponctuel est sans contrat."]
    )


def _back_to(state):
    return Step(
        "Reprendre la demande",
        (Status.OBSOLETE,),
        state,
        system,
        done="Reprise\xa0: l’autre place n’est plus à la famille",
    )


REFERRAL = Workflow(
    dispatch=Step(
        "Adresser à la crèche",
        (Status.TO_DISPATCH,),
        Status.SENT,
        dispatches,
        is_labelled,
        done="Adressée à la crèche par le guichet unique",
    ),
    validate=Step(
        "Valider la situation",
        (Status.TO_VALIDATE,),
        Status.SENT,
        validates,
        situation_fits,
        done="Situation validée par la coordination",
    ),
    accept=Step(
        "Accepter",
        (Status.SENT, Status.SHORTLISTED, Status.WAITING_LIST),
        Status.ACCEPTED,
        answers,
        may_be_accepted,
        done="Place acceptée",
    ),
    put_on_waiting_list=Step(
        "Mettre en liste d’attente",
        (Status.SENT, Status.SHORTLISTED),
        Status.WAITING_LIST,
        answers,
        lambda referral, on: commission_met(referral, on) + is_regular(referral, on),
        done="Mise en liste d’attente",
    ),
    propose_hours=Step(
        "Proposer d’autres horaires",
        (Status.SENT, Status.WAITING_LIST),
        Status.HOURS_PROPOSED,
        proposes_hours,
        lambda referral, on: validated_first(referral, on) + is_regular(referral, on),
        done="Autres horaires proposés",
    ),
    take_hours=Step(
        "La famille prend ces horaires",
        (Status.HOURS_PROPOSED,),
        Status.ACCEPTED,
        orients,
        validated_first,
        done="Autres horaires acceptés par la famille",
    ),
    shortlist=Step(
        "Présenter à la commission",
        (Status.SENT,),
        Status.SHORTLISTED,
        answers,
        lambda referral, on: has_a_commission(referral, on) + is_regular(referral, on),
        done="Présentée à la commission",
    ),
    refuse=Step(
        "Refuser",
        (Status.TO_DISPATCH, *UNANSWERED, Status.WAITING_LIST, Status.HOURS_PROPOSED),
        Status.REFUSED,
        answers,
        done="Demande refusée",
    ),
    confirm=Step(
        "La famille confirme",
        (Status.ACCEPTED,),
        Status.CONFIRMED,
        orients,
        done="Confirmée par la famille",
    ),
    decline=Step(
        "La famille ne veut pas de cette place",
        (Status.HOURS_PROPOSED, Status.WAITING_LIST, Status.ACCEPTED, Status.CONFIRMED),
        Status.DECLINED,
        orients,
        no_contract_yet,
        done="Déclinée par la famille",
    ),
    cancel=Step(
        "Annuler la demande",
        (*NOT_FINAL, Status.CONFIRMED),
        Status.CANCELLED,
        orients,
        no_contract_yet,
        done="Demande annulée",
    ),
    transfer=Step(
        "Transmettre à un autre mode d’accueil",
        NOT_FINAL,
        Status.TRANSFERRED,
        gives_way,
        done="Transmise à un autre mode d’accueil",
    ),
    expire=Step(
        "Laisser sans réponse",
        (Status.TO_DISPATCH, *UNANSWERED),
        Status.EXPIRED,
        system,
        done="Restée sans réponse",
    ),
    make_obsolete=Step(
        "Rendre sans objet",
        NOT_FINAL,
        Status.OBSOLETE,
        system,
        done="Sans objet : une autre place est confirmée",
    ),
    **{f"revive_{state.value}": _back_to(state) for state in NOT_FINAL},
    no_show=Step(
        "Jamais venu",
        (Status.CONFIRMED, Status.PLACED),
        Status.NO_SHOW,
        lambda by, referral: orients(by, referral) or manages(by, referral.provider),
        done="Jamais venu\xa0: la place est rendue",
    ),
    place=Step(
        "Placer",
        (Status.CONFIRMED,),
        Status.PLACED,
        system,
        is_for_a_contract,
        done="Contrat signé par tous",
    ),
    close_stay=Step(
        "Clore l’accueil ponctuel",
        (Status.CONFIRMED,),
        Status.STAYED,
        system,
        has_stayed,
        done="Accueil ponctuel terminé",
    ),
)

# How a request comes to be, in the words of its history: no step leads there.
ORIGINS = {
    "send": "Demande envoyée",
    "receive": "Demande transmise par un autre mode d’accueil",
    "take_up": "Place de la famille dont l’agence reprend le suivi",
}

# The family speaks, signs, or has nothing new to hear: nobody has to tell it. After every other
# step it is written to, or its adviser's list says to tell it.
FAMILY_KNOWS = {
    "validate": "rien ne change pour elle\xa0: elle attend une réponse",
    "take_hours": "c’est elle qui les prend",
    "confirm": "c’est elle qui dit oui",
    "decline": "c’est elle qui dit non",
    "make_obsolete": "elle a pris une autre place",
    "place": "elle a signé",
    "close_stay": "l’enfant est venu",
}


def done_words(step: str) -> str:
    """The sentence of the history for a step, or for the way a request began."""
    return ORIGINS.get(step) or REFERRAL.steps[step].done


def tell(kind, referral, step, people, at):
    """One effect per person; without anybody, the handler writes to the organisation."""
    for person in people or [None]:
        key = f"{referral.pk}:{step}:{referral.revision}:{person.pk if person else ''}"
        outbox.add(f"families.{kind}", referral, key=key, recipient=person, at=at)


def tell_family(referral, step, at):
    """A message to its phone; without one, it stays on the list of its adviser."""
    referral.told_at = None
    tell("referral_sms", referral, step, [None], at)


def tell_answer(referral, step, on, at):
    """The adviser by mail, the family by SMS when it has a phone: nobody is left untold."""
    tell("referral_answered", referral, step, advisers_of(referral, on=on), at)
    tell_family(referral, step, at)


def ask_receiver(referral, step, on, at):
    """Who must act first: a counter, a childminder’s coordinator (else her Caf), or who answers."""
    if referral.status == Status.TO_DISPATCH:
        people = people_of_counter(referral, on=on)
        tell("referral_to_dispatch", referral, step, people, at)
    elif referral.status == Status.TO_VALIDATE:
        people = coordinators_of(referral.provider, on=on)
        if people:
            tell("referral_to_validate", referral, step, people, at)
        else:
            _pass_to_the_caf(referral, step, on, at)
    else:
        people = people_who_answer(referral.provider, on=on)
        tell("referral_to_answer", referral, step, people, at)


def _pass_to_the_caf(referral, step, on, at):
    """Nobody is in force in the service, or the commune has none: the Caf validates."""
    referral.escalated_at = moment(at)
    Referral.objects.filter(pk=referral.pk).update(escalated_at=referral.escalated_at)
    tell("referral_escalated", referral, step, agents_of(referral.provider.caf_id, on=on), at)


def give_back(referral, step, on, at):
    """Release what is held for it; who waits first is then signalled to the receiver."""
    was_held = referral.holds.filter(released_at=None).exists()
    release_holds(referral, moment(at))
    following = first_waiting(referral.provider_id, but=referral) if was_held else None
    if following:
        people = people_who_answer(referral.provider, on=on)
        tell("referral_place_freed", following, f"{step}:{referral.pk}", people, at)
