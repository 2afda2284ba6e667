"""The vocabulary of a request's life (domain.md §3): one word per thing, used in code, address, template and test."""

from django.db.models import IntegerChoices, TextChoices


class State(TextChoices):
    """Where a request stands."""

    DISCUSSION = "discussion", "Discussion"
    APPROVAL = "approval", "Approval"
    TRIAGE = "triage", "Triage"
    NEEDS_INFO = "needs_info", "Needs information"
    ESCALATED = "escalated", "Escalated"
    BACKLOG = "backlog", "Backlog"
    DESIGN = "design", "Design"
    PLANNING = "planning", "Planning"
    SCHEDULED = "scheduled", "Scheduled"
    DEVELOPMENT = "development", "Development"
    VALIDATION = "validation", "Validation"
    IMPLEMENTATION = "implementation", "Implementation"
    BLOCKED = "blocked", "Blocked"
    COMPLETED = "completed", "Completed"
    CLOSED = "closed", "Closed"


ENDED = frozenset({State.COMPLETED, State.CLOSED})
OPEN = frozenset(State) - ENDED
WAITS_TO_RETURN = frozenset({State.NEEDS_INFO, State.BACKLOG, State.BLOCKED})
"""The states in which the place to return to is set, and only there."""


class Kind(TextChoices):
    """What sort of request it is; decides the way through."""

    BUG = "bug", "Bug"
    FEATURE = "feature", "Feature"
    ADMINISTRATIVE = "administrative", "Administrative"
    PROPOSAL = "proposal", "Proposal"
    QUESTION = "question", "Question"
    HAND_OVER = "hand-over", "Hand-over"


WORKED_ON = frozenset({Kind.BUG, Kind.FEATURE, Kind.ADMINISTRATIVE})
"""Kinds with a tracker and development; the others are answered, or carried on in one of these."""


class Verb(TextChoices):
    """A step: a change of state, at /issues/<number>/<verb>/."""

    APPROVE = "approve", "Approve"
    DECLINE = "decline", "Decline"
    WAIVE_APPROVAL = "waive-approval", "Waive approval"
    EDIT = "edit", "Edit"
    RECLASSIFY = "reclassify", "Reclassify"
    ASK = "ask", "Ask"
    ANSWER = "answer", "Answer"
    ACCEPT = "accept", "Accept"
    ESCALATE = "escalate", "Escalate"
    SHELVE = "shelve", "Shelve"
    RESUME = "resume", "Resume"
    SUBMIT_GAMEPLAN = "submit-gameplan", "Submit gameplan"
    SCHEDULE = "schedule", "Schedule"
    START = "start", "Start"
    REQUEST_VALIDATION = "request-validation", "Request validation"
    VALIDATE = "validate", "Validate"
    SEND_BACK = "send-back", "Send back"
    COMPLETE = "complete", "Complete"
    CONTINUE_IN = "continue-in", "Continue in"
    BLOCK = "block", "Block"
    UNBLOCK = "unblock", "Unblock"
    CLOSE = "close", "Close"
    WITHDRAW = "withdraw", "Withdraw"
    REOPEN = "reopen", "Reopen"


class Act(TextChoices):
    """What may be done to a request without changing its state; same refusal table, own address."""

    ASSIGN = "assign", "Assign"
    PRIORITY = "priority", "Set priority"
    COMMENT = "comment", "Comment"
    ATTACH = "attach", "Attach"
    WATCH = "watch", "Watch"
    DELEGATE = "delegate", "Delegate validation"
    DUE_DATE = "due-date", "Set due date"
    MOVE = "move", "Move"
    SPIN_OFF = "spin-off", "Spin off"
    GATE = "gate", "Answer the gate"
    NAME_APPROVER = "name-approver", "Name an approver"
    CHECK = "check", "Check the list"
    REVIEW = "review", "Review the block"


class Court(TextChoices):
    """Whose turn it is."""

    REQUESTER = "requester", "Requester"
    APPROVER = "approver", "Approver"
    OPS = "ops", "Support Operations"
    CALENDAR = "calendar", "Calendar"
    BLOCKED = "blocked", "Blocked party"


class Outcome(TextChoices):
    """How a request ended."""

    COMPLETED = "completed", "Completed"
    CONTINUED = "continued", "Continued in another request"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"
    INVALID = "invalid", "Invalid"
    DUPLICATE = "duplicate", "Duplicate"
    WONT_DO = "wont-do", "Won't do"
    DISCUSS_FIRST = "discuss-first", "Discuss first"
    NOT_ELIGIBLE = "not-eligible", "Not eligible"
    NO_ANSWER = "no-answer", "No answer"


CLOSE_OUTCOMES = (
    Outcome.INVALID,
    Outcome.DUPLICATE,
    Outcome.WONT_DO,
    Outcome.DISCUSS_FIRST,
    Outcome.NOT_ELIGIBLE,
    Outcome.NO_ANSWER,
)
FEATURE_TRIAGE_OUTCOMES = frozenset({Outcome.INVALID, Outcome.DUPLICATE, Outcome.NOT_ELIGIBLE, Outcome.NO_ANSWER})
"""How a feature may be closed in triage; the rest is for escalated (handbook flowchart: escalate to unblock)."""
REOPENS_TO_TRIAGE = frozenset(
    {Outcome.COMPLETED, Outcome.INVALID, Outcome.WONT_DO, Outcome.NOT_ELIGIBLE, Outcome.NO_ANSWER}
)


class Source(TextChoices):
    """Where a change came from."""

    PORTAL = "portal", "Portal"
    GITLAB = "gitlab", "GitLab"
    CALENDAR = "calendar", "Calendar"


class Priority(IntegerChoices):
    """How urgent (GitLab labels p1 to p4)."""

    URGENT = 1, "Urgent"
    HIGH = 2, "High"
    MEDIUM = 3, "Medium"
    LOW = 4, "Low"


class ApprovalRule(TextChoices):
    """Who approves requests of a route."""

    NONE = "none", "Nobody needs to approve"
    REPORTS_TO = "reports_to", "The requester's manager"
    CHOSEN = "chosen", "A manager chosen by the requester"
