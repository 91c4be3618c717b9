"""The summary of a dossier: what the committee reads of it, on screen or in its pack."""

from datetime import date

from avip.pdf import render_pdf
from labels.checks import advisory_checks
from labels.clock import decision_clock
from labels.models import LabelApplication
from labels.reading import place_in_words, read_dossier
from labels.rules import rules_for


def summary_context(application: LabelApplication, on: date, *, rules=None) -> dict:
    """What `labels/pdf/_summary.html` shows of one dossier, under the name `summary`.

    `rules` spares a query where many dossiers of one Caf are printed together.
    """
    rules = rules or rules_for(application.caf, on)
    findings = advisory_checks(application, rules)
    comments = list(application.field_comments.unsettled().select_related("author"))
    corrections = list(application.corrections.select_related("asked_by"))
    return {
        "application": application,
        "on": on,
        "rubrics": read_dossier(application),
        "findings": findings,
        "comments": [(place_in_words(row.section, row.field), row) for row in comments],
        "corrections": corrections,
        "clock": decision_clock(application, corrections, rules, on),
    }


def render_summary(application: LabelApplication, on: date) -> bytes:
    """The PDF of one dossier as it stands that day."""
    context = {
        "title": "Résumé de la demande de label",
        "subtitle": application.facility_name or str(application.provider),
        "caf": application.caf,
        "reference": f"au {on:%d/%m/%Y}",
        "summary": summary_context(application, on),
    }
    return render_pdf("labels/pdf/summary.html", context)
