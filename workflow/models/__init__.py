"""The rows behind a request."""

from workflow.models.approval import ApprovalRound, Decision
from workflow.models.approval_policy import ApprovalPolicy, PolicyApprover
from workflow.models.attachment import Attachment
from workflow.models.comment import Comment
from workflow.models.event import Event
from workflow.models.gate_path import GateAnswer, GatePath
from workflow.models.issue import Issue
from workflow.models.link import IssueLink
from workflow.models.milestone import Milestone
from workflow.models.mirror import LinkMirror, Mirror, NoteMirror, UploadMirror
from workflow.models.notice import News, Notice
from workflow.models.people import Delegation, Watch
from workflow.models.reminder import Reminder
from workflow.models.route import Route, StageTarget
from workflow.models.tracker import Tracker
from workflow.models.validation import ValidationCheck, ValidationItem, ValidationRound

__all__ = [
    "ApprovalPolicy",
    "ApprovalRound",
    "Attachment",
    "Comment",
    "Decision",
    "Delegation",
    "Event",
    "GateAnswer",
    "GatePath",
    "Issue",
    "IssueLink",
    "LinkMirror",
    "Milestone",
    "Mirror",
    "News",
    "NoteMirror",
    "Notice",
    "PolicyApprover",
    "Reminder",
    "Route",
    "StageTarget",
    "Tracker",
    "UploadMirror",
    "ValidationCheck",
    "ValidationItem",
    "ValidationRound",
    "Watch",
]
