"""The other way in: who met a family, or already hosts it, asks an agency to follow it."""

from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import transaction

from avip import outbox
from avip.workflow import Step, StepRefused, Workflow, moment
from families.matches import find_matches
from families.models import Child, Household, Parent, Referral, TakeUp
from families.permissions import asks_for, runs_for_follow_up
from families.workflow.sending import answer_due, reasons_of_age, write
from labels.models.labels import labelled_providers
from labels.rules import RuleMissing
from partners.models import Membership, User
from partners.permissions import is_adviser, is_caf_agent

Status = TakeUp.Status
HOW = "la famille y est déjà connue"

TAKE_UP = Workflow(
    take_up=Step(
        "Prendre cette famille en suivi",
        (Status.PROPOSED,),
        Status.TAKEN_UP,
        is_adviser,
        done="Suivi accepté par l’agence",
    ),
    decline=Step(
        "Refuser ce suivi",
        (Status.PROPOSED,),
        Status.DECLINED,
        is_adviser,
        done="Suivi refusé par l’agence",
    ),
    cancel=Step(
        "Reprendre la proposition",
        (Status.PROPOSED,),
        Status.CANCELLED,
        asks_for,
        done="Proposition reprise",
    ),
)
ORIGIN = "Suivi proposé à l’agence"


def propose_follow_up(*, by, on, agency, caf, provider=None, at=None, **family) -> TakeUp:
    """Ask an agency to follow a family; `family` holds the columns that describe it.

    A crèche, its operator or a coordinator asks for one of their providers; a Caf for none.
    """
    if getattr(by, "is_hijacked", False):
        raise PermissionDenied
    takeup = TakeUp(
        caf=provider.caf if provider else caf,
        provider=provider,
        agency=agency,
        asked_by=by,
        created_at=moment(at),
        edited_at=moment(at),
        edited_by=str(by),
        **family,
    )
    may = runs_for_follow_up(by, provider) if provider else is_caf_agent(by, takeup)
    if not may:
        raise PermissionDenied
    if reasons := _reasons_not_to_propose(takeup, on):
        raise StepRefused(*reasons)
    with transaction.atomic():
        takeup.save(force_insert=True)
        takeup.history.create(
            step="propose", source="", target=takeup.status, at=moment(at), user=by
        )
        _tell("takeup_proposed", takeup, "propose", _members(agency, on), at)
    return takeup


def take_up(takeup, *, by, on, situation, at=None) -> Household:
    """Open the family's file; with a provider, its place is already confirmed: then the contract.

    What was typed in the proposal moves into the file, and leaves the proposal.
    """
    with transaction.atomic(), TAKE_UP.take("take_up", takeup, by=by, on=on, at=at):
        household = Household.objects.create(
            agency=takeup.agency,
            adviser=by,
            caf=takeup.caf,
            commune=takeup.commune,
            situation=situation,
            attested_by=by,
            attested_on=on,
            notice_given_on=takeup.notice_given_on,
            notice_channel=Household.NoticeChannel.IN_PERSON,
            created_at=moment(at),
            edited_at=moment(at),
        )
        names = {name: getattr(takeup, name) for name in ("first_name", "last_name")}
        reach = {"phone": takeup.phone, "email": takeup.email}
        Parent.objects.create(household=household, **names, **reach)
        child = Child.objects.create(
            household=household,
            first_name=takeup.child_first_name,
            birth_date=takeup.child_birth_date,
        )
        find_matches(household, at=at)
        takeup.household = household
        if takeup.provider:
            _confirm_place(takeup, household, [child], by=by, on=on, at=at)
        _forget(takeup)
        _tell("takeup_answered", takeup, "take_up", [takeup.asked_by], at)
    return household


def decline(takeup, *, by, on, reason, at=None):
    """Say no, with a reason; what names the family leaves the proposal at once."""
    with TAKE_UP.take("decline", takeup, by=by, on=on, at=at):
        if not reason.strip():
            raise StepRefused("Dites pourquoi\xa0: la famille doit savoir vers qui se tourner.")
        takeup.decline_reason = reason
        _forget(takeup)
        _tell("takeup_answered", takeup, "decline", [takeup.asked_by], at)


def cancel(takeup, *, by, on, at=None):
    """Who asked takes the proposal back; what names the family leaves it."""
    with TAKE_UP.take("cancel", takeup, by=by, on=on, at=at):
        _forget(takeup)


def done_words(step: str) -> str:
    """The sentence of the history for a step, or for the way the proposal began."""
    return ORIGIN if step == "propose" else TAKE_UP.steps[step].done


def _confirm_place(takeup, household, children, *, by, on, at):
    """The place is confirmed; a childminder's coordinator validates its hours at the contract."""
    provider, from_on = takeup.provider, takeup.from_on or on
    referral = Referral(
        household=household,
        provider=provider,
        agency=household.agency,
        adviser=by,
        caf=provider.caf,
        from_on=from_on,
        answered_at=moment(at),
        told_at=moment(at),
        confirmed_at=moment(at),
        confirmed_how=HOW,
        contact_name=str(takeup.asked_by)[:120],
    )
    try:
        referral.answer_due_at = answer_due(referral, moment(at), on)
        reasons = reasons_of_age(children, provider, from_on)
    except RuleMissing as missing:
        raise StepRefused(str(missing)) from missing
    if not labelled_providers(on).filter(pk=provider.pk).exists():
        reasons.append(f"{provider.public_name} ne porte pas le label aujourd’hui.")
    if reasons:
        raise StepRefused(*reasons)
    need = children, [], []
    sent_at = moment(at)
    write(referral, Referral.Status.CONFIRMED, need, origin="take_up", by=by, sent_at=sent_at)


def _reasons_not_to_propose(takeup, on):
    reasons = []
    if takeup.notice_given_on > on:
        reasons.append("La famille doit d’abord avoir reçu l’information sur ses données.")
    if takeup.child_birth_date > on:
        reasons.append("Cette date de naissance est dans l’avenir.")
    if not (takeup.phone or takeup.email):
        reasons.append("Indiquez un téléphone ou un courriel\xa0: l’agence doit joindre le parent.")
    provider = takeup.provider
    if provider and not labelled_providers(on).filter(pk=provider.pk).exists():
        reasons.append(f"{provider.public_name} ne porte pas le label aujourd’hui.")
    return reasons


def _forget(takeup):
    """No copy stays here: neither name, nor address, nor day of birth."""
    takeup.first_name = takeup.last_name = takeup.child_first_name = ""
    takeup.phone = takeup.email = ""
    takeup.child_birth_date = date(takeup.child_birth_date.year, 1, 1)


def _members(agency, on):
    members = Membership.objects.in_force(on).filter(agency=agency)
    return list(User.objects.filter(memberships__in=members).distinct().order_by("pk"))


def _tell(kind, takeup, step, people, at):
    for person in people or [None]:
        key = f"{takeup.pk}:{step}:{person.pk if person else ''}"
        outbox.add(f"families.{kind}", takeup, key=key, recipient=person, at=at)
