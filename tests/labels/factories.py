"""Dossiers of the label in any state, walked there by the real workflow."""

import io
from datetime import UTC, date, datetime, time

import pikepdf

from avip.models import Document
from labels import workflow
from labels.charter import COMMITMENTS
from labels.checklist import BY_LAW
from labels.grounds import GROUNDS
from labels.models import CommitmentAnswer, Label, LabelApplication, SupportingDocument
from labels.requests import ask_for_label, confirm_request
from tests import factories as f

ON = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
Proposal = LabelApplication.Proposal
Status = LabelApplication.Status
# What a decision says besides its reasons.
WORDS = {
    Proposal.GRANT_WITH_RESERVATIONS: {"reservations_due_on": date(2026, 6, 30)},
    Proposal.DEFER: {"deferred_until": date(2026, 9, 1)},
    Proposal.REFUSE: {"refusal_grounds": GROUNDS[:1]},
}


def a_pdf(**keys) -> bytes:
    """A one-page PDF; `keys` go to its catalogue."""
    pdf = pikepdf.new()
    pdf.add_blank_page()
    for name, value in keys.items():
        pdf.Root[f"/{name}"] = value
    data = io.BytesIO()
    pdf.save(data)
    return data.getvalue()


def make_draft(provider, *, by=None, complete=True, attached=True, **fields):
    """A dossier opened by somebody of the crèche: complete, or as it opens."""
    by = by or f.make_user("Nadia", "Benali", member_of=provider, quality="directrice")
    application = LabelApplication.objects.create(
        provider=provider,
        caf=provider.caf,
        opened_by=by,
        attached_at=AT if attached else None,
        created_at=AT,
        edited_at=AT,
        facility_name=provider.name,
        siret=provider.facility.siret or "",
    )
    if complete:
        answers = {
            "address": "3 rue des Rames",
            "operator_name": "Ville de Paris",
            "director_name": "Nadia Benali",
            "facility_type": "collective",
            "funding": "psu",
            "licensed_capacity": 24,
            "in_qpv": False,
            "opens": time(7, 30),
            "closes": time(18, 30),
            "open_days": [0, 1, 2, 3, 4],
            "planned_children": 30,
            "planned_avip_children": 7,
            "planned_periods": "Toute l’année.",
            "family_referent_name": "Lina Roux",
            "family_referent_role": "éducatrice",
        } | fields
        LabelApplication.objects.filter(pk=application.pk).update(**answers)
        application.refresh_from_db()
        answer_everything(application)
    return application


def answer_everything(application):
    """Every commitment taken, both documents joined."""
    CommitmentAnswer.objects.bulk_create(
        CommitmentAnswer(application=application, code=c.code, agrees=True, how="Chaque semaine.")
        for c in COMMITMENTS
    )
    for kind in BY_LAW:
        SupportingDocument.objects.create(
            application=application,
            kind=kind,
            document=Document.objects.write(filename=f"{kind}.pdf", data=a_pdf()),
        )


def make_application(status, provider, *, by=None, agent=None, decider=None, **fields):
    """A dossier in this state; `agent` reviews it, `decider` records the decision."""
    by = by or f.make_user("Nadia", "Benali", member_of=provider, quality="directrice")
    application = make_draft(provider, by=by, **fields)
    agent = agent or f.make_user("Sophie", "Laurent", member_of=provider.caf)
    day = {"on": ON, "at": AT}

    def ready():
        workflow.declare_ready(
            application, by=agent, proposal=Proposal.GRANT, reasons="Complet.", **day
        )

    def decide(decision, **more):
        person = agent if more else decider or f.make_user("Marc", "D", member_of=provider.caf)
        words = WORDS.get(decision, {}) | more | day
        return workflow.record_decision(
            application, by=person, decision=decision, reasons="Vu.", decided_on=ON, **words
        )

    def on_agenda():
        committee = make_committee(provider.caf, by=agent)
        workflow.put_on_agenda(application, committee=committee, by=agent, **day)

    steps = {
        Status.SUBMITTED: [lambda: workflow.submit(application, by=by, **day)],
        Status.UNDER_REVIEW: [lambda: workflow.start_review(application, by=agent, **day)],
        Status.CORRECTION_REQUESTED: [
            lambda: workflow.ask_correction(
                application, by=agent, message="Le SIRET.", due_on=date(2026, 3, 20), **day
            )
        ],
        Status.READY: [ready],
        Status.ON_AGENDA: [on_agenda],
        Status.TO_CONFIRM: [lambda: decide(Proposal.GRANT, confirmer=CONFIRMER)],
        Status.GRANTED: [lambda: decide(Proposal.GRANT)],
        Status.GRANTED_WITH_RESERVATIONS: [lambda: decide(Proposal.GRANT_WITH_RESERVATIONS)],
        Status.DEFERRED: [lambda: decide(Proposal.DEFER)],
        Status.REFUSED: [lambda: decide(Proposal.REFUSE)],
        Status.WITHDRAWN: [lambda: workflow.withdraw(application, by=by, **day)],
    }
    for state in PATHS[Status(status)]:
        for step in steps[state]:
            step()
    application.refresh_from_db()
    return application


def make_label(provider, *, starts_on=ON, ends_on=date(2029, 3, 1), **fields):
    """A label without its dossier, in any state."""
    return Label.objects.create(
        provider=provider,
        caf=provider.caf,
        granted_on=starts_on,
        starts_on=starts_on,
        ends_on=ends_on,
        **{"created_at": AT} | fields,
    )


def make_committee(caf, *, by=None, **fields):
    """A session in preparation, three weeks later."""
    by = by or f.make_user("Sophie", "Laurent", member_of=caf)
    defaults = {"held_on": date(2026, 3, 23), "place": "Salle du conseil"}
    return workflow.plan_committee(caf, by=by, at=AT, **defaults | fields)


CONFIRMER = {
    "name": "Jeanne Comité",
    "quality": "représentante de la Mission Locale",
    "email": "comite@example.fr",
}

REVIEWED = (Status.SUBMITTED, Status.UNDER_REVIEW)
PATHS = {
    Status.DRAFT: (),
    Status.SUBMITTED: (Status.SUBMITTED,),
    Status.UNDER_REVIEW: REVIEWED,
    Status.CORRECTION_REQUESTED: (*REVIEWED, Status.CORRECTION_REQUESTED),
    Status.READY: (*REVIEWED, Status.READY),
    Status.WITHDRAWN: (Status.WITHDRAWN,),
    Status.ON_AGENDA: (*REVIEWED, Status.READY, Status.ON_AGENDA),
    Status.TO_CONFIRM: (*REVIEWED, Status.READY, Status.TO_CONFIRM),
} | {decided: (*REVIEWED, Status.READY, decided) for decided in LabelApplication.DECIDED}


def make_label_request(caf, **answers):
    """A request as the public page writes it down."""
    f.make_commune()
    defaults = {
        "siret": f.make_siret(),
        "facility_name": "Les Mousses",
        "postal_code": "75020",
        "first_name": "Zoé",
        "last_name": "Martin",
        "email": "zoe@mousses.example.fr",
    }
    return ask_for_label(caf, **defaults | answers)


def make_confirmed_request(caf, **answers):
    """A request whose mailbox is proved."""
    request = make_label_request(caf, **answers)
    return confirm_request(
        request, password=f.PASSWORD, commune=f.make_commune(), quality="directrice", on=ON
    )
