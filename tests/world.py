"""One world for the tests that open every page: the tiny demonstration, and people who do not
belong to it.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from django.utils import timezone

from avip.models import Document
from families.models import (
    Adjustment,
    AvipContract,
    CorrectionRequest,
    DeclarationImport,
    Household,
    HouseholdMatch,
    Interview,
    MonthlyDeclaration,
    PlaceOffer,
    ReferentChange,
    Referral,
    Signatory,
    TakeUp,
)
from families.workflow.declarations import lock
from labels.models import (
    FieldComment,
    Label,
    LabelApplication,
    LabelCommittee,
    LabelRequest,
    Message,
    NetworkImport,
    NetworkMeeting,
    NetworkMember,
)
from labels.takeover import keep_for_preview
from partners.models import Closure, Facility, Invitation, Membership, User
from reporting.demo.build import TINY, build
from reporting.demo.family_story import WEEKS, FamilyStory
from tests.factories import make_caf, make_facility, make_membership, make_user


@dataclass
class Places:
    """The people of the world by trade, and the objects of the viewed Caf by name."""

    people: dict = field(default_factory=dict)
    objects: dict = field(default_factory=dict)

    def __getattr__(self, name):
        try:
            return self.objects[name]
        except KeyError as error:
            raise AttributeError(name) from error


def build_world(size=TINY) -> Places:
    """The demonstration, with its personas named by trade and one object of each kind."""
    today = timezone.localdate()
    world = build(size, today)
    first = world.facilities[0]
    persona = {
        str(user): user for user in User.objects.filter(is_demo_persona=True).order_by("created_at")
    }
    people = {
        "caf_officer": world.officer,
        "caf_manager": world.manager,
        "other_caf": world.neighbour_officer,
        "director": world.directors[first.pk],
        "other_director": world.directors[world.neighbour_facilities[0].pk],
        "operator": persona["Philippe Girard"],
        "adviser": world.advisers[0],
        "other_adviser": world.neighbour_adviser,
        "coordinator": world.coordinator,
        "childminder": world.directors[world.childminders[0].pk],
        "national": persona["Irène Nation"],
        "support": User.objects.get(is_staff=True),
        "former": _former_member(world, today),
        "newcomer": _newcomer(),
    }
    # Users of the world are read again: what they belong to is remembered on the instance.
    places = Places({name: User.objects.get(pk=user.pk) for name, user in people.items()})
    places.objects = _objects(world, first, today)
    return places


def _former_member(world, today):
    """She worked everywhere until yesterday."""
    user = make_user("Ex", "Membre")
    organisations = [
        world.caf,
        world.facilities[0],
        *world.agencies,
        world.coordinator.memberships_today[0].service,
    ]
    for organisation in organisations:
        make_membership(user, organisation, ends_on=today - timedelta(days=1))
    return user


def _newcomer():
    """A director whose crèche, in a third Caf, has nothing yet: every list of hers is empty."""
    facility = make_facility("La Page Blanche", caf=make_caf("94", "Caf du Val-de-Marne"))
    return make_user("Zoé", "Nouvelle", member_of=facility, quality="directrice", is_admin=True)


def _objects(world, first, today):
    """One object of each kind, all of the first crèche, its adviser and its Caf unless
    said otherwise.
    """
    # A commission admits there: a request may be presented to it.
    Facility.objects.filter(provider=first).update(admits=Facility.Decider.COMMISSION)
    applications = LabelApplication.objects.filter(caf=world.caf)
    labels = Label.objects.filter(caf=world.caf)
    referrals = Referral.objects.filter(provider=first)
    contracts = AvipContract.objects.filter(provider=first, agency=world.agencies[0])
    to_sign = contracts.get(status="to_sign")
    signatories = Signatory.objects.filter(version__contract=to_sign)
    ended = _ended_contract(world, first, today)
    meetings = NetworkMeeting.objects.filter(caf=world.caf)
    meeting = meetings.get(status="planned", starts_at__gt=timezone.now())
    return {
        "today": today,
        "caf": world.caf,
        "first": first,
        "question": world.caf.questions.last(),
        "call": world.caf.calls.first(),
        "membership": Membership.objects.get(user=world.directors[first.pk]),
        "closure": Closure.objects.filter(provider=first).first(),
        "invitation": _invitation(world.caf, world.manager),
        "application": applications.get(provider=first, kind="first"),
        "draft_of_first": LabelApplication.objects.create(
            provider=first,
            caf=world.caf,
            kind="amendment",
            blocks=LabelApplication.Block.values,
            current_label=Label.objects.get(provider=first),
            attached_at=timezone.now(),
        ),
        "unattached": applications.get(status="draft", attached_at=None),
        "submitted": applications.get(status="submitted"),
        "under_review": _remarks_closed(
            applications.get(status="under_review"),
            applications.filter(status="correction_requested").first(),
        ),
        "ready": applications.get(status="ready"),
        **_committees(world.caf),
        "request": _label_request(world.caf, first),
        "letter": _written(Label.objects.get(provider=first)),
        "suspended": labels.get(status="suspended"),
        "noticed": labels.get(status="notice_given", notice_replied_at=None),
        "replied": labels.get(status="notice_given", notice_replied_at__isnull=False),
        "reserved": labels.exclude(reservations="").get(),
        "leaving": labels.get(leaves_on__gt=today),
        "label": _certified(Label.objects.get(provider=first)),
        "comment": _remark(
            applications.filter(provider=first).earliest("created_at"), world.officer
        ),
        "message": _message(
            applications.filter(provider=first).earliest("created_at"), world.officer
        ),
        "label_import": _label_import(world),
        "meeting": meeting,
        "held_meeting": meetings.get(status="held"),
        "own_invitation": meeting.invitations.get(provider=first),
        "household": Household.objects.filter(agency=world.agencies[0]).first(),
        "match": _match(world),
        "referral": referrals.get(status="sent", is_urgent=False),
        "confirmed": referrals.get(status="confirmed", contracts=None, household__take_up=None),
        "to_validate": Referral.objects.filter(status="to_validate").earliest("created_at"),
        "to_dispatch": Referral.objects.get(status="to_dispatch"),
        "her": world.childminders[0],
        "her_offer": PlaceOffer.objects.get(provider=world.childminders[0]),
        "her_leave": Closure.objects.get(provider=world.childminders[0]),
        "service": world.coordinator.memberships_today[0].service,
        "hours_proposed": referrals.get(status="hours_proposed"),
        "stayed": referrals.get(status="stayed"),
        "takeup": TakeUp.objects.get(provider=first, status="proposed"),
        "offer": PlaceOffer.objects.get(provider=first),
        "member": NetworkMember.objects.get(status="licence_checked"),
        "asked": NetworkMember.objects.filter(status="asked").latest("created_at").provider,
        "network_import": NetworkImport.objects.get(),
        "contract": contracts.filter(status="active").first(),
        "to_sign": to_sign,
        "parent_signatory": signatories.get(role="parent"),
        "sealed": _sealed(contracts.filter(status="active").first()),
        "ended": ended,
        "interview": _interview(contracts.filter(status="active").first()),
        "correction": _correction(contracts.filter(status="active").first()),
        "adjustment": Adjustment.objects.filter(contract__provider=first).first(),
        "referent_change": ReferentChange.objects.filter(
            status="proposed", contract__agency=world.agencies[0]
        ).first()
        or ReferentChange.objects.get(status="proposed"),
        "taken_over": AvipContract.objects.get(taken_over=True),
        "declaration": MonthlyDeclaration.objects.filter(provider=first).order_by("-month").first(),
        "locked_month": _locked_month(first),
        **_hours(world.childminders[0]),
        "month_import": DeclarationImport.objects.create(
            by=world.directors[first.pk],
            rows=[{"line": 2, "siret": "1", "month": "10/2026", "children": "1", "hours": "1"}],
        ),
    }


def _remarks_closed(application, other):
    """A dossier whose review may be concluded: its remarks are those of another."""
    application.field_comments.update(application=other)
    return application


def _committees(caf):
    """A session to prepare, one convened, one closed with its documents; a dossier of each."""
    committees = LabelCommittee.objects.filter(caf=caf)
    closed = committees.get(status="closed")
    document = Document.objects.write(filename="proces-verbal.pdf", data=b"%PDF-")
    LabelCommittee.objects.filter(pk=closed.pk).update(minutes=document, pack=document)
    convened = committees.get(status="convened", kind="session")
    return {
        "planned_committee": committees.get(status="planned"),
        "convened": convened,
        "convened_item": convened.agenda.get(),
        "committee_member": convened.members.first(),
        "closed_committee": closed,
    }


def _locked_month(provider):
    """A month of this crèche that is only amended now."""
    months = MonthlyDeclaration.objects.filter(provider=provider).order_by("-month")
    if not months.filter(status="locked").exists():
        submitted = months.get(status="submitted")
        lock(submitted, on=timezone.localdate())
    return months.filter(status="locked").first()


def _hours(childminder):
    """Her month to declare, and one that is locked with its statement."""
    months = MonthlyDeclaration.objects.filter(provider=childminder).order_by("month")
    document = Document.objects.write(filename="releve.pdf", data=b"%PDF-")
    locked = months.filter(status="locked").first()
    MonthlyDeclaration.objects.filter(pk=locked.pk).update(statement=document)
    return {
        "childminder": childminder,
        "hours_to_declare": months.get(status="open"),
        "hours_locked": locked,
    }


def _ended_contract(world, first, today):
    story = FamilyStory(world, today)
    story.count = 500
    return story.over(story.in_force(first, today - timedelta(days=140), WEEKS[0]))


def _interview(contract):
    return Interview.objects.create(
        contract=contract, planned_at=timezone.now() + timedelta(days=2), by=contract.adviser
    )


def _correction(contract):
    household = contract.household
    return CorrectionRequest.objects.create(
        household=household, parent=household.parents.first(), what="name"
    )


def _sealed(contract):
    """A document stands for the sealed one: who may have it is the question here, not
    what is in it.
    """
    document = Document.objects.write(filename="contrat.pdf", data=b"%PDF-")
    contract.versions.update(sealed_pdf=document, evidence_pdf=document)
    return contract


def _certified(label):
    document = Document.objects.write(filename="attestation.pdf", data=b"%PDF-")
    Label.objects.filter(pk=label.pk).update(certificate=document)
    return label


def _written(label):
    document = Document.objects.write(filename="courrier.pdf", data=b"%PDF-")
    label.letters.update(document=document)
    return label.letters.get(kind="granted")


def _remark(application, officer):
    """Sent to the crèche with a correction, and still open."""
    return FieldComment.objects.create(
        application=application,
        section="capacite",
        field="licensed_capacity",
        text="Reprenez le chiffre de l’autorisation.",
        author=officer,
        sent_at=timezone.now(),
    )


def _message(application, officer):
    document = Document.objects.write(filename="piece-jointe.pdf", data=b"%PDF-")
    return Message.objects.create(
        application=application,
        author=officer,
        from_caf=True,
        text="Voici le modèle de convention.",
        document=document,
    )


def _invitation(caf, manager):
    return Invitation.objects.create(
        kind="caf",
        caf=caf,
        email="invitee@example.fr",
        first_name="Iris",
        last_name="Invitée",
        invited_by=manager,
        expires_at=timezone.now() + timedelta(days=1),
        token_sha256="0" * 64,
    )


def _label_import(world):
    """A spreadsheet of labels, read and not confirmed: one good line, one refused."""
    creche = make_facility("La Reprise", caf=world.caf)
    day = f"{world.today:%d/%m/%Y}"
    rows = [
        {"line": 2, "siret": creche.facility.siret, "granted_on": day, "ends_on": day},
        {"line": 3, "siret": "12345678901234", "granted_on": "31/02/2026", "ends_on": day},
    ]
    return keep_for_preview(world.caf, rows, by=User.objects.get(pk=world.officer.pk))


def _match(world):
    """Two agencies have recorded what looks like the same family."""
    theirs = Household.objects.filter(agency=world.neighbour_adviser.memberships_today[0].agency)
    first = Household.objects.filter(agency=world.agencies[0]).first()
    return HouseholdMatch.objects.create(caf=world.caf, first=first, second=theirs.first())


def _label_request(caf, provider):
    """Somebody says she works in a crèche that the Caf knows."""
    return LabelRequest.objects.create(
        caf=caf,
        provider=provider,
        user=make_user("Rita", "Rattachée"),
        siret=provider.facility.siret,
        facility_name=provider.name,
        postal_code="75020",
        first_name="Rita",
        last_name="Rattachée",
        email="rita@example.fr",
        expires_at=timezone.now() + timedelta(days=1),
        confirmed_at=timezone.now(),
        token_sha256="1" * 64,
    )
