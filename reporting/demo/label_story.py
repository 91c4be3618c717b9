"""Chapter one: crèches ask for the label, the Caf reviews, the committee decides; every
state is shown.
"""

import io
from datetime import date, datetime, time, timedelta

import pikepdf
from dateutil.relativedelta import relativedelta
from django.utils import timezone

from avip.models import Document
from labels import workflow
from labels.charter import COMMITMENTS
from labels.models import CommitmentAnswer, Label, LabelApplication, SupportingDocument
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


class LabelStory:
    """Walks dossiers through the functions the pages use."""

    def __init__(self, world):
        self.world = world
        self.documents = {
            kind: Document.objects.write(filename=f"{kind}.pdf", data=blank_pdf())
            for kind in SupportingDocument.Kind.values
        }

    def draft(self, provider, on, *, complete=True, attached=True):
        """A dossier as the director leaves it: complete, or begun only."""
        facility = provider.facility
        capacity = facility.licensed_capacity
        application = LabelApplication.objects.create(
            provider=provider,
            caf=provider.caf,
            opened_by=self.world.directors[provider.pk],
            created_at=at_ten(on),
            edited_at=at_ten(on),
            attached_at=at_ten(on) if attached else None,
            facility_name=provider.name,
            siret=facility.siret,
            address=facility.address,
            facility_type=facility.type,
            funding=facility.funding,
            licensed_capacity=capacity,
            in_qpv=facility.in_qpv,
        )
        if not complete:
            return application
        application.opens, application.closes = time(7, 30), time(18, 30)
        application.open_days = [0, 1, 2, 3, 4]
        application.planned_children = capacity + 2
        application.planned_avip_children = -(-(capacity + 2) // 4)
        application.planned_periods = "Toute l’année, entrées possibles chaque mois."
        application.family_referent_name = str(self.world.directors[provider.pk])
        application.family_referent_role = "directrice"
        application.save()
        CommitmentAnswer.objects.bulk_create(
            CommitmentAnswer(
                application=application,
                code=commitment.code,
                agrees=True,
                how=names.HOW[index % len(names.HOW)],
            )
            for index, commitment in enumerate(COMMITMENTS)
        )
        SupportingDocument.objects.bulk_create(
            SupportingDocument(application=application, kind=kind, document=document)
            for kind, document in self.documents.items()
        )
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
            workflow.take_label_step(
                name, label, by=by, on=day, at=at_ten(day), reasons="Travaux dans les locaux."
            )

    return tale


# One crèche for each state of the review and of the label's life that the others do not show.
TALES = [
    lambda story, provider, today: story.draft(provider, today - timedelta(days=3), complete=False),
    lambda story, provider, today: story.draft(provider, today - timedelta(days=2), attached=False),
    lambda story, provider, today: story.submitted(provider, today - timedelta(days=4)),
    lambda story, provider, today: story.reviewed(provider, today - timedelta(days=20)),
    _correction,
    lambda story, provider, today: story.ready(provider, today - timedelta(days=16)),
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
