"""« Copier pour mon logiciel »: a file as plain text, for the software people already use."""

from avip.templatetags.words import age_months, and_list, count_of, fr_date, fr_datetime, hours
from families.contract_text import readable_code
from families.wording import say_schedule


def contract_as_text(contract, version, on, *, named: bool) -> str:
    """The contract as its parties copy it; without a name for whoever may not read one."""
    children = list(contract.children.all())
    parents = [parent for parent in contract.household.parents.all() if parent.is_referring]
    lines = [
        ("Contrat d’engagement réciproque", readable_code(contract.code)),
        ("État", contract.get_status_display() + (", repris" if contract.taken_over else "")),
        ("Parent", and_list(parents) if named else ""),
        (
            "Enfants",
            and_list(f"{c} ({fr_date(c.birth_date)})" for c in children)
            if named
            else count_of(len(children), "enfant"),
        ),
        ("Mode d’accueil", f"{contract.provider}, {contract.provider.commune}"),
        ("Référent emploi", f"{contract.adviser or ''}, {contract.agency}".lstrip(", ")),
        ("Du", fr_date(contract.start_on)),
        ("Au", fr_date(contract.end_on)),
        ("Jours et heures", say_schedule(version.slots.all())),
        ("Enveloppe par semaine", hours(version.envelope_minutes)),
        ("Rang", str(contract.number)),
        ("Signatures", f"{version.signatures_count} sur {version.signatories_expected}"),
        ("Issue", contract.get_outcome_display()),
    ]
    if contract.taken_over:
        lines = [line for line in lines if line[0] != "Signatures"]
    return _written(lines, on)


def referral_as_text(sight, on) -> str:
    """A request as this person sees it: no name before it may be read."""
    referral = sight.referral
    lines = [
        ("Demande de place", sight.title),
        ("État", referral.get_status_display()),
        ("Mode d’accueil", sight.provider),
        ("Demandée par", str(referral.agency)),
        ("Envoyée le", fr_datetime(referral.sent_at)),
        ("Enfants", sight.children),
        ("À partir du", fr_date(referral.from_on)),
        ("Jours et heures", sight.schedule),
        ("Prioritaire", "oui" if sight.shows_priority else ""),
    ]
    return _written(lines, on)


def household_as_text(household, on) -> str:
    """The file of a family, for the agency that follows it."""
    parents = list(household.parents.all())
    lines = [
        *[
            ("Parent", ", ".join(filter(None, [str(p), p.phone, p.email])))
            for p in sorted(parents, key=lambda p: not p.is_referring)
        ],
        *[
            ("Enfant", f"{c}, {fr_date(c.birth_date)} ({age_months(c.birth_date, on)})")
            for c in household.children.all()
        ],
        ("Commune", str(household.commune)),
        ("Situation", household.get_situation_display()),
        ("Suivie par", f"{household.adviser or ''}, {household.agency}".lstrip(", ")),
        ("Information sur ses données", f"remise le {fr_date(household.notice_given_on)}"),
    ]
    return _written(lines, on)


def _written(lines, on):
    said = [f"{term} : {' '.join(str(value).split())}" for term, value in lines if value]
    return "\n".join([*said, f"Copié d’Avip le {fr_date(on)}"])
