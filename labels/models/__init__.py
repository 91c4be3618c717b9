"""The label: dated rules, applications and their review, committees, labels, the networks."""

from labels.models.answers import CommitmentAnswer, SupportingDocument
from labels.models.applications import ApplicationStatusChange, LabelApplication
from labels.models.calls import CallForProjects, PublicQuestion
from labels.models.committees import (
    AgendaItem,
    CommitteeMember,
    CommitteeStatusChange,
    LabelCommittee,
    Opinion,
)
from labels.models.confirmations import DecisionConfirmation
from labels.models.labels import Label, LabelStatusChange, labelled_providers
from labels.models.letters import Letter
from labels.models.meetings import (
    MeetingInvitation,
    NetworkMeeting,
    NetworkMeetingStatusChange,
)
from labels.models.network import NetworkImport, NetworkMember, NetworkMemberStatusChange
from labels.models.requests import LabelRequest
from labels.models.review import (
    ContactNote,
    Correction,
    FieldComment,
    FieldCommentStatusChange,
    Message,
)
from labels.models.rules import LocalRule
from labels.models.takeovers import LabelImport

__all__ = [
    "AgendaItem",
    "ApplicationStatusChange",
    "CallForProjects",
    "CommitmentAnswer",
    "CommitteeMember",
    "CommitteeStatusChange",
    "ContactNote",
    "Correction",
    "DecisionConfirmation",
    "FieldComment",
    "FieldCommentStatusChange",
    "Label",
    "LabelApplication",
    "LabelCommittee",
    "LabelImport",
    "LabelRequest",
    "LabelStatusChange",
    "Letter",
    "LocalRule",
    "MeetingInvitation",
    "Message",
    "NetworkMeeting",
    "NetworkMeetingStatusChange",
    "NetworkImport",
    "NetworkMember",
    "NetworkMemberStatusChange",
    "Opinion",
    "PublicQuestion",
    "SupportingDocument",
    "labelled_providers",
]
