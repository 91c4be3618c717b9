"""The queue of a Caf: how old each dossier is, how long is left to decide, and its export."""

from collections.abc import Iterable
from datetime import date

from avip.templatetags.words import short_date
from labels.clock import age_in_days, decision_clock
from labels.models import LabelApplication
from labels.rules import rules_for

COLUMNS = (
    "Crèche",
    "SIRET",
    "Commune",
    "Nature",
    "État",
    "Déposée le",
    "Âge (jours)",
    "Délai de décision",
    "Instruite par",
    "Quartier prioritaire",
)


def with_clocks(applications: Iterable[LabelApplication], on: date) -> list[LabelApplication]:
    """The same dossiers, each with its `age` and its `clock`; their corrections are loaded."""
    rows, rules = list(applications), {}
    for row in rows:
        if row.caf_id not in rules:
            rules[row.caf_id] = rules_for(row.caf, on)
        row.age = age_in_days(row, on)
        row.clock = decision_clock(row, row.corrections.all(), rules[row.caf_id], on)
    return rows


def cells_of(row: LabelApplication) -> list:
    """One line of the export: what the queue shows of a dossier."""
    return [
        row.facility_name or row.provider.name,
        row.siret,
        row.provider.commune.name,
        row.get_kind_display(),
        "à rattacher" if row.awaits_attachment else row.get_status_display(),
        short_date(row.submitted_at),
        "" if row.age is None else row.age,
        row.clock.in_words if row.clock else "",
        str(row.reviewer or ""),
        {True: "oui", False: "non"}.get(row.in_qpv, ""),
    ]
