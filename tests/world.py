"""One world for the tests that open every page: the tiny demonstration, and people who do not belong to it."""

from dataclasses import dataclass, field
from datetime import timedelta

from django.utils import timezone

from families.models import (
    AvipContract,
    ContractVersion,
    Household,
    MonthlyDeclaration,
    ParentLink,
    PlaceOffer,
    Referral,
)
from labels.models import Label, LabelApplication, NetworkMember, SupportingDocument
from partners.models import Closure, Membership, User
from reporting.demo.build import TINY, build
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


def build_world() -> Places:
    """The tiny demonstration, with its personas named by trade and one object of each kind."""
    today = timezone.localdate()
    world = build(TINY, today)
    first = world.facilities[0]
    persona = {
        str(user): user for user in User.objects.filter(is_demo_persona=True).order_by("created_at")
    }
    people = {
        "caf_officer": world.officer,
        "caf_manager": world.manager,
        "other_caf": world.neighbour_officer,
        "director": world.directors[first.pk],
        "other_director": world.directors[world.neighbour_facility.pk],
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
    places.objects = _objects(world, first) | {"today": today}
    return places


def _former_member(world, today):
    """She worked everywhere until yesterday."""
    user = make_user("Ex", "Membre")
    organisations = [world.caf, world.facilities[0], *world.agencies, world.coordinator.memberships_today[0].service]
    for organisation in organisations:
        make_membership(user, organisation, ends_on=today - timedelta(days=1))
    return user


def _newcomer():
    """A director whose crèche, in a third Caf, has nothing yet: every list of hers is empty."""
    facility = make_facility("La Page Blanche", caf=make_caf("94", "Caf du Val-de-Marne"))
    return make_user("Zoé", "Nouvelle", member_of=facility, quality="directrice", is_admin=True)


def _objects(world, first):
    applications = LabelApplication.objects.filter(caf=world.caf)
    own = {"provider": first}
    contract = (
        AvipContract.objects.filter(**own, agency=world.agencies[0])
        .exclude(status="to_sign")
        .order_by("start_on")
        .first()
        or AvipContract.objects.filter(**own).first()
    )
    return {
        "caf": world.caf,
        "first": first,
        "application": applications.get(provider=first),
        "draft": applications.get(status="draft", attached_at__isnull=False),
        "unattached": applications.get(status="draft", attached_at=None),
        "submitted": applications.get(status="submitted"),
        "under_review": applications.get(status="under_review"),
        "ready": applications.get(status="ready"),
        "document": SupportingDocument.objects.filter(application__provider=first).first(),
        "label": Label.objects.get(provider=first),
        "contract": contract,
        "childminder_contract": AvipContract.objects.filter(provider__kind="childminder").first(),
        "version": ContractVersion.objects.filter(contract=contract).first(),
        "referral": Referral.objects.filter(provider=first).order_by("sent_at").last(),
        "to_validate": Referral.objects.get(status="to_validate"),
        "household": Household.objects.filter(agency=world.agencies[0]).first(),
        "declaration": MonthlyDeclaration.objects.filter(provider=first).order_by("-month").first(),
        "offer": PlaceOffer.objects.filter(provider=first).first(),
        "member": NetworkMember.objects.filter(status="licence_checked").get(),
        "membership": Membership.objects.get(user=world.directors[first.pk]),
        "closure": Closure.objects.filter(provider=first).first(),
        "childminder": world.childminders[0],
        "link": ParentLink.objects.first(),
    }
