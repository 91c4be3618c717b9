"""Chapter one: crèches ask for the label, the Caf reviews, the committee decides; every
state is shown.
"""

import io
from datetime import timedelta

import pikepdf
from dateutil.relativedelta import relativedelta

from labels import filing, workflow
from labels.charter import COMMITMENTS
from labels.checklist import BY_LAW
from labels.grounds import GROUNDS
from labels.models import Label, LabelApplication
from labels.takeover import take_over
from reporting.demo import committee_tales, names
from reporting.demo.filing_tales import amended, amending, public_page
from reporting.demo.review_tales import at_ten, discussed, to_correct

Proposal = LabelApplication.Proposal


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

    def decided(
        self, provider, on, decision=Proposal.GRANT, reasons="Avis favorable du comité.", **words
    ):
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
            **words,
        )
        return application


def tell(world, today):
    """Labels granted over two years, and a dossier in each state of the review."""
    story = LabelStory(world)
    for index, provider in enumerate(world.facilities):
        # The first is the oldest, so that its renewal is open; the last are still in ramp-up.
        months = 34 - index * 31 // max(len(world.facilities) - 1, 1)
        story.decided(provider, today - relativedelta(months=months, days=index % 20))
    for tale, provider in zip(TALES, world.candidates, strict=True):
        tale(story, provider, today)
    _neighbour(world, today)
    public_page(world.caf, today)


def _refused(story, provider, today):
    reasons = "Le règlement de fonctionnement ne mentionne pas l’engagement du label."
    day, grounds = today - timedelta(days=60), [GROUNDS[1]]
    story.decided(provider, day, Proposal.REFUSE, reasons, refusal_grounds=grounds)


def _deferred(story, provider, today):
    reasons = "Le comité attend la convention avec France Travail."
    day, until = today - timedelta(days=50), today + timedelta(days=40)
    story.decided(provider, day, Proposal.DEFER, reasons, deferred_until=until)


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
    day, due = today - timedelta(days=70), today + timedelta(days=20)
    story.decided(provider, day, granted, reasons, reservations_due_on=due)
    story.world.facilities.append(provider)


class _Life:
    """A label granted over a year ago, and the people who take its next steps."""

    def __init__(self, story, provider, today):
        story.decided(provider, today - timedelta(days=400))
        self.label = Label.objects.get(provider=provider)
        self.holder = story.world.directors[provider.pk]
        self.officer, self.manager = story.world.officer, story.world.manager
        self.today = today

    def ago(self, days, by):
        day = self.today - timedelta(days=days)
        return {"by": by, "on": day, "at": at_ten(day)}

    def notice(self, days, reply_by):
        workflow.give_notice(
            self.label,
            reasons="Quota non tenu depuis quatre mois. Dites comment vous comptez y revenir.",
            reply_by=self.today + timedelta(days=reply_by),
            **self.ago(days, self.manager),
        )


def _suspended(story, provider, today):
    life = _Life(story, provider, today)
    workflow.suspend(life.label, reasons="Travaux dans les locaux.", **life.ago(12, life.manager))


def _notice(story, provider, today):
    _Life(story, provider, today).notice(12, reply_by=18)


def _notice_replied(story, provider, today):
    life = _Life(story, provider, today)
    life.notice(20, reply_by=10)
    text = "Deux contrats démarrent ce mois-ci avec la Mission Locale, un troisième est à signer."
    workflow.reply_to_notice(life.label, text=text, **life.ago(6, life.holder))


def _label_withdrawn(story, provider, today):
    life = _Life(story, provider, today)
    life.notice(60, reply_by=-25)
    reasons = "Sans réponse à la mise en demeure, et sans accueil au titre du label."
    workflow.withdraw_label(life.label, reasons=reasons, **life.ago(12, life.officer))


def _left(story, provider, today):
    life = _Life(story, provider, today)
    step = life.ago(12, life.holder)
    workflow.relinquish(life.label, leaves_on=step["on"], reasons="La crèche ferme.", **step)


def _leaving(story, provider, today):
    life = _Life(story, provider, today)
    leaves_on = today + timedelta(days=45)
    reasons = "La crèche change de gestionnaire."
    workflow.relinquish(
        life.label, leaves_on=leaves_on, reasons=reasons, **life.ago(3, life.holder)
    )


def _taken_over(days):
    """A label of before the software, brought in so many days ago."""

    def tale(story, provider, today):
        day, granted = today - timedelta(days=days), today - timedelta(days=500)
        row = {
            "siret": provider.facility.siret,
            "granted_on": f"{granted:%d/%m/%Y}",
            "ends_on": f"{granted + relativedelta(months=36):%d/%m/%Y}",
        }
        world = story.world
        when = {"by": world.officer, "on": day, "at": at_ten(day)}
        take_over(world.caf, row, scan=blank_pdf(), **when)

    return tale


# One crèche for each state of the review and of the label's life that the others do not show.
TALES = [
    lambda story, provider, today: story.draft(provider, today - timedelta(days=3), complete=False),
    lambda story, provider, today: story.draft(provider, today - timedelta(days=2), attached=False),
    lambda story, provider, today: story.submitted(provider, today - timedelta(days=4)),
    discussed,
    to_correct,
    lambda story, provider, today: story.ready(provider, today - timedelta(days=16)),
    committee_tales.convened,
    committee_tales.to_decide,
    committee_tales.closed,
    _refused,
    _deferred,
    _withdrawn,
    _with_reservations,
    _suspended,
    _notice,
    _notice_replied,
    _label_withdrawn,
    _left,
    _leaving,
    amended,
    amending,
]


def _neighbour(world, today):
    """The neighbouring Caf has one agent: a member of its committee confirms by link.

    One decision is confirmed, another still waits, and so do those of a session.
    """
    story = LabelStory(world)
    labelled, waiting, in_session = world.neighbour_facilities
    confirmation = _decided_alone(story, labelled, today - timedelta(days=200))
    day = today - timedelta(days=199)
    workflow.confirm_decision(confirmation, on=day, at=at_ten(day))
    _decided_alone(story, waiting, today - timedelta(days=2))
    committee_tales.to_confirm(story, in_session, today)


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
