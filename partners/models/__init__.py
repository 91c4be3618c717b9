"""Who: people, organisations, providers of care, territories, calendars."""

from partners.models.calendars import Closure, OpeningHours
from partners.models.organisations import Agency, Caf, MunicipalService, Operator
from partners.models.people import Invitation, Membership, PhoneCode, PhoneLink, User
from partners.models.providers import Childminder, Facility, Provider
from partners.models.territories import Commune, PriorityNeighbourhood

__all__ = [
    "Agency",
    "Caf",
    "Childminder",
    "Closure",
    "Commune",
    "Facility",
    "Invitation",
    "Membership",
    "MunicipalService",
    "OpeningHours",
    "Operator",
    "PhoneCode",
    "PhoneLink",
    "PriorityNeighbourhood",
    "Provider",
    "User",
]
