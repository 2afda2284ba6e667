"""The rows behind a request."""

from workflow.models.approval import ApprovalRound, Decision
from workflow.models.attachment import Attachment
from workflow.models.comment import Comment
from workflow.models.counted_report import CountedReport
from workflow.models.event import Event
from workflow.models.gate_path import GateAnswer, GatePath
from workflow.models.issue import Issue
from workflow.models.link import IssueLink
from workflow.models.milestone import Milestone
from workflow.models.people import Delegation, Watch
from workflow.models.stage_target import StageTarget
from workflow.models.validation import ValidationCheck, ValidationItem, ValidationRound

__all__ = [
    "ApprovalRound",
    "Attachment",
    "Comment",
    "CountedReport",
    "Decision",
    "Delegation",
    "Event",
    "GateAnswer",
    "GatePath",
    "Issue",
    "IssueLink",
    "Milestone",
    "StageTarget",
    "ValidationCheck",
    "ValidationItem",
    "ValidationRound",
    "Watch",
]
