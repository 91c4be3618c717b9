"""Who may take each step, by hand: the table that the workflows are compared with.

Trades: care and operator (of the dossier’s crèche or childminder), coordinator, agency, caf and
caf_manager (of its Caf), system, and their neighbours other_*. The members of a committee who
answer by their link have tests of their own.
"""

from families.models import (
    AvipContract,
    ContractVersion,
    MonthlyDeclaration,
    Placement,
    Referral,
)
from labels.models import (
    FieldComment,
    Label,
    LabelApplication,
    LabelCommittee,
    NetworkMeeting,
    NetworkMember,
)

MODELS = {
    "APPLICATION": LabelApplication,
    "COMMENT": FieldComment,
    "COMMITTEE": LabelCommittee,
    "LABEL": Label,
    "MEETING": NetworkMeeting,
    "NETWORK": NetworkMember,
    "REFERRAL": Referral,
    "CONTRACT": AvipContract,
    "VERSION": ContractVersion,
    "PLACEMENT": Placement,
    "DECLARATION": MonthlyDeclaration,
    "OUTCOME": AvipContract,
}

CAF = "caf caf_manager"
CARE = "care operator"
# A contract's parties: who gives care or runs it, its coordinator, the agency.
PARTIES = "care operator coordinator agency"

RIGHTS = {
    "APPLICATION": {
        "attach": CAF,
        "dismiss": CAF,
        "submit": CARE,
        "start_review": CAF,
        "ask_correction": CAF,
        "resubmit": CARE,
        "declare_ready": CAF,
        "resume_review": CAF,
        "reassign": CAF,
        "take_over": CAF,
        "put_on_agenda": CAF,
        "take_off_agenda": CAF,
        "ask_confirmation": CAF,
        "recall_decision": CAF,
        "decline_confirmation": "",
        "grant": CAF,
        "grant_with_reservations": CAF,
        "defer": CAF,
        "refuse": CAF,
        "withdraw": CARE,
    },
    "COMMENT": {"resolve": CARE, "close": CAF, "reopen": CAF},
    "COMMITTEE": {
        "convene": CAF,
        "close": CAF,
        "ask_confirmation": CAF,
        "confirm": "",
        "decline_confirmation": "",
        "recall_decision": CAF,
        "cancel": CAF,
    },
    "LABEL": {
        "suspend": "caf_manager",
        "lift": "caf_manager",
        "give_notice": "caf_manager",
        "reply_to_notice": CARE,
        "close_notice": "caf_manager",
        "withdraw": CAF,
        "withdraw_following": "system",
        "lift_reservations": CAF,
        "relinquish": CARE,
        "plan_leaving": CARE,
        "cancel_leaving": CARE,
        "leave": "system",
        "expire": "system",
        "renew": "system",
    },
    "MEETING": {
        "announce": CAF,
        "change": CAF,
        "record_attendance": CAF,
        "attach_minutes": CAF,
        "cancel": CAF,
    },
    "NETWORK": {
        "check_licence": "coordinator",
        "join": "coordinator",
        "leave": "care coordinator",
    },
    "REFERRAL": {
        "send": "agency",
        "validate": "coordinator",
        "accept": PARTIES.replace(" agency", ""),
        "put_on_waiting_list": PARTIES.replace(" agency", ""),
        "refuse": PARTIES.replace(" agency", ""),
        "confirm": "agency",
        "decline": "agency",
        "cancel": "agency",
        "expire": "system",
        "make_obsolete": "system",
        "place": "system",
    },
    "CONTRACT": {
        "propose": PARTIES,
        "activate": "system",
        "cancel": f"{PARTIES} system",
        "lapse": "system",
        "end": f"{PARTIES} system",
        "terminate": PARTIES,
    },
    "VERSION": {
        "propose": PARTIES,
        "sign": PARTIES,
        "enter_into_force": "system",
        "supersede": "system",
        "abandon": f"{PARTIES} system",
    },
    "PLACEMENT": {
        "start": "system",
        "keep": f"{PARTIES} system",
        "end": f"{PARTIES} system",
    },
    "DECLARATION": {
        "submit": "care operator coordinator",
        "correct": "care operator coordinator",
        "lock": "system",
    },
    "OUTCOME": {"record": PARTIES},
}

# Where the right depends on the state too.
ONLY_THEN = {
    # The decision is recorded: the committee member alone confirms it.
    ("APPLICATION", "grant", "to_confirm"): "",
    ("APPLICATION", "grant_with_reservations", "to_confirm"): "",
    ("APPLICATION", "defer", "to_confirm"): "",
    ("APPLICATION", "refuse", "to_confirm"): "",
    # The childminder does not see it yet.
    ("REFERRAL", "refuse", "to_validate"): "coordinator",
}

# States over before anybody sees them, or of dates that the demonstration may not have: the state
# of a dossier that differs by nothing else.
NOT_SHOWN = {
    "CONTRACT": {"draft": "to_sign"},
    "OUTCOME": {"draft": "to_sign"},
    "VERSION": {"draft": "to_sign", "superseded": "in_force"},
    "LABEL": {"expired": "active", "renewed": "active"},
    "COMMENT": {"closed": "resolved"},
    "DECLARATION": {"submitted": "locked"},
}

# What is taken up again on purpose: the care of a contract that is over goes on.
REOPENING = {("PLACEMENT", "keep")}

FINAL = {
    "APPLICATION": {*LabelApplication.DECIDED, "withdrawn"},
    "COMMENT": {"closed"},
    "COMMITTEE": {"closed", "cancelled"},
    "LABEL": {"withdrawn", "expired", "relinquished", "renewed"},
    "MEETING": {"cancelled"},
    "NETWORK": {"left"},
    "REFERRAL": {"refused", "expired", "cancelled", "declined", "obsolete", "placed"},
    "CONTRACT": {"ended", "terminated", "cancelled", "lapsed"},
    "VERSION": {"superseded", "abandoned"},
    "PLACEMENT": {"ended"},
    "DECLARATION": {"locked"},
    "OUTCOME": {"ended", "terminated", "cancelled", "lapsed", "active", "to_sign"},
}
