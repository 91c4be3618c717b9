"""The dossier as it is read: each answer beside its criterion, what a rule says, the remarks."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from avip.templatetags.words import count_of, fr_time, percent, weekday_name
from labels.charter import BY_CODE, COMMITMENTS
from labels.checklist import BY_LAW, SECTIONS, accepted_documents, sections_of
from labels.checks import Finding
from labels.models import CommitmentAnswer, FieldComment, LabelApplication, SupportingDocument
from labels.rules import RuleMissing, RuleSet, in_words

# Every answer of a dossier, by section: what a remark may be about.
FIELDS = {
    "identite": {
        "facility_name": "Nom",
        "siret": "SIRET",
        "address": "Adresse",
        "facility_type": "Type",
        "funding": "Financement",
        "in_qpv": "Quartier prioritaire",
    },
    "gestionnaire": {
        "operator_name": "Gestionnaire",
        "operator_siren": "SIREN du gestionnaire",
        "director_name": "Direction",
    },
    "capacite": {
        "licensed_capacity": "Capacité autorisée",
        "planned_children": "Enfants accueillis",
        "planned_avip_children": "Enfants Avip prévus",
        "planned_periods": "Périodes",
    },
    "horaires": {"open_days": "Jours", "opens": "Ouvre à", "closes": "Ferme à"},
    "engagements": {c.code: f"{c.code}. {c.title}" for c in COMMITMENTS},
    "referent": {"family_referent_name": "Nom", "family_referent_role": "Fonction"},
    "documents": {
        kind.value: kind.label[0].upper() + kind.label[1:] for kind in SupportingDocument.Kind
    },
}

# The rule an answer is compared with.
RULE_OF = {
    "licensed_capacity": "facility_capacity_bands",
    "planned_avip_children": "quota_rate",
    "opens": "opening_span_min_hours_day",
    "closes": "opening_span_min_hours_day",
}
BY_LAW_REFERENCE = "CASF, art. L. 214-7, III"


@dataclass
class Answer:
    """One answer, and all there is to say of it."""

    section: str
    field: str
    label: str
    value: str = ""  # as people read it; empty: not answered
    note: str = ""
    commitment: CommitmentAnswer | None = None
    document: SupportingDocument | None = None
    criterion: str = ""
    reference: str = ""
    findings: list[Finding] = field(default_factory=list)
    comments: list[FieldComment] = field(default_factory=list)

    @property
    def anchor(self) -> str:
        """The place of this answer on a page."""
        return f"{self.section}-{self.field}"


@dataclass
class Rubric:
    """One section of the dossier."""

    name: str
    title: str
    answers: list[Answer]
    findings: list[Finding]  # those about the whole section


def read_dossier(
    application: LabelApplication,
    *,
    rules: RuleSet | None = None,
    findings: Iterable[Finding] = (),
    comments: Iterable[FieldComment] = (),
) -> list[Rubric]:
    """Every answer, section by section; with `rules`, the criterion of each one."""
    given = {document.kind: document for document in application.documents.all()}
    taken = {answer.code: answer for answer in application.commitments.all()}
    findings, comments = list(findings), list(comments)
    rubrics = []
    for name, title in sections_of(application).items():
        answers = [
            _answer(application, name, code, label, taken, given, rules)
            for code, label in FIELDS[name].items()
            if name != "documents" or code in given or code in accepted_documents(application)
        ]
        for answer in answers:
            place = (answer.section, answer.field)
            answer.findings = [f for f in findings if (f.section, f.field) == place]
            answer.comments = [c for c in comments if (c.section, c.field) == place]
        whole = [f for f in findings if f.section == name and not f.field]
        rubrics.append(Rubric(name, title, answers, whole))
    return rubrics


def label_of(section: str, code: str) -> str:
    """The name of an answer; KeyError when the dossier has no such answer."""
    return FIELDS[section][code]


def place_in_words(section: str, code: str) -> str:
    """« Places et enfants accueillis, Capacité autorisée »."""
    return f"{SECTIONS[section]}, {label_of(section, code)}"


def form_field(section: str, code: str) -> str:
    """The name of the question in the form of the section."""
    return f"how_{code}" if section == "engagements" else code


def placed(comments: Iterable[FieldComment]) -> list[FieldComment]:
    """The remarks, each with its `place` in words and the `question` of the form it is about."""
    rows = list(comments)
    for row in rows:
        row.place = label_of(row.section, row.field)
        row.question = form_field(row.section, row.field)
    return rows


def _answer(application, section, code, label, taken, given, rules):
    answer = Answer(section, code, label)
    if section == "engagements":
        commitment = BY_CODE[code]
        answer.commitment = taken.get(code)
        answer.value = answer.commitment.how if answer.commitment else ""
        answer.criterion, answer.reference = commitment.question, commitment.reference
    elif section == "documents":
        answer.document = given.get(code)
        if code in BY_LAW:
            answer.criterion = "Prévoit l’accueil d’enfants de parents en recherche d’emploi."
            answer.reference = BY_LAW_REFERENCE
    else:
        answer.value = _in_words(application, code)
        if code == "planned_avip_children" and application.planned_share is not None:
            answer.note = f"soit {percent(application.planned_share)}"
        if rules and code in RULE_OF:
            answer.criterion, answer.reference = _criterion(rules, RULE_OF[code])
    return answer


def _criterion(rules, key):
    try:
        entry = rules.entry(key)
    except RuleMissing as missing:
        return str(missing), ""
    if key == "facility_capacity_bands":
        return entry.rule.label, entry.reference
    return f"{entry.rule.label}\xa0: {in_words(entry)}", entry.reference


def _in_words(application, code):
    value = getattr(application, code)
    if value in (None, "", []):
        return ""
    if code in ("facility_type", "funding"):
        return getattr(application, f"get_{code}_display")()
    if code == "in_qpv":
        return "oui" if value else "non"
    if code == "licensed_capacity":
        return count_of(value, "place")
    if code == "planned_children":
        return count_of(value, "enfant de moins de trois ans,enfants de moins de trois ans")
    if code == "planned_avip_children":
        return count_of(value, "enfant")
    if code == "open_days":
        return ", ".join(weekday_name(day) for day in value)
    if code in ("opens", "closes"):
        return fr_time(value)
    return str(value)
