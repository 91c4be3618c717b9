"""What a dossier lacks, and what the rules say of it: pure functions, without mail nor save."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from avip.templatetags.words import percent
from labels.charter import COMMITMENTS
from labels.checklist import SECTIONS, required_documents, sections_of
from labels.models import LabelApplication
from labels.rules import RuleMissing, RuleSet, capacity_category, in_words
from partners.models import Facility


@dataclass(frozen=True)
class Missing:
    """What blocks the submission, and the field where it is put right."""

    section: str
    field: str
    sentence: str


@dataclass(frozen=True)
class Finding:
    """What a rule says of the dossier: advice to the reviewer, never a refusal."""

    label: str
    ok: bool
    sentence: str
    reference: str
    section: str = ""  # the answer it speaks of, when there is one
    field: str = ""

    @property
    def status(self) -> str:
        return "compliant" if self.ok else "short"

    def get_status_display(self) -> str:
        return "conforme" if self.ok else "à regarder"


REQUIRED = [
    ("identite", "facility_name", "Indiquez le nom de la crèche."),
    ("identite", "siret", "Indiquez le SIRET de la crèche."),
    ("identite", "address", "Indiquez l’adresse de la crèche."),
    ("identite", "facility_type", "Choisissez le type d’établissement."),
    ("identite", "funding", "Choisissez le mode de financement."),
    ("identite", "in_qpv", "Dites si la crèche est dans un quartier prioritaire."),
    ("gestionnaire", "operator_name", "Indiquez le gestionnaire de la crèche."),
    ("gestionnaire", "director_name", "Indiquez qui dirige la crèche."),
    ("capacite", "licensed_capacity", "Indiquez la capacité autorisée."),
    (
        "capacite",
        "planned_children",
        "Indiquez combien d’enfants de moins de trois ans vous accueillez.",
    ),
    (
        "capacite",
        "planned_avip_children",
        "Indiquez combien d’enfants Avip vous prévoyez d’accueillir.",
    ),
    ("capacite", "planned_periods", "Dites à quelles périodes vous accueillez ces enfants."),
    ("horaires", "open_days", "Cochez vos jours d’ouverture."),
    ("horaires", "opens", "Indiquez l’heure d’ouverture."),
    ("horaires", "closes", "Indiquez l’heure de fermeture."),
    ("referent", "family_referent_name", "Nommez le référent familles."),
    ("referent", "family_referent_role", "Indiquez la fonction du référent familles."),
]


def application_missing(application: LabelApplication, on: date) -> list[Missing]:
    """What must be filled in before the dossier is submitted, in the order of its sections."""
    found = [
        Missing(section, field, sentence)
        for section, field, sentence in REQUIRED
        if getattr(application, field) in (None, "", [])
    ]
    found += [
        Missing(
            "engagements",
            f"how_{commitment.code}",
            f"{commitment.code}, {commitment.title}\xa0: dites si vous vous y engagez, et comment.",
        )
        for commitment, answer in application.answer_to_all_commitments()
        if answer is None or answer.agrees is None or not answer.how.strip()
    ]
    given = {document.kind for document in application.documents.all()}
    found += [
        Missing("documents", kind.value, f"Joignez le {kind.label}.")
        for kind in required_documents(application)
        if kind not in given
    ]
    order = list(SECTIONS)
    asked = sections_of(application)
    return sorted(
        (missing for missing in found if missing.section in asked),
        key=lambda missing: order.index(missing.section),
    )


def advisory_checks(application: LabelApplication, rules: RuleSet) -> list[Finding]:
    """What the rules of that day say of the answers; a rule without a value says so itself."""
    findings = []
    for check in (_planned_share, _opening_span, _commitments, _category, _documents):
        try:
            findings += check(application, rules)
        except RuleMissing as missing:
            findings.append(Finding("Règle sans valeur", False, str(missing), ""))
    asked = sections_of(application)
    return [finding for finding in findings if not finding.section or finding.section in asked]


def opening_span_minutes(application: LabelApplication) -> int | None:
    """Minutes between opening and closing on an ordinary day; None while an hour is missing."""
    if application.opens is None or application.closes is None:
        return None
    day = date.min
    span = datetime.combine(day, application.closes) - datetime.combine(day, application.opens)
    return span // timedelta(minutes=1)


def _planned_share(application, rules) -> Iterator[Finding]:
    rule = rules.entry("quota_rate")
    children, avip = application.planned_children, application.planned_avip_children
    if not children or avip is None:
        return
    enough = avip >= children * rule.value
    sentence = f"{avip} enfants Avip sur {children}, soit {percent(application.planned_share)}"
    if enough:
        sentence += f", pour une règle de {in_words(rule)}."
    else:
        least = math.ceil(children * rule.value)
        sentence += f"\xa0: la règle de {in_words(rule)} en demande {least}."
    place = ("capacite", "planned_avip_children")
    yield Finding("Part d’enfants Avip prévue", enough, sentence, rule.reference, *place)
    capacity = application.licensed_capacity
    if capacity and avip > capacity:
        yield Finding(
            "Enfants Avip et capacité",
            False,
            f"{avip} enfants Avip prévus en même temps pour {capacity} places autorisées.",
            "Autorisation d’ouverture",
            *place,
        )


def _opening_span(application, rules) -> Iterator[Finding]:
    rule = rules.entry("opening_span_min_hours_day")
    span = opening_span_minutes(application)
    if span is None:
        return
    hours, minutes = divmod(span, 60)
    said = f"{hours} h {minutes:02}" if minutes else f"{hours} h"
    enough = span >= rule.value * 60
    sentence = f"Ouverte {said} par jour, pour {rule.value} h conseillées."
    label = "Amplitude d’ouverture"
    yield Finding(label, enough, sentence, rule.reference, "horaires", "closes")


def _commitments(application, rules) -> Iterator[Finding]:
    answers = application.answer_to_all_commitments()
    not_taken = [commitment for commitment, answer in answers if answer and answer.agrees is False]
    if not_taken:
        for commitment in not_taken:
            yield Finding(
                "Engagement non pris",
                False,
                f"{commitment.code}, {commitment.title}\xa0: la crèche ne s’y engage pas.",
                commitment.reference,
                "engagements",
                commitment.code,
            )
    elif all(answer and answer.agrees for _, answer in answers):
        yield Finding(
            "Engagements de la charte",
            True,
            f"Les {len(COMMITMENTS)} engagements sont pris.",
            "Charte nationale",
            "engagements",
        )


def _category(application, rules) -> Iterator[Finding]:
    capacity = application.licensed_capacity
    if not capacity or application.facility_type not in (
        Facility.Type.COLLECTIVE,
        Facility.Type.MULTI,
    ):
        return
    rule = rules.entry("facility_capacity_bands")
    category = capacity_category(capacity, rules.on)
    yield Finding(
        "Catégorie de l’établissement",
        True,
        f"{capacity} places autorisées\xa0: {category}.",
        rule.reference,
        "capacite",
        "licensed_capacity",
    )


def _documents(application, rules) -> Iterator[Finding]:
    required = required_documents(application)
    amends = application.kind == LabelApplication.Kind.AMENDMENT
    reference = "" if amends else rules.entry("quota_rate").reference
    given = {document.kind for document in application.documents.all()}
    missing = [kind.label for kind in required if kind not in given]
    if missing:
        sentence = f"Il manque\xa0: {', '.join(missing)}."
    elif amends:
        sentence = "Ce que demande cette modification est joint."
    else:
        sentence = "Les deux pièces sont jointes\xa0: vérifiez que chacune prévoit l’accueil Avip."
    if required:
        yield Finding("Pièces obligatoires", not missing, sentence, reference, "documents")
