"""A contract with all that its page shows; what is rare is asked only where it exists."""

from django.db.models import Exists, OuterRef, Prefetch, prefetch_related_objects

from families.models import (
    AccompanimentTick,
    Adjustment,
    AvipContract,
    ContractVersion,
    CoordinationPoint,
    Interview,
    Placement,
    ReferentChange,
    ScheduleException,
)
from families.signature_rows import SIGNATORIES
from partners.models import Membership

EXCEPTIONS = ScheduleException.objects.filter(version__contract=OuterRef("pk"))
KEPT = Placement.objects.filter(status=Placement.Status.KEPT)
# Most contracts have none of these: the row itself says which there are.
RARE = {
    "adjustments": Adjustment.objects.select_related("made_by").prefetch_related("slots"),
    "referent_changes": ReferentChange.objects.select_related("to_agency"),
    "interviews": Interview.objects.all(),
    "coordination_points": CoordinationPoint.objects.all(),
    "ticks": AccompanimentTick.objects.all(),
    "placements": KEPT.select_related("child", "provider"),
}


def with_parties(contracts, on):
    """The parties, in the same query, which of the rare things there are, who is left to act."""
    rare = {
        f"has_{name}": Exists(rows.order_by().filter(contract=OuterRef("pk")))
        for name, rows in RARE.items()
    }
    return contracts.select_related(
        "provider__caf",
        "provider__commune",
        "provider__facility",
        "provider__childminder",
        "agency",
        "adviser",
        "household",
        "review",
    ).annotate(
        has_exceptions=Exists(EXCEPTIONS),
        agency_is_closed=~Exists(
            Membership.objects.in_force(on).filter(agency=OuterRef("agency")),
        ),
        family_has_text_to_sign=Exists(
            AvipContract.objects.filter(
                household=OuterRef("household"),
                versions__status=ContractVersion.Status.TO_SIGN,
            )
        ),
        **rare,
    )


def read_whole(contract):
    """Everything else that the page shows of a contract reached `with_parties`.

    Afterwards `placements.all()` are those kept, and no text of a version is loaded.
    """
    exceptions = ScheduleException.objects.all()
    versions = (
        ContractVersion.objects.select_related("sealed_pdf", "evidence_pdf")
        .defer("html", "sealed_pdf__data", "evidence_pdf__data")
        .prefetch_related(
            "slots",
            SIGNATORIES,
            Prefetch("exceptions", exceptions if contract.has_exceptions else exceptions.none()),
        )
    )
    prefetch_related_objects(
        [contract],
        Prefetch("versions", versions),
        "renewals",
        "household__parents",
        "children",
        *[
            Prefetch(name, rows if getattr(contract, f"has_{name}") else rows.none())
            for name, rows in RARE.items()
        ],
    )
    contract.signed_versions = [v for v in contract.versions.all() if v.in_force_at]
    return contract
