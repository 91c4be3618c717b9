"""Chapter one: crèches ask for the label, the Caf reviews, the committee decides; every
state is shown.
"""

import io
from datetime import date, datetime, time, timedelta

import pikepdf
from dateutil.relativedelta import relativedelta
from django.utils import timezone

from labels import filing, workflow
from labels.charter import COMMITMENTS
from labels.checklist import BY_LAW
from labels.models import Label, LabelApplication
from reporting.demo import names

Proposal = LabelApplication.Proposal


def at_ten(day: date):
    """Ten in the morning of that day: the demonstration's people work in office hours."""
    return timezone.make_aware(datetime.combine(day, time(10)))


def blank_pdf() -> bytes:
    """A one-page PDF: what a crèche uploads here is of no interest."""
    pdf = pikepdf.new()
    pdf.add_blank_page()
    data = io.BytesIO()
    pdf.save(data)
    return data.getvalue()


def _answers(application, director):
    children = application.licensed_capacity + 2
    return {
        "in_qpv": bool(application.in_qpv),
        "operator_name": application.operator_name or "Ville",
        "director_name": str(director),
        "planned_children": children,
        "planned_avip_children": -(-children // 4),
        "planned_periods": "Toute l’année, entrées possibles chaque mois.",
        "family_referent_name": str(director),
        "family_referent_role": "directrice",
    }


class LabelStory:
    """Walks dossiers through the functions the pages use."""

    def __init__(self, world):
        self.world = world
        self.files = {kind: (f"{kind}.pdf", blank_pdf()) for kind in BY_LAW}

    def draft(self, provider, on, *, complete=True, attached=True):
        """A dossier as the director leaves it: complete, or begun only."""
        director, at = self.world.directors[provider.pk], at_ten(on)
        application = filing.start_draft(
            provider, by=director, attached_at=at if attached else None, at=at
        )
        if complete:
            writing = {"by": director, "seen": None, "at": at}
            filing.save_section(application, values=_answers(application, director), **writing)
            charter = {
                commitment.code: (True, names.HOW[index % len(names.HOW)])
                for index, commitment in enumerate(COMMITMENTS)
            }
            filing.save_commitments(application, answers=charter, **writing)
            filing.save_documents(application, files=self.files, **writing)
        return application

    def submitted(self, provider, on):
        application = self.draft(provider, on)
        director = self.world.directors[provider.pk]
        workflow.submit(application, by=director, on=on, at=at_ten(on))
        return application

    def reviewed(self, provider, on):
        application = self.submitted(provider, on)
        review = on + timedelta(days=6)
        workflow.start_review(application, by=self.world.officer, on=review, at=at_ten(review))
        return application

    def ready(self, provider, on, proposal=Proposal.GRANT):
        application = self.reviewed(provider, on)
        day = on + timedelta(days=12)
        workflow.declare_ready(
            application,
            by=self.world.officer,
            on=day,
            at=at_ten(day),
            proposal=proposal,
            reasons="Dossier complet ; partenariat avec la Mission Locale déjà en place.",
        )
        return application

    def decided(self, provider, on, decision=Proposal.GRANT, reasons="Avis favorable du comité."):
        application = self.ready(provider, on, decision)
        day = on + timedelta(days=25)
        workflow.record_decision(
            application,
            by=self.world.manager,
            on=day,
            at=at_ten(day),
            decision=decision,
            reasons=reasons,
            decided_on=day,
        )
        return application


def tell(world, today):
    """Labels granted over two years, and a dossier in each state of the review."""
    story = LabelStory(world)
    for index, provider in enumerate(world.facilities):
        # The first is the oldest, so that its renewal comes near; the last are still in ramp-up.
        months = 33 - index * 31 // max(len(world.facilities) - 1, 1)
        story.decided(provider, today - relativedelta(months=months, days=index % 20))
    for tale, provider in zip(TALES, world.candidates, strict=True):
        tale(story, provider, today)
    _neighbour(world, today)


def _correction(story, provider, today):
    application = story.reviewed(provider, today - timedelta(days=18))
    day = today - timedelta(days=5)
    workflow.ask_correction(
        application,
        by=story.world.officer,
        on=day,
        at=at_ten(day),
        message="Le règlement joint est celui de 2021 : joignez la version en vigueur.",
        due_on=today + timedelta(days=10),
    )
    return application


def _on_agenda(story, provider, today):
    application = story.ready(provider, today - timedelta(days=30))
    day, officer = today - timedelta(days=9), story.world.officer
    committee = workflow.plan_committee(
        story.world.caf,
        by=officer,
        at=at_ten(day),
        held_on=today + timedelta(days=12),
        place="Salle du conseil, 2e étage",
        quorum=3,
    )
    workflow.put_on_agenda(application, committee=committee, by=officer, on=day, at=at_ten(day))


def _refused(story, provider, today):
    reasons = "Le règlement de fonctionnement ne mentionne pas l’engagement du label."
    story.decided(provider, today - timedelta(days=60), Proposal.REFUSE, reasons)


def _deferred(story, provider, today):
    reasons = "Le comité attend la convention avec France Travail."
    story.decided(provider, today - timedelta(days=50), Proposal.DEFER, reasons)


def _withdrawn(story, provider, today):
    application = story.submitted(provider, today - timedelta(days=40))
    workflow.withdraw(
        application,
        by=story.world.directors[provider.pk],
        on=today - timedelta(days=30),
        at=at_ten(today - timedelta(days=30)),
        reasons="La crèche change de gestionnaire.",
    )


def _with_reservations(story, provider, today):
    reasons = "Convention avec la Mission Locale à signer dans les trois mois."
    granted = Proposal.GRANT_WITH_RESERVATIONS
    story.decided(provider, today - timedelta(days=70), granted, reasons)
    story.world.facilities.append(provider)


def _life(*steps):
    """A label granted a year ago, then these steps of its life, twelve days ago."""

    def tale(story, provider, today):
        story.decided(provider, today - timedelta(days=400))
        label = Label.objects.get(provider=provider)
        holder = story.world.directors[provider.pk]
        day = today - timedelta(days=12)
        for name in steps:
            by = holder if name == "relinquish" else story.world.manager
            step = {"by": by, "on": day, "at": at_ten(day), "reasons": "Travaux dans les locaux."}
            if name == "give_notice":
                workflow.give_notice(label, reply_by=day + timedelta(days=30), **step)
            else:
                workflow.take_label_step(name, label, **step)

    return tale


# One crèche for each state of the review and of the label's life that the others do not show.
TALES = [
    lambda story, provider, today: story.draft(provider, today - timedelta(days=3), complete=False),
    lambda story, provider, today: story.draft(provider, today - timedelta(days=2), attached=False),
    lambda story, provider, today: story.submitted(provider, today - timedelta(days=4)),
    lambda story, provider, today: story.reviewed(provider, today - timedelta(days=20)),
    _correction,
    lambda story, provider, today: story.ready(provider, today - timedelta(days=16)),
    _on_agenda,
    _refused,
    _deferred,
    _withdrawn,
    _with_reservations,
    _life("suspend"),
    _life("give_notice"),
    _life("give_notice", "withdraw"),
    _life("relinquish"),
]


def _neighbour(world, today):
    """The neighbouring Caf has one agent: a member of its committee confirms by link.

    One decision is confirmed, the other still waits.
    """
    story = LabelStory(world)
    labelled, waiting = world.neighbour_facilities
    confirmation = _decided_alone(story, labelled, today - timedelta(days=200))
    day = today - timedelta(days=199)
    workflow.confirm_decision(confirmation, on=day, at=at_ten(day))
    _decided_alone(story, waiting, today - timedelta(days=2))


def _decided_alone(story, provider, day):
    application = story.submitted(provider, day)
    officer = story.world.neighbour_officer
    workflow.start_review(application, by=officer, on=day, at=at_ten(day))
    workflow.declare_ready(
        application, by=officer, on=day, at=at_ten(day), proposal=Proposal.GRANT, reasons="Complet."
    )
    return workflow.record_decision(
        application,
        by=officer,
        on=day,
        at=at_ten(day),
        decision=Proposal.GRANT,
        reasons="Avis favorable du comité.",
        decided_on=day,
        confirmer={
            "name": "Jeanne Comité",
            "quality": "membre du comité",
            "email": "comite@demonstration.example.fr",
        },
    )
