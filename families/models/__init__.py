"""The family's path: household, places, referral, contract and signatures, placement,
declaration, quota.
"""

from families.models.clauses import LocalClauses
from families.models.contracts import (
    AvipContract,
    ContractStatusChange,
    ContractVersion,
    ScheduleSlot,
    VersionStatusChange,
)
from families.models.declarations import (
    DeclarationAmendment,
    DeclarationImport,
    DeclarationLine,
    DeclarationStatusChange,
    MonthlyDeclaration,
)
from families.models.follow_up import (
    AccompanimentTick,
    CalendarFeed,
    ContractReview,
    CoordinationPoint,
    CorrectionRequest,
    Interview,
    ReferentChange,
    ReferentChangeStatusChange,
)
from families.models.households import (
    Child,
    FlagAttestation,
    Household,
    HouseholdMatch,
    Parent,
)
from families.models.placements import Placement, PlacementStatusChange
from families.models.places import Hold, OfferDay, OfferSlot, PlaceOffer
from families.models.practices import CommissionDate, ResponseTime
from families.models.quota import Alert, QuotaCheck
from families.models.referrals import (
    AnswerLink,
    CounterSlot,
    DroppedDay,
    Referral,
    ReferralDay,
    ReferralSlot,
    ReferralStatusChange,
)
from families.models.schedules import Adjustment, AdjustmentSlot, ScheduleException
from families.models.signatures import Channel, ParentLink, Signatory, Signature, SigningCode
from families.models.takeups import TakeUp, TakeUpStatusChange

__all__ = [
    "AccompanimentTick",
    "Adjustment",
    "AdjustmentSlot",
    "Alert",
    "AnswerLink",
    "AvipContract",
    "CalendarFeed",
    "Channel",
    "Child",
    "CommissionDate",
    "ContractReview",
    "ContractStatusChange",
    "ContractVersion",
    "CoordinationPoint",
    "CorrectionRequest",
    "CounterSlot",
    "DeclarationAmendment",
    "DeclarationImport",
    "DeclarationLine",
    "DeclarationStatusChange",
    "DroppedDay",
    "FlagAttestation",
    "Hold",
    "Household",
    "HouseholdMatch",
    "Interview",
    "LocalClauses",
    "MonthlyDeclaration",
    "OfferDay",
    "OfferSlot",
    "Parent",
    "ParentLink",
    "PlaceOffer",
    "Placement",
    "PlacementStatusChange",
    "QuotaCheck",
    "ReferentChange",
    "ReferentChangeStatusChange",
    "Referral",
    "ReferralDay",
    "ReferralSlot",
    "ReferralStatusChange",
    "ResponseTime",
    "ScheduleException",
    "ScheduleSlot",
    "Signatory",
    "Signature",
    "SigningCode",
    "TakeUp",
    "TakeUpStatusChange",
    "VersionStatusChange",
]
