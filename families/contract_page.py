"""What the page of a contract says: who must act, where each signature stands, what comes next."""

from datetime import date, timedelta

from django.urls import reverse

from avip.jobs import SCHEDULES
from avip.models import Outbox
from avip.templatetags.words import age_months, and_list, count_of, fr_date, fr_datetime, hours
from families.contract_text import readable_code
from families.models import (
    AvipContract,
    ContractVersion,
    ReferentChange,
    Signatory,
    VersionStatusChange,
)
from families.permissions import takes_part
from families.planning import Schedule
from families.schedules import exceptions_of, say_closed_days, say_exceptions, schedule_of
from families.signing import parents_without_copy
from families.wording import say_schedule
from families.workflow.contracts import CONTRACT, VERSION
from families.workflow.endings import FOUND
from families.workflow.outcomes import OUTCOME
from families.workflow.proposals import reasons_of_renewal
from families.workflow.referents import REFERENT
from families.workflow.work_checks import CHECK
from partners.calendars import closures_of
from partners.permissions import is_hijacked

Contract = AvipContract.Status
AFTERWARDS = {**OUTCOME.steps, **FOUND.steps, **CHECK.steps}


def family_name(contract) -> str:
    """« Fatoumata D. », the referring parent."""
    parents = list(contract.household.parents.all())
    return next((p.short_name for p in parents if p.is_referring), "cette famille")


def title_for(contract, user) -> str:
    """The family for the parties; for a Caf, which counts and does not name, the code."""
    if takes_part(user, contract):
        return f"Contrat de {family_name(contract)}"
    return f"Contrat {readable_code(contract.code)}"


def standing(contract):
    """The text that holds: the one in force, else the one to look at (prefetch `versions`)."""
    in_force = ContractVersion.Status.IN_FORCE
    found = next((v for v in contract.versions.all() if v.status == in_force), None)
    found = found or contract.version
    found.contract = contract
    return found


def next_act(contract, rows, user, on: date, reminder=None) -> dict:
    """What must be done, by whom, before when, for `_next_act.html`; empty when nothing is.

    « Relancer » comes before anything that would change the text.
    """
    version = contract.version
    if version and version.status == version.Status.TO_SIGN:
        return _next_signature(contract, version, rows, user, reminder)
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


def _next_signature(contract, version, rows, user, reminder):
    waiting = [row for row in rows if not row.is_signed]
    mine = next(
        (row for row in waiting if row.actions and row.actions[0][0] == "Lire et signer"), None
    )
    helped = next((row for row in waiting if row.actions), None)
    if mine:
        return {
            "text": "lire le texte et le signer.",
            "deadline": version.start_on,
            "url": mine.actions[0][1],
            "action": "Lire et signer",
        }
    if helped and not (reminder and helped.signatory.name in reminder.names):
        label, url = helped.actions[0]
        ways = (
            "sur place, par un lien ou sur papier"
            if len(helped.actions) > 2
            else "sur place ou sur papier"
        )
        return {
            "text": f"faire signer {helped.signatory.name}, {ways}.",
            "deadline": version.start_on,
            "url": url,
            "action": label,
        }
    whom = [_who(row.signatory, takes_part(user, contract)) for row in waiting]
    act = {
        "who": " et à ".join(whom),
        "text": "lire le texte et le signer.",
        "deadline": version.start_on,
    }
    if reminder and not reminder.again_at:
        url = reverse("families:contract_remind", args=[contract.pk])
        act["step"] = {"label": f"Relancer {and_list(reminder.names)}", "url": url}
    elif reminder:
        act["text"] += f" Tous sont relancés\xa0; {reminder.said}."
    return act


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
    particular = say_exceptions(exceptions_of(version))
    pairs = [
        ("Enfant" if len(children) == 1 else "Enfants", and_list(children)),
        ("Jours et heures", week),
        *([("Jours particuliers", "\xa0; ".join(particular))] if particular else []),
        ("Enveloppe", f"jusqu’à {envelope} par semaine sans nouvelle signature"),
        ("Familiarisation", count_of(version.settling_in_days, "jour,jours,aucun jour prévu")),
        ("Durée", f"{contract.duration_months}\xa0mois au plus, {allowed}"),
    ]
    if contract.status in (Contract.ACTIVE, Contract.TO_SIGN):
        schedule = schedule_of([contract]) or list(version.slots.all())
        if closed := _closed(contract, schedule):
            pairs.append(("Fermé ces jours-là", closed))
    if contract.stop_reason and named:
        by = f", par {contract.get_stopped_by_display()}" if contract.stopped_by else ""
        pairs.append(("Motif de l’arrêt", contract.get_stop_reason_display() + by))
    if contract.end_reason and named:
        pairs.append(("Raison de l’arrêt", contract.end_reason))
    if contract.outcome:
        pairs.append(("Issue", contract.get_outcome_display()))
    return pairs


def _closed(contract, schedule):
    calendar = closures_of(contract.provider)
    week = schedule if isinstance(schedule, Schedule) else Schedule(schedule)
    return "\xa0; ".join(say_closed_days(week, calendar, contract.start_on, contract.end_on))


def adjustments_of(contract, on: date) -> list:
    """The adjustments that run or come: (row, in words, whether it may be cancelled)."""
    found = []
    for row in contract.adjustments.all():
        if row.cancelled_at or row.until and row.until < on:
            continue
        until = f" jusqu’au {fr_date(row.until)}" if row.until else ""
        said = f"À partir du {fr_date(row.from_on)}{until}\xa0: {say_schedule(row.slots.all())}."
        found.append((row, said))
    return found


def referent_proposed(contract):
    """The change of référent emploi that waits for an answer, if any."""
    proposed = ReferentChange.Status.PROPOSED
    return next((c for c in contract.referent_changes.all() if c.status == proposed), None)


def timeline(contract, version, on: date) -> list:
    """Done, now, next: from the proposal to the end."""
    Status = Contract
    signed = contract.status not in (Status.TO_SIGN, *AvipContract.GIVEN_UP, Status.DRAFT)
    items = [{"state": "done", "label": "Contrat proposé", "detail": fr_date(version.proposed_at)}]
    if contract.taken_over:
        items = [{"state": "done", "label": "Contrat signé sur papier, repris",
                  "detail": fr_date(version.in_force_at)}]  # fmt: skip
    count = f"{version.signatures_count} sur {version.signatories_expected}"
    if signed and not contract.taken_over:
        items.append(
            {
                "state": "done",
                "label": "Signé par toutes les parties",
                "detail": fr_date(version.in_force_at),
            }
        )
    elif contract.status == Status.TO_SIGN:
        items.append({"state": "now", "label": "Signatures", "detail": count})
    elif not signed:
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
    of_versions = VersionStatusChange.objects.filter(
        dossier__in=contract.versions.all(), step__in=["sign", "supersede", "abandon"]
    )
    changes += [
        {"at": row.at, "by": row.by, "label": _done(VERSION, row), "comment": row.comment}
        for row in of_versions.select_related("user", "link__parent").order_by(
            "dossier__number", "at", "pk"
        )
    ]
    for change in contract.referent_changes.all():
        changes += [
            {"at": row.at, "by": row.by, "label": _done(REFERENT, row), "comment": row.comment}
            for row in change.history.select_related("user", "link__parent")
        ]
    for row in contract.adjustments.all():
        said = f"Horaires ajustés à partir du {fr_date(row.from_on)}"
        changes.append({"at": row.made_at, "by": row.made_by, "label": said, "comment": ""})
    return sorted(changes, key=lambda change: change["at"])


def _done(workflow, row):
    if row.step == "propose" and workflow is REFERENT:
        return "Autre référent emploi proposé"
    step = workflow.steps.get(row.step) or AFTERWARDS.get(row.step)
    return (step.done or step.label) if step else row.step


def _url(name, version, signatory=None):
    args = [version.contract_id] + ([signatory.pk] if signatory else [])
    return reverse(f"families:{name}", args=args)


def documents_of(version) -> list[dict]:
    """What may be downloaded, with its weight, without reading its bytes."""
    known = (
        (version.sealed_pdf, "contract_pdf", "Contrat signé et scellé", _to_hand(version)),
        (
            version.evidence_pdf,
            "contract_evidence",
            "Dossier de preuve",
            "Pour les parties seules\xa0: il contient des adresses de machines.",
        ),
    )
    return [
        {"url": _url(name, version), "label": label, "size": document.size, "note": note}
        for document, name, label, note in known
        if document
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
