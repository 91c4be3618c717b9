"""The family's path: household, places, referral, contract and signatures, placement,
declaration, quota.
"""

from families.models.contracts import (
    AvipContract,
    ContractStatusChange,
    ContractVersion,
    ScheduleSlot,
    VersionStatusChange,
)
from families.models.declarations import (
    DeclarationLine,
    DeclarationStatusChange,
    MonthlyDeclaration,
)
from families.models.households import Child, Household, Parent
from families.models.placements import Placement, PlacementStatusChange
from families.models.quota import Alert, QuotaCheck
from families.models.referrals import (
    Hold,
    PlaceOffer,
    Referral,
    ReferralSlot,
    ReferralStatusChange,
)
from families.models.signatures import Channel, ParentLink, Signatory, Signature, SigningCode

__all__ = [
    "Alert",
    "AvipContract",
    "Channel",
    "Child",
    "ContractStatusChange",
    "ContractVersion",
    "DeclarationLine",
    "DeclarationStatusChange",
    "Hold",
    "Household",
    "MonthlyDeclaration",
    "Parent",
    "ParentLink",
    "PlaceOffer",
    "Placement",
    "PlacementStatusChange",
    "QuotaCheck",
    "Referral",
    "ReferralSlot",
    "ReferralStatusChange",
    "ScheduleSlot",
    "Signatory",
    "Signature",
    "SigningCode",
    "VersionStatusChange",
]
