"""What the mirror keeps: rows of what GitLab must be told, what came in from it, and what is known of GitLab itself."""

from workflow.gitlab.models.alarms import Alarm, Behind, Check, Heartbeat
from workflow.gitlab.models.connection import Budget, Connection, LabelScheme, SchemeLabel
from workflow.gitlab.models.inbound import Cursor, Delivery, Look, ReceivedNote, Reconciliation, Refusal
from workflow.gitlab.models.label_schemes import Relabelling, SchemeChange, TrackerLabels
from workflow.gitlab.models.link import LinkMirror, Mirror, NoteMirror, UploadMirror

__all__ = [
    "Alarm",
    "Behind",
    "Budget",
    "Check",
    "Connection",
    "Cursor",
    "Delivery",
    "Heartbeat",
    "LabelScheme",
    "LinkMirror",
    "Look",
    "Mirror",
    "NoteMirror",
    "ReceivedNote",
    "Reconciliation",
    "Refusal",
    "Relabelling",
    "SchemeChange",
    "SchemeLabel",
    "TrackerLabels",
    "UploadMirror",
]
