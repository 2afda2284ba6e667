"""What the mirror keeps: rows of what GitLab must be told, what came in from it, and what is known of GitLab itself."""

from workflow.gitlab.models.alarms import Alarm, Behind, GitLabCheck, Heartbeat
from workflow.gitlab.models.connection import Budget, Connection, LabelScheme, SchemeLabel, TrackerWait
from workflow.gitlab.models.inbound import (
    ImportedNote,
    PendingFile,
    PendingPull,
    PollCursor,
    Reconciliation,
    RejectedWebhook,
    WebhookDelivery,
)
from workflow.gitlab.models.label_schemes import LabelSchemeChange, PendingRelabel, TrackerLabels
from workflow.gitlab.models.link import GitLabLink, OutgoingLink, OutgoingNote, OutgoingUpload

__all__ = [
    "Alarm",
    "Behind",
    "Budget",
    "GitLabCheck",
    "Connection",
    "PollCursor",
    "WebhookDelivery",
    "Heartbeat",
    "LabelScheme",
    "OutgoingLink",
    "PendingFile",
    "PendingPull",
    "GitLabLink",
    "OutgoingNote",
    "ImportedNote",
    "Reconciliation",
    "RejectedWebhook",
    "PendingRelabel",
    "LabelSchemeChange",
    "SchemeLabel",
    "TrackerLabels",
    "TrackerWait",
    "OutgoingUpload",
]
