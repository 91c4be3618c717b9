"""The committee: its agenda, and the decisions that leave together when it closes."""

from django.db import transaction
from django.db.models import Max

from avip.workflow import StepRefused, lock, moment
from labels.models import AgendaItem, CommitteeStatusChange, LabelCommittee
from labels.workflow.applications import APPLICATION


def plan_committee(caf, *, by, at=None, **fields):
    """A session or a written consultation, in preparation: `fields` are those of its form."""
    committee = LabelCommittee.objects.create(
        caf=caf, opened_by=by, created_at=moment(at), edited_at=moment(at), **fields
    )
    committee.history.create(
        step="plan",
        source="",
        target=committee.status,
        at=moment(at),
        **CommitteeStatusChange.actor(by),
    )
    return committee


@transaction.atomic
def put_on_agenda(application, *, committee, by, on, at=None):
    """Add a ready dossier at the end of the agenda of a committee that is still open."""
    lock(committee)
    if committee.status not in LabelCommittee.OPEN or committee.caf_id != application.caf_id:
        raise StepRefused("Ce comité ne prend plus de dossier.")
    with APPLICATION.take("put_on_agenda", application, by=by, on=on, at=at):
        last = committee.agenda.aggregate(last=Max("position"))["last"] or 0
        AgendaItem.objects.create(committee=committee, application=application, position=last + 1)
