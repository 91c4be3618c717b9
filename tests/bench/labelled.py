"""Labels, the dossiers they come from, the queue of one Caf, the network of childminders."""

from datetime import time, timedelta

from django.utils import timezone

from avip.models import Document
from labels.charter import COMMITMENTS
from labels.checklist import BY_LAW
from labels.models import (
    ApplicationStatusChange,
    CommitmentAnswer,
    Correction,
    Label,
    LabelApplication,
    NetworkMember,
    NetworkMemberStatusChange,
    SupportingDocument,
)
from partners.models import Facility, Provider
from tests.bench.places import Country, insert

Status = LabelApplication.Status
# What the dossiers of the queue wait for, one after the other.
QUEUE = [
    Status.SUBMITTED,
    Status.UNDER_REVIEW,
    Status.CORRECTION_REQUESTED,
    Status.READY,
    Status.REFUSED,
    Status.DEFERRED,
    Status.WITHDRAWN,
]
DECISIONS = {
    Status.GRANTED: LabelApplication.Proposal.GRANT,
    Status.REFUSED: LabelApplication.Proposal.REFUSE,
    Status.DEFERRED: LabelApplication.Proposal.DEFER,
}
ROAD = [
    ("submit", Status.DRAFT, Status.SUBMITTED),
    ("start_review", Status.SUBMITTED, Status.UNDER_REVIEW),
    ("declare_ready", Status.UNDER_REVIEW, Status.READY),
    ("grant", Status.READY, Status.GRANTED),
]
ANSWER = "Nous en parlons en équipe chaque trimestre, et avec la Mission Locale du quartier. " * 4


def label(country: Country) -> None:
    """A granted dossier and a running label for each crèche, a membership for each childminder."""
    certificate = Document.objects.write(filename="attestation.pdf", data=b"%PDF-" + bytes(30_000))
    for place in country.places:
        granted = _applications(country, place, place.facilities, [Status.GRANTED])
        _labels(country, place, granted, certificate)
        members = insert(
            NetworkMember(
                status=NetworkMember.Status.MEMBER,
                provider=provider,
                caf=place.caf,
                joined_on=country.today - timedelta(days=country.random.randint(30, 600)),
            )
            for provider in place.childminders
        )
        insert(
            NetworkMemberStatusChange(
                dossier=member, step="join", source="licence_checked", target="member", at=_at(1)
            )
            for member in members
        )
    queue = _applications(country, country.viewed, country.applicants, QUEUE)
    _answers(country, [*queue, *LabelApplication.objects.filter(provider=country.provider)])


def _at(days):
    return timezone.now() - timedelta(days=days)


def _applications(country, place, providers: list[Provider], statuses):
    random = country.random
    officer, manager = (place.officers[0], place.officers[1])
    rows = []
    for rank, provider in enumerate(providers):
        status = statuses[rank % len(statuses)]
        is_reviewed = status not in {Status.SUBMITTED, Status.WITHDRAWN}
        is_decided = status in DECISIONS
        capacity, sent = provider.facility.licensed_capacity, random.randint(5, 90)
        decision = DECISIONS.get(status, "")
        proposal = decision or (LabelApplication.Proposal.GRANT if status == Status.READY else "")
        rows.append(
            LabelApplication(
                status=status,
                provider=provider,
                caf=place.caf,
                attached_at=_at(sent + 10),
                submitted_at=_at(sent),
                edited_at=_at(sent // 2),
                edited_by=str(officer),
                facility_name=provider.name,
                siret=provider.facility.siret,
                address=provider.facility.address,
                facility_type=Facility.Type.COLLECTIVE,
                funding=provider.facility.funding,
                licensed_capacity=capacity,
                in_qpv=provider.facility.in_qpv,
                opens=time(8),
                closes=time(18, 30),
                open_days=[0, 1, 2, 3, 4],
                planned_avip_children=capacity // 4,
                planned_children=capacity,
                planned_periods="Toute l’année, sauf en août.",
                family_referent_name="Claire Morel",
                family_referent_role="éducatrice de jeunes enfants",
                reviewer=officer if is_reviewed else None,
                proposal=proposal,
                proposal_reasons=ANSWER if proposal else "",
                decision=decision,
                decision_reasons=ANSWER if decision else "",
                decided_on=country.today - timedelta(days=4) if is_decided else None,
                decided_by=manager if is_decided else None,
            )
        )
    insert(rows)
    insert(
        ApplicationStatusChange(
            dossier=row, step=step, source=source, target=target, at=_at(60), user=officer
        )
        for row in rows
        for step, source, target in ROAD[: 1 + (row.reviewer_id is not None)]
    )
    return rows


def _labels(country, place, applications, certificate):
    labels = []
    for application in applications:
        starts = country.today - timedelta(days=country.random.randint(200, 1_000))
        labels.append(
            Label(
                provider=application.provider,
                caf=place.caf,
                application=application,
                granted_on=starts - timedelta(days=5),
                starts_on=starts,
                ends_on=starts + timedelta(days=1_095),
                certificate=certificate,
            )
        )
    insert(labels)


def _answers(country, applications):
    """The commitments and the documents of the dossiers of the queue."""
    scan = Document.objects.write(filename="projet.pdf", data=b"%PDF-" + bytes(200_000))
    officer = country.people["caf_officer"]
    insert(
        CommitmentAnswer(application=application, code=commitment.code, agrees=True, how=ANSWER)
        for application in applications
        for commitment in COMMITMENTS
    )
    insert(
        SupportingDocument(application=application, kind=kind, document=scan)
        for application in applications
        for kind in BY_LAW
    )
    insert(
        Correction(
            application=application,
            message="Précisez les horaires du vendredi.",
            asked_by=officer,
            asked_at=_at(4),
            due_on=country.today + timedelta(days=11),
            resolved_at=None if application.status == Status.CORRECTION_REQUESTED else _at(1),
        )
        for application in applications
        if application.reviewer_id
    )
