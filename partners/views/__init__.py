from partners.views.hours import AddClosure, RemoveClosure, Week
from partners.views.invitations import AcceptInvitation, OpenInvitation, RenewInvitation
from partners.views.organisations import (
    AttachToOperator,
    Counter,
    Deciders,
    OpenService,
    Organisations,
)
from partners.views.phone import PhoneEntry, PhoneIn, PhoneLost
from partners.views.support import Support
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
    "AttachToOperator",
    "Counter",
    "Deciders",
    "EndAccess",
    "Invite",
    "OpenInvitation",
    "OpenService",
    "Organisations",
    "PhoneEntry",
    "PhoneIn",
    "PhoneLost",
    "Place",
    "RemoveClosure",
    "RenewInvitation",
    "ResendInvitation",
    "Support",
    "Team",
    "Week",
    "WithdrawInvitation",
]
