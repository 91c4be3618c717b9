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
    ReferentChange,
    Referral,
    TakeUp,
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
    "FOUND": AvipContract,
    "CHECK": AvipContract,
    "REFERENT": ReferentChange,
    "TAKE_UP": TakeUp,
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
        "ask": "coordinator",
        "ask_again_by_link": "system",
        "wish": "care coordinator",
        "wish_by_link": "system",
        "decline": "care coordinator",
        "decline_by_link": "system",
        "check_licence": "coordinator",
        "join": "coordinator",
        "leave": "care coordinator",
    },
    "REFERRAL": {
        "dispatch": "counter",
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
        "propose_hours": PARTIES.replace(" agency", ""),
        "take_hours": "agency",
        "shortlist": PARTIES.replace(" agency", ""),
        "no_show": PARTIES,
        "transfer": "operator coordinator agency",
        "close_stay": "system",
        "revive_to_dispatch": "system",
        "revive_to_validate": "system",
        "revive_sent": "system",
        "revive_hours_proposed": "system",
        "revive_shortlisted": "system",
        "revive_waiting_list": "system",
        "revive_accepted": "system",
    },
    "CONTRACT": {
        "propose": PARTIES,
        "activate": "system",
        "cancel": f"{PARTIES} system",
        "lapse": "system",
        "end": f"{PARTIES} system",
        "terminate": PARTIES,
        "take_over": PARTIES,
    },
    "VERSION": {
        "propose": PARTIES,
        "sign": PARTIES,
        "enter_into_force": "system",
        "supersede": "system",
        "abandon": f"{PARTIES} system",
        "take_over": PARTIES,
    },
    "PLACEMENT": {
        "start": "system",
        "keep": "care operator coordinator",
        "end": f"{PARTIES} system",
    },
    "DECLARATION": {
        "submit": "care operator coordinator",
        "correct": "care operator coordinator",
        "lock": "system",
        "amend": "care operator coordinator",
        "amend_for_provider": CAF,
    },
    "OUTCOME": {"record": PARTIES},
    "FOUND": {"say_job": "agency", "confirm_job": "agency", "dismiss_job": "agency"},
    # A parent answers by her link, and nobody else for her: the application takes it down.
    "CHECK": {"still_in_work": "agency system"},
    "REFERENT": {"accept": "new_agency", "decline": "new_agency", "cancel": PARTIES},
    "TAKE_UP": {"take_up": "agency", "decline": "agency", "cancel": "care operator coordinator"},
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
    # Nor does a crèche what its guichet unique has not passed on.
    ("REFERRAL", "refuse", "to_dispatch"): "counter",
    ("REFERRAL", "transfer", "to_dispatch"): "counter agency",
}

# States over before anybody sees them, or of dates that the demonstration may not have: the state
# of a dossier that differs by nothing else.
NOT_SHOWN = {
    "CONTRACT": {"draft": "to_sign"},
    "OUTCOME": {"draft": "to_sign"},
    "FOUND": {"draft": "to_sign"},
    "CHECK": {"draft": "to_sign"},
    "VERSION": {"draft": "to_sign", "superseded": "in_force"},
    "LABEL": {"expired": "active", "renewed": "active"},
    "COMMENT": {"closed": "resolved"},
    "DECLARATION": {"submitted": "locked"},
}

# What is taken up again on purpose: the care of a contract that is over goes on, a request waits
# again once the place confirmed elsewhere falls through.
REOPENING = {
    ("PLACEMENT", "keep"),
    ("REFERRAL", "no_show"),
    ("REFERRAL", "revive_to_dispatch"),
    ("REFERRAL", "revive_to_validate"),
    ("REFERRAL", "revive_sent"),
    ("REFERRAL", "revive_hours_proposed"),
    ("REFERRAL", "revive_shortlisted"),
    ("REFERRAL", "revive_waiting_list"),
    ("REFERRAL", "revive_accepted"),
}

FINAL = {
    "APPLICATION": {*LabelApplication.DECIDED, "withdrawn"},
    "COMMENT": {"closed"},
    "COMMITTEE": {"closed", "cancelled"},
    "LABEL": {"withdrawn", "expired", "relinquished", "renewed"},
    "MEETING": {"cancelled"},
    "NETWORK": {"left"},
    "REFERRAL": {
        *("refused", "expired", "cancelled", "declined", "transferred", "no_show", "stayed"),
        # Their contract, or the one confirmed elsewhere, goes on instead.
        *("placed", "obsolete"),
    },
    "CONTRACT": {"ended", "terminated", "cancelled", "lapsed"},
    "VERSION": {"superseded", "abandoned"},
    "PLACEMENT": {"ended"},
    "DECLARATION": {"locked"},
    "OUTCOME": {"ended", "terminated", "cancelled", "lapsed"},
    "FOUND": {"ended", "terminated", "cancelled", "lapsed"},
    "CHECK": {"ended", "terminated", "cancelled", "lapsed"},
    "REFERENT": {"accepted", "declined", "cancelled"},
    "TAKE_UP": {"taken_up", "declined", "cancelled"},
}
