"""How the dossiers of the label move: the application, its decision, the label, the network."""

from labels.workflow.applications import (
    APPLICATION,
    ask_correction,
    attach,
    declare_ready,
    dismiss,
    resubmit,
    start_review,
    submit,
    withdraw,
)
from labels.workflow.committees import plan_committee, put_on_agenda
from labels.workflow.decisions import (
    confirm_decision,
    decline_confirmation,
    open_confirmation,
    recall_decision,
    record_decision,
    renew_confirmation,
    resend_confirmation,
)
from labels.workflow.labels import LABEL, expire, give_notice, running_label, take_label_step
from labels.workflow.network import (
    NETWORK,
    check_licence,
    express_wish,
    join_network,
    leave_network,
)

__all__ = [
    "APPLICATION",
    "LABEL",
    "NETWORK",
    "ask_correction",
    "attach",
    "check_licence",
    "confirm_decision",
    "declare_ready",
    "decline_confirmation",
    "dismiss",
    "expire",
    "express_wish",
    "give_notice",
    "join_network",
    "leave_network",
    "open_confirmation",
    "plan_committee",
    "put_on_agenda",
    "recall_decision",
    "record_decision",
    "renew_confirmation",
    "resend_confirmation",
    "resubmit",
    "running_label",
    "start_review",
    "submit",
    "take_label_step",
    "withdraw",
]
