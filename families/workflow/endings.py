"""What follows a contract: the places given back, the place kept until school, a job said."""

from datetime import date, timedelta

from django.db import IntegrityError, transaction

from avip import outbox
from avip.workflow import Step, StepRefused, Workflow, edit, moment
from families.models import AvipContract, Hold, ParentLink, Placement
from families.places import capacity_of, full_half_days
from families.proposal import last_day_before_school
from families.recipients import advisers_of
from families.workflow.contract_steps import PLACEMENT, lock_with_referral
from labels.rules import rules_for
from partners.permissions import is_adviser

Contract, Care = AvipContract.Status, Placement.Status
JOB, SHORT = "job", "short"
KINDS = {
    JOB: "un emploi ou une formation qui continue",
    SHORT: "quelques jours ou semaines de travail",
}


def _by_the_family(by, contract):
    if isinstance(by, ParentLink):
        return by.contract_id == contract.pk
    return is_adviser(by, contract)


def _not_said_yet(contract, on):
    return ["C’est déjà noté\xa0: votre conseiller le confirme."] if contract.job_said_at else []


def _said_and_waiting(contract, on):
    if contract.job_confirmed_at:
        return ["Cet emploi est déjà confirmé."]
    return [] if contract.job_said_at else ["La famille n’a pas annoncé d’emploi."]


OVER = (Contract.ENDED, Contract.TERMINATED)
FOUND = Workflow(
    say_job=Step(
        "J’ai trouvé un emploi",
        (Contract.ACTIVE,),
        "",
        _by_the_family,
        _not_said_yet,
        done="Emploi annoncé par la famille",
    ),
    confirm_job=Step(
        "Confirmer",
        (Contract.ACTIVE, *OVER),
        "",
        is_adviser,
        _said_and_waiting,
        done="Emploi confirmé",
    ),
    dismiss_job=Step(
        "Ce n’est pas le cas",
        (Contract.ACTIVE, *OVER),
        "",
        is_adviser,
        _said_and_waiting,
        done="Annonce d’emploi retirée",
    ),
)


def say_job(contract, *, by, on: date, at=None):
    """« J’ai trouvé un emploi », by the parent's link: the adviser is told, nothing ends."""
    with transaction.atomic():
        with FOUND.take("say_job", contract, by=by, on=on, at=at):
            contract.job_said_at = moment(at)
        for person in advisers_of(contract, on=on):
            key = f"{contract.pk}:{contract.revision}:{person.pk}"
            outbox.add("families.job_said", contract, recipient=person, key=key, at=at)


def confirm_job(contract, *, by, on: date, kind: str, at=None):
    """The adviser confirms; a short job is an event inside the contract, which may be said again.

    `kind` is one of KINDS. The contract goes on in both cases.
    """
    if kind not in KINDS:
        raise StepRefused("Choisissez ce qui correspond le mieux.")
    with FOUND.take("confirm_job", contract, by=by, on=on, at=at, comment=KINDS[kind]):
        if kind == JOB:
            contract.job_confirmed_at = moment(at)
        else:
            contract.job_said_at = None


def dismiss_job(contract, *, by, on: date, at=None):
    """It was a mistake, or it did not happen."""
    with FOUND.take("dismiss_job", contract, by=by, on=on, at=at):
        contract.job_said_at = None


def may_be_kept(contract, rules) -> bool:
    """Whether what came of the contract opens the place that is kept: a job, a training."""
    if contract.status == Contract.ACTIVE:
        return contract.job_confirmed_at is not None
    category = AvipContract.OUTCOME_CATEGORY.get(contract.outcome)
    return category in rules.positive_outcomes or contract.job_confirmed_at is not None


def kept_until(placement, on: date) -> date:
    """The eve of school of this child, by the rules of its Caf."""
    return last_day_before_school(placement.child.birth_date, rules_for(placement.caf, on))


def holds_for(contract):
    """The places not released that this contract lives on."""
    if contract.referral_id:
        return contract.referral.holds.filter(released_at=None)
    return Hold.objects.none()


def release_places(contract, *, last_day=None, at=None):
    """Give back what is held after the last contract, but for the children whose place is kept.

    `last_day`: care goes on until that day; the places are held until then.
    """
    waiting = [Contract.TO_SIGN, Contract.ACTIVE]
    referral = contract.referral
    if referral is None or referral.contracts.filter(status__in=waiting).exists():
        return
    kept = Placement.objects.filter(contract__referral=referral, status=Care.KEPT)
    held = holds_for(contract).exclude(child__in=kept.values("child"))
    if last_day is None:
        held.update(released_at=moment(at))
        return
    held.filter(from_on__gt=last_day).update(released_at=moment(at))
    held.filter(until__gt=last_day).update(until=last_day)


def hold_until(placement, until: date, *, on: date, at=None):
    """The place stays taken until that day; StepRefused when it was promised to somebody else.

    Its provider is locked by the caller. A place already given back is taken again if it is free.
    """
    contract = placement.contract
    referral = contract.referral
    if referral is None:
        return
    of_child = referral.holds.filter(child=placement.child)
    held = of_child.filter(released_at=None)
    if held.exists():
        since = max(held.values_list("until", flat=True)) + timedelta(days=1)
        keys = {hold.key for hold in held}
        _refuse_taken(placement, keys, since, until)
        _or_refuse(lambda: held.update(until=until))
        return
    latest = of_child.order_by("-released_at").values_list("released_at", flat=True).first()
    since = max(on, placement.end_on + timedelta(days=1))
    again = [
        Hold(
            referral=referral,
            child=hold.child,
            provider_id=hold.provider_id,
            offer=hold.offer,
            slot_number=hold.slot_number,
            weekday=hold.weekday,
            half_day=hold.half_day,
            from_on=since,
            until=until,
        )
        for hold in of_child.filter(released_at=latest)
    ]
    _refuse_taken(placement, {hold.key for hold in again}, since, until)
    _or_refuse(lambda: Hold.objects.bulk_create(again))


TAKEN = (
    "La place est promise à une autre famille avant cette date\xa0: elle ne peut pas être gardée."
)


def _refuse_taken(placement, keys, since, until):
    """Where no numbered place is offered, the licensed capacity decides."""
    if since > until:
        return
    provider, referral = placement.provider, placement.contract.referral
    numbered = referral.holds.filter(child=placement.child, offer__isnull=False)
    limit = capacity_of(provider, rules_for(placement.caf, since))
    if numbered.exists() or limit is None:
        return
    own = referral.holds.standing(since, until).values("child").distinct().count()
    if full_half_days(provider, sorted(keys), since, until, limit - 1 - own, but=referral):
        raise StepRefused(TAKEN)


def _or_refuse(write):
    try:
        with transaction.atomic():
            write()
    except IntegrityError as error:
        raise StepRefused(TAKEN) from error


def leave_place(placement, *, by, on: date, at=None):
    """The family leaves a kept place before school: it is free again from the next day.

    Refused while the contract runs: it is the contract that is stopped.
    """
    with transaction.atomic():
        lock_with_referral(placement.contract)
        if placement.contract.status == Contract.ACTIVE:
            raise StepRefused("Le contrat court encore\xa0: arrêtez plutôt le contrat.")
        end_kept(placement, on, by=by, on=on, at=at)


def end_kept(placement, last_day: date, *, by, on: date, at=None):
    """A kept place ends that day, and what is held for it after that day is given back.

    The contract is locked by the caller.
    """
    if placement.status != Care.KEPT:
        raise StepRefused("Cette place n’est pas gardée.")
    _end_care(placement, last_day, by=by, on=on, at=at)
    referral = placement.contract.referral
    if referral is None:
        return
    held = referral.holds.filter(released_at=None, child=placement.child)
    held.filter(from_on__gt=placement.end_on).update(released_at=moment(at))
    held.filter(until__gt=placement.end_on).update(until=placement.end_on)


def _end_care(placement, last_day, *, by, on, at):
    with PLACEMENT.take("end", placement, by=by, on=on, at=at):
        placement.end_on = max(placement.start_on, min(last_day, placement.end_on))


def make_way(contract, child, *, on: date, at=None):
    """A new contract of the same child in the same place: the kept place gives way to it.

    What is held passes to a contract of the same request, and is given back by another.
    """
    kept = Placement.objects.filter(
        child=child, provider=contract.provider_id, status=Care.KEPT
    ).during(contract.start_on, contract.end_on)
    for placement in kept.select_related("contract__referral"):
        eve = contract.start_on - timedelta(days=1)
        same = placement.contract.referral_id == contract.referral_id
        (_end_care if same else end_kept)(placement, eve, by=None, on=on, at=at)


def shorten(placement, last_day: date, *, by, at=None):
    """Notice was given: the care that runs has a new last day."""
    with edit(placement, by=by, seen=None, fields=["end_on"], at=at):
        placement.end_on = max(placement.start_on, min(last_day, placement.end_on))


def tell_parents_of_the_place(version, placement, *, at):
    """The place is kept: each parent who signed is told until when."""
    for signatory in version.signatories.exclude(parent=None):
        key = f"{placement.pk}:{placement.revision}:{signatory.pk}"
        outbox.add("families.parent_place_kept", signatory, key=key, at=at)
