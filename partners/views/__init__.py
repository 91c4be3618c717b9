from partners.views.hours import AddClosure, RemoveClosure, Week
from partners.views.invitations import AcceptInvitation, OpenInvitation, RenewInvitation
from partners.views.team import (
    Account,
    EndAccess,
    Invite,
    Place,
    ResendInvitation,
    Team,
    WithdrawInvitation,
)

__all__ = [
    "AcceptInvitation",
    "Account",
    "AddClosure",
    "EndAccess",
    "Invite",
    "OpenInvitation",
    "Place",
    "RemoveClosure",
    "RenewInvitation",
    "ResendInvitation",
    "Team",
    "Week",
    "WithdrawInvitation",
]
