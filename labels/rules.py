"""The référentiel: the value of every rule of the label, for a Caf, on a day.

A national value is a dated line below, with its reference; it holds until the next one. A Caf's own
value is a dated `LocalRule`. Nothing of the law is written anywhere else in the project.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone

# Values without a source are shown as « à confirmer », until the Cnaf or the Caf settles them.
TO_CONFIRM = "À confirmer\xa0: aucun texte trouvé"

CHARTER = date(2016, 5, 1)  # the sources say March to June 2016; the day has no consequence
CHILDMINDERS = date(2025, 1, 1)


class RuleMissing(LookupError):
    """No value of this rule is in force on that day: an error, never a default."""


@dataclass(frozen=True)
class Rule:
    """A rule of the label: its national values by first day, and what a Caf may change."""

    label: str
    values: dict  # first day -> (value, reference)
    unit: str = ""
    local: bool = False  # whether a Caf may set its own value
    stricter: Callable | None = None  # max or min: the legal side of a Caf's own value
    choices: tuple = ()

    def national(self, on: date):
        """(value, reference, since) in force on that day; raises RuleMissing."""
        started = [day for day in self.values if day <= on]
        if not started:
            raise RuleMissing(f"«\xa0{self.label}\xa0» n’a pas de valeur au {on:%d/%m/%Y}.")
        since = max(started)
        value, reference = self.values[since]
        return value, reference, since


RULES = {
    "quota_rate": Rule(
        "Part minimale d’enfants accueillis au titre du label",
        {
            CHARTER: (Decimal("0.30"), "Charte nationale de 2016"),
            date(2017, 1, 1): (
                Decimal("0.20"),
                "Avenant de 2017 à la charte\xa0; CASF, art. L. 214-7, III",
            ),
        },
        unit="%",
        local=True,
        stricter=max,
    ),
    "quota_basis": Rule(
        "Ce que compte le quota",
        {CHARTER: ("children", "CASF, art. L. 214-7, III\xa0: «\xa020\xa0% d’enfants\xa0»")},
        local=True,
        choices=("children", "places", "hours"),
    ),
    "quota_period": Rule(
        "Période du quota",
        {CHARTER: ("month", "Charte de 2016\xa0: volumétrie et périodes définies par chaque Eaje")},
        local=True,
        choices=("month", "year"),
    ),
    "quota_mode": Rule(
        "Effet du quota",
        {CHARTER: ("required", "CASF, art. L. 214-7, III")},
        local=True,
        choices=("required", "informative"),
    ),
    "quota_counts_retained": Rule(
        "Les enfants dont la place est pérennisée comptent",
        {CHARTER: (True, "Par analogie avec CASF, art. D. 214-7")},
        local=True,
    ),
    "quota_max_child_age_months": Rule(
        "Âge des enfants comptés\xa0: moins de",
        {CHARTER: (36, "CASF, art. L. 214-7, I")},
        unit="mois",
    ),
    "quota_ramp_up_months": Rule(
        "Montée en charge d’un label neuf", {CHARTER: (6, TO_CONFIRM)}, unit="mois", local=True
    ),
    "declaration_period": Rule(
        "Rythme de la déclaration",
        {CHARTER: ("month", TO_CONFIRM)},
        local=True,
        choices=("month", "quarter"),
    ),
    "opening_span_min_hours_day": Rule(
        "Amplitude d’ouverture conseillée",
        {CHARTER: (10, "Fiche AISS/Cnaf\xa0: 10 heures par jour")},
        unit="h par jour",
        local=True,
    ),
    "care_min_hours_week": Rule(
        "Accueil conseillé par enfant",
        {CHARTER: (10, "Évaluation Cnaf de 2022\xa0: au moins 10 heures par semaine")},
        unit="h par semaine",
        local=True,
    ),
    "contract_duration_months": Rule(
        "Durée du contrat d’engagement",
        {CHARTER: (3, "Fiche AISS/Cnaf\xa0: trois mois, renouvelable une fois")},
        unit="mois",
        local=True,
    ),
    "contract_max_renewals": Rule(
        "Renouvellements du contrat",
        {CHARTER: (1, "Fiche AISS/Cnaf\xa0: trois mois, renouvelable une fois")},
        local=True,
    ),
    "interview_max_per_week": Rule(
        "Entretiens avec la famille, jusqu’à",
        {CHARTER: (2, "Fiche AISS/Cnaf\xa0: jusqu’à deux fois par semaine")},
        unit="par semaine",
        local=True,
    ),
    "referral_answer_hours": Rule(
        "Délai de réponse à une demande",
        {CHARTER: (72, "Précédent MaCigogne\xa0; à confirmer")},
        unit="h d’ouverture",
        local=True,
    ),
    "urgent_answer_hours": Rule(
        "Délai de réponse à une demande urgente",
        {CHARTER: (2, TO_CONFIRM)},
        unit="h d’ouverture",
        local=True,
    ),
    "occasional_max_days": Rule(
        "Accueil ponctuel sans contrat, jusqu’à",
        {CHARTER: (5, TO_CONFIRM)},
        unit="jours",
        local=True,
    ),
    "child_max_age_months": Rule(
        "Âge de l’enfant au début d’un contrat\xa0: moins de",
        {CHARTER: (36, "CASF, art. L. 214-7, I\xa0: enfants de moins de trois ans")},
        unit="mois",
    ),
    "school_entry_age_years": Rule(
        "Le contrat finit avant l’école, l’année des",
        {
            CHARTER: (
                3,
                "Code de l’éducation, art. L. 131-1\xa0: instruction obligatoire à trois ans",
            )
        },
        unit="ans",
    ),
    "school_last_day": Rule("Dernier jour avant l’école", {CHARTER: ("31 août", TO_CONFIRM)}),
    "childminder_hours_month_cap": Rule(
        "Plafond d’heures chez une assistante maternelle",
        {
            CHILDMINDERS: (
                50,
                "Note aux assistantes maternelles sur le nouveau label\xa0: 50 heures par mois",
            )
        },
        unit="h par mois",
    ),
    "childminder_max_places": Rule(
        "Places Avip par assistante maternelle",
        {CHILDMINDERS: (1, "Note aux assistantes maternelles sur le nouveau label\xa0: une place")},
    ),
    "childminder_cap_method": Rule(
        "Calcul du plafond d’heures",
        {
            CHILDMINDERS: (
                "calendar",
                "Note\xa0: «\xa050 heures par mois\xa0»\xa0; chaque mois réel",
            )
        },
        local=True,
        choices=("calendar", "monthly_average"),
    ),
    "childminder_requires_validation": Rule(
        "Chaque situation chez une assistante maternelle est validée par la coordination",
        {CHILDMINDERS: (True, "Note aux assistantes maternelles sur le nouveau label")},
    ),
    "label_duration_months": Rule(
        "Durée du label", {CHARTER: (36, TO_CONFIRM)}, unit="mois", local=True
    ),
    "label_renewal_notice_days": Rule(
        "Préavis de renouvellement du label", {CHARTER: (90, TO_CONFIRM)}, unit="jours", local=True
    ),
    "label_decision_days": Rule(
        "Délai de décision sur une demande de label",
        {CHARTER: (60, TO_CONFIRM)},
        unit="jours",
        local=True,
    ),
    "appeal_delay_months": Rule(
        "Délai de recours contre une décision",
        {CHARTER: (2, "Code de justice administrative, art. R. 421-1")},
        unit="mois",
    ),
    "small_count_min": Rule(
        "Plus petit effectif publié",
        {CHARTER: (11, "Secret statistique\xa0; à confirmer")},
        local=True,
        stricter=max,
    ),
    "retention_household_months": Rule(
        "Dossier d’une famille, gardé après le dernier contact",
        {CHARTER: (24, "CNIL, délibération 2023-095\xa0; à confirmer par le délégué de la Caf")},
        unit="mois",
        local=True,
        stricter=min,
    ),
    "retention_contract_years": Rule(
        "Contrat scellé et ses preuves, gardés après sa fin",
        {CHARTER: (5, "Code civil, art. 2224\xa0; à confirmer par le délégué de la Caf")},
        unit="ans",
        local=True,
    ),
    "positive_outcomes": Rule(
        "Sorties positives",
        {
            CHARTER: (
                ("job", "training", "business_creation"),
                "Débat national sur le retour à l’emploi",
            )
        },
        local=True,
    ),
    "facility_capacity_bands": Rule(
        "Catégories de crèches collectives, par capacité autorisée",
        {
            date(2021, 9, 1): (
                (
                    (12, "micro-crèche"),
                    (24, "petite crèche"),
                    (39, "crèche"),
                    (59, "grande crèche"),
                ),
                "CSP, art. R. 2324-46",
            )
        },
    ),
}


@dataclass(frozen=True)
class RuleValue:
    """A rule as it stands for a Caf on a day, and where that comes from."""

    key: str
    rule: Rule
    value: object
    reference: str
    since: date
    is_local: bool

    @property
    def to_confirm(self) -> bool:
        """No text was found for this value."""
        return TO_CONFIRM in self.reference


class RuleSet:
    """Every rule for one Caf on one day, as known at one moment: `rules.quota_rate`."""

    def __init__(self, entries: dict, on: date, known_at: datetime):
        self.entries = entries
        self.on = on
        self.known_at = known_at

    def __getattr__(self, key):
        if key.startswith("_") or key not in RULES:
            raise AttributeError(key)
        return self.entry(key).value

    def entry(self, key) -> RuleValue:
        """The value of one rule with its reference; raises RuleMissing when nothing is in force."""
        if key not in self.entries:
            RULES[key].national(self.on)
        return self.entries[key]


def rules_for(caf, on: date, known_at: datetime | None = None) -> RuleSet:
    """Every rule as it stands for this Caf on this day, as known at `known_at` (default: now)."""
    from labels.models import LocalRule

    known_at = known_at or timezone.now()
    entries = {}
    for key, rule in RULES.items():
        try:
            entries[key] = RuleValue(key, rule, *rule.national(on), is_local=False)
        except RuleMissing:
            continue
    if caf is not None:
        for row in LocalRule.objects.filter(caf=caf).in_force(on, known_at):
            rule = RULES[row.key]
            entries[row.key] = RuleValue(
                row.key,
                rule,
                from_json(row.key, row.value),
                row.reference,
                row.valid_from,
                True,
            )
    return RuleSet(entries, on, known_at)


def to_json(value):
    """A rule's value as JSON: decimals as text, tuples as lists."""
    return str(value) if isinstance(value, Decimal) else value


def from_json(key, value):
    """The typed value of a rule from its JSON; the type is that of the national values."""
    sample = next(iter(RULES[key].values.values()))[0]
    if isinstance(sample, Decimal):
        return Decimal(str(value))
    if isinstance(sample, tuple):
        return tuple(value)
    return value


def capacity_category(capacity, on: date) -> str:
    """The legal category of a collective crèche of this capacity (CSP, art. R. 2324-46)."""
    bands, _, _ = RULES["facility_capacity_bands"].national(on)
    for highest, name in bands:
        if capacity <= highest:
            return name
    return "très grande crèche"


# How a choice is said; the values themselves stay in English, like every status.
CHOICES_IN_WORDS = {
    "children": "les enfants",
    "places": "les places",
    "hours": "les heures",
    "month": "chaque mois",
    "quarter": "chaque trimestre",
    "year": "l’année",
    "required": "exigé, avec une alerte",
    "informative": "pour information",
    "calendar": "chaque mois réel",
    "monthly_average": "moyenne mensuelle",
    "job": "emploi",
    "training": "formation",
    "business_creation": "création d’entreprise",
}


def in_words(entry: RuleValue | None) -> str:
    """The value of a rule as people say it; « aucune » when nothing is in force."""
    if entry is None:
        return "aucune valeur en vigueur"
    value, unit = entry.value, entry.rule.unit
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, Decimal):
        return f"{(value * 100).normalize():f}\xa0%".replace(".", ",")
    if isinstance(value, str):
        return CHOICES_IN_WORDS.get(value, value)
    if isinstance(value, tuple):
        return ", ".join(_part_in_words(part) for part in value)
    return f"{value}\xa0{unit}".strip()


def _part_in_words(part):
    if isinstance(part, tuple):  # a band of capacity: (highest, name)
        return f"{part[1]} jusqu’à {part[0]}"
    return CHOICES_IN_WORDS.get(part, str(part))
