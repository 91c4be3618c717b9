"""Committees in any state, walked there by the real workflow."""

from datetime import UTC, date, datetime

from labels import workflow
from labels.models import LabelCommittee, Opinion
from tests import factories as f
from tests.labels.factories import (
    AT,
    ON,
    Proposal,
    Status,
    make_application,
    make_committee,
)

DAY = date(2026, 3, 23)  # of the session
THEN = datetime(2026, 3, 23, 15, 0, tzinfo=UTC)
CALLED = {"on": ON, "at": AT}
SAT = {"on": DAY, "at": THEN}
C = LabelCommittee.Status
V = Opinion.Value
MEMBERS = [
    ("Jeanne Comité", "Mission Locale", "jeanne@comite.example.fr"),
    ("Omar Prévôt", "France Travail", "omar@comite.example.fr"),
    ("Ida Vasseur", "Département", "ida@comite.example.fr"),
]


def make_ready(caf, *, agent, count=1, **fields):
    """So many crèches of this Caf, each with a dossier that waits for a committee."""
    return [
        make_application(
            Status.READY,
            f.make_facility(f"Crèche {number}", caf=caf),
            agent=agent,
            **fields,
        )
        for number in range(1, count + 1)
    ]


def add_members(committee, *, by, members=MEMBERS):
    for name, organisation, email in members:
        workflow.add_member(
            committee, by=by, name=name, organisation=organisation, email=email, at=AT
        )


def make_sitting(caf, *, agent, count=1, applications=None, convened=True, present=3, **fields):
    """A committee with these dossiers and three members, convened: `present` of them came."""
    committee = make_committee(caf, by=agent, **{"quorum": 2} | fields)
    applications = applications or make_ready(caf, agent=agent, count=count)
    refused = workflow.put_all_on_agenda(applications, committee=committee, by=agent, **CALLED)
    assert not refused
    add_members(committee, by=agent)
    if convened:
        workflow.convene(committee, by=agent, **CALLED)
        here = {member.pk for member in committee.members.all()[:present]}
        workflow.record_presence(committee, by=agent, present=here, at=THEN)
    return committee


def note_all(committee, *, by, decision=Proposal.GRANT, **words):
    """The same decision for every dossier."""
    for item in committee.agenda.filter(settled_at=None):
        workflow.note_decision(item, by=by, on=DAY, at=THEN, decision=decision, **words)


def make_decided(caf, *, agent, **options):
    """A session where everything is noted: it only has to close."""
    committee = make_sitting(caf, agent=agent, **options)
    note_all(committee, by=agent)
    return committee
