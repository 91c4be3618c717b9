"""The label: dated rules, applications and their review, labels, the childminders' network."""

from labels.models.applications import (
    ApplicationStatusChange,
    CommitmentAnswer,
    Correction,
    DecisionConfirmation,
    LabelApplication,
    SupportingDocument,
)
from labels.models.labels import Label, LabelStatusChange, labelled_providers
from labels.models.network import NetworkMember, NetworkMemberStatusChange
from labels.models.requests import LabelRequest
from labels.models.rules import LocalRule

__all__ = [
    "ApplicationStatusChange",
    "CommitmentAnswer",
    "Correction",
    "DecisionConfirmation",
    "Label",
    "LabelApplication",
    "LabelRequest",
    "LabelStatusChange",
    "LocalRule",
    "NetworkMember",
    "NetworkMemberStatusChange",
    "SupportingDocument",
    "labelled_providers",
]
