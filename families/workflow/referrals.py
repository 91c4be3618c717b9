"""A family oriented to a provider: sent, validated for a childminder, answered, confirmed."""

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from avip import outbox
from avip.templatetags.words import age_months, count_of, fr_date
from avip.workflow import Step, StepRefused, Workflow, edit, lock, moment, system
from families.models import Referral, ReferralSlot
from families.permissions import answers, orients, validates
from families.places import JUST_TAKEN, hold_places, lock_provider, release_holds, rules_of
from families.planning import reasons_of_week
from families.recipients import advisers_of, coordinators_of, people_who_answer
from families.situations import Situation
from labels.models.labels import labelled_providers
from labels.rules import RuleMissing, rules_for
from partners.calendars import age_in_months, calendar_of
from partners.permissions import is_adviser

Status = Referral.Status
OPEN = (Status.TO_VALIDATE, Status.SENT, Status.WAITING_LIST, Status.ACCEPTED)


def situation_fits(referral, on) -> list[str]:
    """The coordinator's checks: network, licence, place, age, hours of every month."""
    return Situation(referral, on).reasons


def validated_first(referral, on) -> list[str]:
    """A childminder says yes only to a situation that her coordinator has validated."""
    if not referral.provider.is_childminder or referral.validated_at:
        return []
    if not rules_of(referral).childminder_requires_validation:
        return []
    return ["La coordination doit d’abord valider cette situation."]


def no_contract_yet(referral, on) -> list[str]:
    """Once a contract is proposed, it is the contract that is cancelled."""
    if referral.contracts.live().exists():
        return ["Un contrat est proposé pour cette demande : annulez d’abord le contrat."]
    return []


REFERRAL = Workflow(
    send=Step("Envoyer la demande", (), Status.SENT, orients, done="Demande envoyée"),
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
        (Status.SENT, Status.WAITING_LIST),
        Status.ACCEPTED,
        answers,
        validated_first,
        done="Place acceptée",
    ),
    put_on_waiting_list=Step(
        "Mettre en liste d’attente",
        (Status.SENT,),
        Status.WAITING_LIST,
        answers,
        done="Mise en liste d’attente",
    ),
    refuse=Step(
        "Refuser",
        (Status.TO_VALIDATE, Status.SENT, Status.WAITING_LIST),
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
        (Status.WAITING_LIST, Status.ACCEPTED, Status.CONFIRMED),
        Status.DECLINED,
        orients,
        no_contract_yet,
        done="Déclinée par la famille",
    ),
    cancel=Step(
        "Annuler la demande",
        (*OPEN, Status.CONFIRMED),
        Status.CANCELLED,
        orients,
        no_contract_yet,
        done="Demande annulée",
    ),
    expire=Step(
        "Laisser sans réponse",
        (Status.TO_VALIDATE, Status.SENT),
        Status.EXPIRED,
        system,
        done="Restée sans réponse",
    ),
    make_obsolete=Step(
        "Rendre sans objet",
        OPEN,
        Status.OBSOLETE,
        system,
        done="Sans objet : une autre place est confirmée",
    ),
    place=Step("Placer", (Status.CONFIRMED,), Status.PLACED, system, done="Contrat signé par tous"),
)


def send(household, *, provider, children, slots, from_on, by, on, at=None, message="", offer=None):
    """Send a family to a provider; `slots` are (weekday, starts, ends).

    A childminder's coordinator sees it first when the rules say so. Raises PermissionDenied when
    `by` is not of the agency, StepRefused with every reason why the referral cannot leave.
    """
    if getattr(by, "is_hijacked", False) or not is_adviser(by, household):
        raise PermissionDenied
    children, slots = list(children), [tuple(slot) for slot in slots]
    try:
        reasons = _reasons_not_to_send(household, provider, children, slots, from_on, on)
        rules = rules_for(provider.caf, from_on)
        to_validate = provider.is_childminder and rules.childminder_requires_validation
        answer_hours = rules_for(provider.caf, on).referral_answer_hours
    except RuleMissing as missing:
        raise StepRefused(str(missing)) from missing
    if reasons:
        raise StepRefused(*reasons)
    sent_at = moment(at)
    referral = Referral(
        household=household,
        provider=provider,
        offer=offer,
        agency=household.agency,
        adviser=by,
        caf=provider.caf,
        from_on=from_on,
        message=message,
        status=Status.TO_VALIDATE if to_validate else Status.SENT,
        sent_at=sent_at,
        edited_at=sent_at,
        edited_by=str(by),
        answer_due_at=calendar_of(provider).add_opening_hours(sent_at, answer_hours),
    )
    try:
        with transaction.atomic():
            referral.save(force_insert=True)
            referral.children.set(children)
            ReferralSlot.objects.bulk_create(
                ReferralSlot(referral=referral, weekday=weekday, starts=starts, ends=ends)
                for weekday, starts, ends in slots
            )
            referral.history.create(
                step="send", source="", target=referral.status, at=referral.sent_at, user=by
            )
            if to_validate:
                _tell(
                    "referral_to_validate", referral, "send", coordinators_of(provider, on=on), at
                )
            else:
                _tell(
                    "referral_to_answer", referral, "send", people_who_answer(provider, on=on), at
                )
    except IntegrityError as error:
        if "referral_one_open_per_provider" not in str(error):
            raise
        raise StepRefused(
            f"Une demande de cette famille est déjà en cours auprès de {provider.public_name}."
        ) from error
    return referral


def validate(referral, *, by, on, at=None):
    """The coordinator says that the need fits the place: the request reaches the childminder."""
    with transaction.atomic():
        lock_provider(referral.provider_id)
        with REFERRAL.take("validate", referral, by=by, on=on, at=at):
            referral.validated_at = moment(at)
            # Her own delay begins: the coordinator's answer does not spend it.
            hours = rules_for(referral.provider.caf, on).referral_answer_hours
            opening = calendar_of(referral.provider)
            referral.answer_due_at = opening.add_opening_hours(referral.validated_at, hours)
            people = people_who_answer(referral.provider, on=on)
            _tell("referral_to_answer", referral, "validate", people, at)


def accept(referral, *, by, on, first_appointment_at, contact_name, papers, at=None):
    """Keep a place for each child; final only when the family confirms.

    Raises StepRefused « Cette place vient d’être prise » when another referral took it first.
    """
    try:
        with transaction.atomic():
            provider = lock_provider(referral.provider_id)
            with REFERRAL.take("accept", referral, by=by, on=on, at=at):
                rules = rules_of(referral)
                if reasons := _reasons_not_to_accept(referral, provider, rules, on):
                    raise StepRefused(*reasons)
                hold_places(referral, provider, rules)
                referral.answered_at = moment(at)
                referral.told_at = None
                referral.first_appointment_at = first_appointment_at
                referral.contact_name = contact_name
                referral.papers = papers
                _tell_answer(referral, "accept", on, at)
    except IntegrityError as error:
        if "hold_place_taken_once" not in str(error):
            raise
        raise StepRefused(JUST_TAKEN) from error
    except RuleMissing as missing:
        raise StepRefused(str(missing)) from missing


def refuse(referral, *, by, on, reason, text="", at=None):
    """Say no, with a reason from the list; `text` is for the adviser alone."""
    with REFERRAL.take("refuse", referral, by=by, on=on, at=at):
        if reason not in Referral.RefusalReason:
            raise StepRefused("Choisissez la raison du refus.")
        referral.refusal_reason = reason
        referral.refusal_text = text
        referral.answered_at = moment(at)
        referral.told_at = None
        release_holds(referral, moment(at))
        _tell_answer(referral, "refuse", on, at)


def put_on_waiting_list(referral, *, by, on, at=None):
    """Not now: the request stays alive and may be accepted later."""
    with REFERRAL.take("put_on_waiting_list", referral, by=by, on=on, at=at):
        referral.answered_at = moment(at)
        referral.told_at = None
        _tell_answer(referral, "put_on_waiting_list", on, at)


def confirm(referral, *, by, on, how, at=None):
    """The family said yes to its adviser: the place is final, its other requests have no object."""
    with transaction.atomic():
        # Always by id: two confirmations of one household must not wait for each other.
        rows = Referral.objects.select_for_update(no_key=True).order_by("pk")
        siblings = list(rows.filter(household=referral.household_id, status__in=OPEN))
        with REFERRAL.take("confirm", referral, by=by, on=on, at=at):
            referral.confirmed_at = moment(at)
            referral.confirmed_how = how
            referral.told_at = referral.told_at or moment(at)
            people = people_who_answer(referral.provider, on=on)
            _tell("referral_confirmed", referral, "confirm", people, at)
        for sibling in siblings:
            if sibling.pk != referral.pk and _share_a_child(sibling, referral):
                _close("make_obsolete", sibling, by=None, on=on, at=at)


def decline(referral, *, by, on, at=None):
    """The family says no to a place it was offered."""
    _close("decline", referral, by=by, on=on, at=at)


def cancel(referral, *, by, on, at=None):
    """The adviser takes the request back."""
    _close("cancel", referral, by=by, on=on, at=at)


def expire(referral, *, on, at=None):
    """Nobody answered in time: the adviser looks elsewhere."""
    with REFERRAL.take("expire", referral, by=None, on=on, at=at):
        referral.told_at = None
        release_holds(referral, moment(at))
        _tell_answer(referral, "expire", on, at)


def mark_placed(referral, *, on, at=None):
    """The contract is in force: what was asked for begins. A second contract changes nothing."""
    with transaction.atomic():
        lock(referral)
        if referral.status != Status.PLACED:
            with REFERRAL.take("place", referral, by=None, on=on, at=at):
                pass


def tell_family(referral, *, by, on, at=None):
    """The adviser has told the family what was answered."""
    if not orients(by, referral):
        raise PermissionDenied
    with edit(referral, by=by, seen=None, fields=["told_at"], at=at):
        referral.told_at = moment(at)


def _close(step, referral, *, by, on, at):
    with REFERRAL.take(step, referral, by=by, on=on, at=at):
        release_holds(referral, moment(at))
        people = people_who_answer(referral.provider, on=on)
        _tell("referral_closed", referral, step, people, at)


def _reasons_not_to_accept(referral, provider, rules, on):
    if provider.is_childminder:
        return Situation(referral, on, provider=provider, rules=rules).reasons
    if labelled_providers(on).filter(pk=provider.pk).exists():
        return []
    return ["La crèche ne porte plus le label : elle ne peut plus accueillir de nouvelle famille."]


def _share_a_child(one, other):
    return one.children.filter(pk__in=other.children.values("pk")).exists()


def _tell_answer(referral, step, on, at):
    """The adviser by mail, the family by SMS when it has a phone: nobody is left untold."""
    _tell("referral_answered", referral, step, advisers_of(referral, on=on), at)
    _tell("referral_sms", referral, step, [None], at)


def _tell(kind, referral, step, people, at):
    """One effect per person; without anybody, the handler writes to the organisation."""
    for person in people or [None]:
        key = f"{referral.pk}:{step}:{referral.revision}:{person.pk if person else ''}"
        outbox.add(f"families.{kind}", referral, key=key, recipient=person, at=at)


def _reasons_not_to_send(household, provider, children, slots, from_on, on):
    reasons = []
    if not labelled_providers(on).filter(pk=provider.pk).exists():
        reasons.append(
            f"{provider.public_name} ne porte pas le label aujourd’hui : "
            "choisissez un autre mode d’accueil."
        )
    if from_on < on:
        reasons.append("Le premier jour demandé est passé.")
    if household.notice_given_on > on:
        reasons.append("La famille doit d’abord avoir reçu l’information sur ses données.")
    if not children or {child.household_id for child in children} != {household.pk}:
        reasons.append("Choisissez au moins un enfant de cette famille.")
    limit = rules_for(provider.caf, from_on).child_max_age_months
    for child in children:
        if age_in_months(child.birth_date, from_on) >= limit:
            age = age_months(child.birth_date, from_on)
            reasons.append(
                f"{child.first_name} aura {age} le {fr_date(from_on)} : "
                f"une place se demande avant {count_of(limit, 'mois,mois')}."
            )
    return reasons + reasons_of_week(slots)
