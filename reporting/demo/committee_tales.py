"""Committees in each state: planned, convened, to decide, closed, cancelled, to confirm."""

from datetime import time, timedelta

from labels import workflow
from labels.models import LabelApplication, Opinion
from reporting.demo.review_tales import at_ten

Proposal = LabelApplication.Proposal
V = Opinion.Value
MEMBERS = [
    ("Jeanne Comité", "Mission Locale de la démonstration, directrice adjointe"),
    ("Omar Prévôt", "France Travail de la démonstration, responsable d’équipe"),
    ("Ida Vasseur", "Département, service de PMI"),
    ("Gaël Morvan", "Ville, direction de la petite enfance"),
]
# What each member thinks, in the order of the members.
OPINIONS = (V.FAVOURABLE, V.INTERESTED, V.RESERVED)


def _day(day):
    return {"on": day, "at": at_ten(day)}


def _plan(caf, by, day, held_on, **fields):
    committee = workflow.plan_committee(
        caf, by=by, at=at_ten(day), held_on=held_on, **{"quorum": 3} | fields
    )
    for number, (name, organisation) in enumerate(MEMBERS, start=1):
        email = f"comite{number}@demonstration.example.fr"
        workflow.add_member(
            committee, by=by, name=name, organisation=organisation, email=email, at=at_ten(day)
        )
    return committee


def _sitting(story, provider, on, *, called, held_on, **fields):
    """A committee convened on `called`, with the dossier of this crèche."""
    application, officer = story.ready(provider, on), story.world.officer
    committee = _plan(story.world.caf, officer, called, held_on, **fields)
    day = {"by": officer, **_day(called)}
    workflow.put_on_agenda(application, committee=committee, **day)
    workflow.convene(committee, **day)
    return committee


def _give_opinions(committee, day):
    for item in committee.agenda.all():
        for member, value in zip(committee.members.all(), OPINIONS, strict=False):
            workflow.give_opinion(member, item, value=value, **_day(day))


def _sit(committee, by):
    workflow.record_presence(
        committee,
        by=by,
        present={member.pk for member in committee.members.all()},
        at=at_ten(committee.held_on),
    )


def convened(story, provider, today):
    """In twelve days, opinions are coming in; another is being prepared, a third was cancelled."""
    caf, officer = story.world.caf, story.world.officer
    called = today - timedelta(days=9)
    fields = {"starts_at": time(9, 30), "place": "Salle du conseil, 2e étage"}
    committee = _sitting(
        story,
        provider,
        today - timedelta(days=30),
        called=called,
        held_on=today + timedelta(days=12),
        **fields,
    )
    _give_opinions(committee, today - timedelta(days=2))
    _plan(caf, officer, called, today + timedelta(days=47), **fields)
    cancelled = _plan(caf, officer, called - timedelta(days=20), today - timedelta(days=3))
    reasons = "Le quorum ne pouvait pas être réuni à cette date."
    workflow.cancel_committee(cancelled, by=officer, reasons=reasons, **_day(called))


def to_decide(story, provider, today):
    """A written consultation ended yesterday: its decision is to be noted, then it closes."""
    committee = _sitting(
        story,
        provider,
        today - timedelta(days=33),
        called=today - timedelta(days=16),
        held_on=today - timedelta(days=1),
        kind="written",
        quorum=2,
    )
    _give_opinions(committee, today - timedelta(days=4))


def closed(story, provider, today):
    """A session of last month, closed by a colleague of the reviewer."""
    held_on = today - timedelta(days=40)
    committee = _sitting(
        story,
        provider,
        today - timedelta(days=75),
        called=today - timedelta(days=60),
        held_on=held_on,
        starts_at=time(14),
        place="Salle du conseil, 2e étage",
    )
    _give_opinions(committee, held_on)
    _sit(committee, story.world.officer)
    day = _day(held_on)
    workflow.follow_proposals(committee, by=story.world.officer, **day)
    workflow.close_committee(committee, by=story.world.manager, **day)


def to_confirm(story, provider, today):
    """The neighbouring Caf has one agent: a member confirms the decisions of the session."""
    officer, held_on = story.world.neighbour_officer, today - timedelta(days=1)
    filed = today - timedelta(days=30)
    application = story.submitted(provider, filed)
    review = {"by": officer, **_day(filed)}
    workflow.start_review(application, **review)
    workflow.declare_ready(application, proposal=Proposal.GRANT, reasons="Complet.", **review)
    committee = _plan(provider.caf, officer, filed, held_on)
    called = {"by": officer, **_day(filed + timedelta(days=2))}
    workflow.put_on_agenda(application, committee=committee, **called)
    workflow.convene(committee, **called)
    _sit(committee, officer)
    day = _day(held_on)
    workflow.follow_proposals(committee, by=officer, **day)
    confirmer = committee.members.first()
    workflow.close_committee(committee, by=officer, confirmer=confirmer, **day)
