"""A contract signed on paper before the software: recorded as it is, counted from then on."""

from dataclasses import dataclass
from datetime import date

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.template.loader import render_to_string

from avip.models import Document
from avip.templatetags.words import fr_date
from avip.workflow import moment
from families.contract_text import TAKEN_OVER, schedule_in_words, sha256_of
from families.models import (
    AvipContract,
    Child,
    ContractVersion,
    Household,
    Parent,
    Placement,
    ScheduleException,
    ScheduleSlot,
    Signatory,
)
from families.parties import (
    adviser_signatory,
    care_signatory,
    parent_signatories,
    parents_who_sign,
)
from families.permissions import takes_part
from families.places import lock_provider, reasons_of_particular_days, reasons_of_place
from families.planning import Schedule, minutes_per_week
from families.proposal import (
    last_day_before_school,
    reasons_of_cap,
    reasons_of_exceptions,
    reasons_of_other_contracts,
    reasons_of_slots,
)
from families.schedules import hours_of_days
from families.workflow.contract_steps import CONTRACT, PLACEMENT, VERSION, refuse, tell
from families.workflow.proposals import missing_rules_said
from labels.models.labels import labelled_providers
from labels.rules import rules_for
from partners.permissions import coordinates, is_hijacked

COORDINATOR_ONLY = (
    "Chez une assistante maternelle, un contrat papier est repris par sa coordination, qui valide "
    "ainsi la situation\xa0: demandez-le-lui."
)
TEXT = "families/contract_text/repris.html"


@dataclass(frozen=True)
class Paper:
    """What the paper says: its dates, its week, its rank in the chain; the scan beside it."""

    start_on: date
    end_on: date
    slots: list  # (weekday, starts, ends)
    number: int
    scan: bytes
    exceptions: tuple = ()  # (day, starts, ends), no hours when there is no care


@transaction.atomic
def open_family(agency, *, by, on, caf, commune, parent, children, situation, notice, at=None):
    """The least that must be known of a family whose contract runs: a parent, her children.

    `parent` and each of `children` are their fields; `notice` is (day, channel).
    """
    if is_hijacked(by):
        raise PermissionDenied
    given_on, channel = notice
    household = Household.objects.create(
        agency=agency,
        adviser=by if agency.pk in by.reach.agencies else None,
        caf=caf,
        commune=commune,
        situation=situation,
        notice_given_on=given_on,
        notice_channel=channel,
        attested_on=on,
        created_at=moment(at),
        edited_at=moment(at),
        edited_by=str(by),
    )
    Parent.objects.create(household=household, **parent)
    for child in children:
        Child.objects.create(household=household, **child)
    return household


@missing_rules_said()
def take_over(household, *, provider, children, paper, by, on, at=None) -> AvipContract:
    """Record a contract that runs on paper: active, marked « repris », with no signature here.

    Placements open at once; care counts from today. Raises StepRefused with the reasons why not,
    PermissionDenied when `by` is neither of the agency nor of who gives care.
    """
    with transaction.atomic():
        provider = lock_provider(provider.pk)
        rules = rules_for(provider.caf, paper.start_on)
        contract = AvipContract(
            household=household,
            provider=provider,
            agency=household.agency,
            adviser=household.adviser,
            caf=provider.caf,
            number=paper.number,
            duration_months=rules.contract_duration_months,
            renewals_allowed=rules.contract_max_renewals,
            start_on=paper.start_on,
            end_on=paper.end_on,
            taken_over=True,
            created_at=moment(at),
        )
        if is_hijacked(by) or not takes_part(by, contract):
            raise PermissionDenied
        if provider.is_childminder and rules.childminder_requires_validation:
            # Recording it is her coordinator's word on this situation: nobody else gives it.
            refuse([] if coordinates(by, provider) else [COORDINATOR_ONLY])
        rows = household.children.filter(pk__in=[child.pk for child in children])
        children = list(rows.select_for_update(of=("self",), no_key=True).order_by("pk"))
        slots = [ScheduleSlot(weekday=d, starts=s, ends=e) for d, s, e in paper.slots]
        days = [ScheduleException(day=d, starts=s, ends=e) for d, s, e in paper.exceptions]
        refuse(_reasons(contract, children, slots, days, rules, on))
        name = f"contrat-papier-{contract.code[:4]}.pdf".lower()
        contract.scan = Document.objects.write(filename=name, data=paper.scan)
        contract.save(force_insert=True)
        contract.children.set(children)
        version = _write_version(contract, slots, days, by=by, on=on, at=at)
        with CONTRACT.take("take_over", contract, by=by, on=on, at=at):
            pass
        _place(contract, children, on=on, at=at)
        version.contract = contract
        tell("contract_taken_over", version, by=by, on=on, at=at, of=contract)
        return contract


def _reasons(contract, children, slots, days, rules, on):
    reasons = []
    start_on, end_on = contract.start_on, contract.end_on
    if not children:
        reasons.append("Choisissez au moins un enfant de cette famille.")
    if not start_on <= on <= end_on:
        reasons.append(
            "On reprend un contrat qui court aujourd’hui\xa0: vérifiez le premier et le dernier "
            "jour. Un contrat à venir se propose à la signature."
        )
    if not 1 <= contract.number <= contract.renewals_allowed + 1:
        reasons.append(
            f"La règle permet {contract.renewals_allowed + 1} contrats dans la suite\xa0: "
            "vérifiez le rang de celui-ci."
        )
    for child in children:
        school = last_day_before_school(child.birth_date, rules)
        if child.birth_date > start_on:
            reasons.append(f"{child} n’était pas né le {fr_date(start_on)}.")
        if end_on > school:
            reasons.append(
                f"{child} entre à l’école\xa0: le contrat finit au plus tard le {fr_date(school)}."
            )
    if not labelled_providers(on).filter(pk=contract.provider_id).exists():
        reasons.append(f"{contract.provider.public_name} ne porte pas le label aujourd’hui.")
    week = minutes_per_week(slots)
    schedule = Schedule(slots, hours_of_days(days))
    reasons += reasons_of_slots(contract.provider, schedule, max(week, 1))
    reasons += reasons_of_exceptions(contract.provider, schedule, start_on, end_on, max(week, 1))
    reasons += reasons_of_other_contracts(contract, children)
    return reasons + _reasons_of_childminder(contract, children, schedule, rules, on)


def _reasons_of_childminder(contract, children, schedule, rules, on):
    """One place, fifty hours: what runs on paper leaves what is planned here as true as before."""
    provider = contract.provider
    if not provider.is_childminder or contract.end_on < on:
        return []
    reasons = reasons_of_cap(contract, children, schedule, rules, on)
    reasons += reasons_of_place(provider, rules, schedule, on, contract.end_on, children)
    coming = {day: hours for day, hours in schedule.exceptions.items() if day >= on}
    dated = Schedule(schedule.slots, coming)
    return reasons + reasons_of_particular_days(provider, rules, dated, children)


def _write_version(contract, slots, days, *, by, on, at):
    """The facts of the paper, and its parties, none of whom signs here."""
    version = ContractVersion.objects.create(
        contract=contract,
        start_on=contract.start_on,
        end_on=contract.end_on,
        envelope_minutes=minutes_per_week(slots),
        rules_on=contract.start_on,
        created_at=moment(at),
    )
    for row in [*slots, *days]:
        row.version = version
    ScheduleSlot.objects.bulk_create(slots)
    ScheduleException.objects.bulk_create(days)
    signatories = [
        care_signatory(contract.provider, by=by, on=on),
        *parent_signatories(parents_who_sign(contract.household)),
        adviser_signatory(contract, by=by, on=on),
    ]
    for signatory in signatories:
        signatory.version = version
    Signatory.objects.bulk_create(signatories)
    with VERSION.take("take_over", version, by=by, on=on, at=at):
        context = {
            "contract": contract,
            "children": list(contract.children.all()),
            "schedule": schedule_in_words(slots),
            "signatories": signatories,
            "by": by,
            "on": on,
        }
        version.html = render_to_string(TEXT, context)
        version.text_sha256, version.template = sha256_of(version.html), TAKEN_OVER
        version.proposed_at = version.in_force_at = moment(at)
        version.signatories_expected = len(signatories)
    return version


def _place(contract, children, *, on, at):
    for child in children:
        placement = Placement.objects.create(
            contract=contract,
            child=child,
            provider=contract.provider,
            caf=contract.caf,
            start_on=contract.start_on,
            end_on=contract.end_on,
            counts_from=on,
            created_at=moment(at),
        )
        with PLACEMENT.take("start", placement, by=None, on=on, at=at):
            pass
