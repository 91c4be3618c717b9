"""What is held about a family, for the parent who asks: complete, and nobody else's."""

import json

from avip.pdf import render_pdf
from avip.templatetags.words import fr_date, fr_datetime, fr_month
from families.models import AvipContract, Referral
from families.wording import say_schedule


def own_data(parent) -> dict:
    """By heading, [(what, value)] lines or lists of them, in the words of the pages.

    Of another parent of the family, the first name alone: contact details are each one's own.
    """
    household = parent.household
    others = [p.first_name for p in household.parents.all() if p.pk != parent.pk]
    contracts = AvipContract.objects.filter(household=household).exclude(status="draft")
    return {
        "Vous": _lines(
            ("Nom", f"{parent.first_name} {parent.last_name}"),
            ("Téléphone", parent.phone),
            ("Courriel", parent.email),
            ("Autre parent", ", ".join(others)),
        ),
        "Votre famille": _lines(
            ("Commune", str(household.commune)),
            ("Situation", household.get_situation_display()),
            ("Vous élevez seul vos enfants", _yes(household.single_parent)),
            ("Quartier prioritaire", _yes(household.in_qpv)),
            ("RSA", _yes(household.rsa)),
            ("Information remise le", fr_date(household.notice_given_on)),
            ("Suivi par", f"{household.adviser or ''} {household.agency}".strip()),
        ),
        "Vos enfants": [
            (child.first_name, f"né(e) le {fr_date(child.birth_date)}")
            for child in household.children.all()
        ],
        "Vos demandes de place": [
            (
                f"Du {fr_date(referral.sent_at)}",
                f"{referral.provider.public_name}\xa0: {referral.get_status_display()}",
            )
            for referral in Referral.objects.filter(household=household)
            .select_related("provider")
            .order_by("sent_at")
        ],
        "Vos contrats": [
            line for contract in contracts.order_by("start_on") for line in _contract(contract)
        ],
    }


def as_json(data) -> str:
    """The same, for a machine."""
    return json.dumps(
        {title: [{"quoi": what, "valeur": value} for what, value in rows]
         for title, rows in data.items()},
        ensure_ascii=False, indent=2,
    )  # fmt: skip


def as_pdf(parent, *, at) -> bytes:
    """The same, to read on a telephone or to print."""
    context = {
        "title": "Mes données",
        "subtitle": f"Ce que le service garde sur votre famille, le {fr_datetime(at)}",
        "caf": parent.household.caf,
        "data": own_data(parent),
    }
    return render_pdf("families/pdf/own_data.html", context)


def _contract(contract):
    name = f"Du {fr_date(contract.start_on)} au {fr_date(contract.end_on)}"
    version = contract.version
    months = [fr_month(tick.month) for tick in contract.ticks.all()]
    return [
        (name, f"{contract.provider.public_name}\xa0: {contract.get_status_display()}"),
        *_lines(
            (f"{name}, horaires", say_schedule(version.slots.all()) if version else ""),
            (f"{name}, arrêt", contract.end_reason),
            (f"{name}, issue", contract.get_outcome_display() if contract.outcome else ""),
            (f"{name}, mois suivis", ", ".join(months)),
        ),
        *((f"{name}, entretien", _interview(row)) for row in contract.interviews.all()),
        *(
            (f"{name}, signé par", f"{row.signatory.name}, le {fr_datetime(row.signed_at)}")
            for row in (version.signatures.select_related("signatory") if version else [])
        ),
    ]


def _interview(row):
    if row.was_held is None:
        return f"prévu le {fr_datetime(row.planned_at)}"
    held = "tenu" if row.was_held else "pas tenu"
    step = row.get_next_step_display()
    return f"{held}, le {fr_date(row.held_on)}" + (f", suite\xa0: {step}" if step else "")


def _lines(*pairs):
    return [(what, value) for what, value in pairs if value]


def _yes(value):
    return "oui" if value else ""
