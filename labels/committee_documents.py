"""What a committee leaves on paper: its pack before, its minutes after."""

from avip.pdf import render_pdf
from labels.models import LabelApplication, LabelCommittee
from labels.opinions import counts_of, taking_part
from labels.rules import rules_for
from labels.summary import summary_context
from labels.workflow import COMMITTEE


def render_pack(committee, on) -> bytes:
    """One PDF: the agenda, then the summary of each dossier, each with its bookmark."""
    items = list(committee.agenda.filter(settled_at=None))
    rules = rules_for(committee.caf, on)
    applications = (
        LabelApplication.objects.filter(pk__in=[item.application_id for item in items])
        .select_related("provider__commune", "caf", "reviewer", "current_label")
        .with_answers()
        .in_bulk()
    )
    dossiers = [
        (item, summary_context(applications[item.application_id], on, rules=rules))
        for item in items
    ]
    context = _head(committee, "Dossier de séance") | {
        "dossiers": dossiers,
        "members": committee.members.all(),
    }
    return render_pdf("labels/pdf/pack.html", context)


def render_minutes(committee) -> bytes:
    """Who sat, what each one thought, what was decided, what left the agenda, who closed."""
    return render_pdf("labels/pdf/minutes.html", minutes_context(committee))


def minutes_context(committee) -> dict:
    """What the minutes say; nothing in it changes once the committee is closed."""
    items = list(committee.agenda.select_related("application__provider__commune"))
    counts = counts_of(committee, items)
    closing = committee.history.filter(target=committee.Status.CLOSED).last()
    return _head(committee, "Procès-verbal du comité") | {
        "members": committee.members.all(),
        "here": taking_part(committee),
        "decided": [(item, counts[item.pk]) for item in items if item.decision],
        "skipped": [item for item in items if not item.decision],
        "confirmation": closing.confirmation if closing else None,
        "closing": COMMITTEE.steps["close"].done,
    }


def _head(committee, title):
    return {
        "title": title,
        "caf": committee.caf,
        "subtitle": str(committee),
        "committee": committee,
        "is_written": committee.kind == LabelCommittee.Kind.WRITTEN,
    }
