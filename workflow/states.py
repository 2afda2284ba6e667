"""The vocabulary of a request's life (domain.md §3): one word per thing, used in code, address, template and test.

Per state: whose court it is in, and the stages a kind passes on its way (the rail).
"""

from django.db.models import IntegerChoices, TextChoices

from workflow.catalogue.kinds import Kind


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


class Court(TextChoices):
    """Whose turn it is."""

    REQUESTER = "requester", "Requester"
    APPROVER = "approver", "Approver"
    OPS = "ops", "Support Operations"
    CALENDAR = "calendar", "Calendar"
    BLOCKED = "blocked", "Blocked party"


WORKED = frozenset({Court.OPS, Court.CALENDAR, Court.BLOCKED})
"""The courts in which an owner has something to do."""


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


COURT: dict[str, Court] = {
    State.DISCUSSION: Court.APPROVER,
    State.APPROVAL: Court.APPROVER,
    State.TRIAGE: Court.OPS,
    State.NEEDS_INFO: Court.REQUESTER,
    State.ESCALATED: Court.OPS,
    State.BACKLOG: Court.CALENDAR,
    State.DESIGN: Court.OPS,
    State.PLANNING: Court.OPS,
    State.SCHEDULED: Court.CALENDAR,
    State.DEVELOPMENT: Court.OPS,
    State.VALIDATION: Court.REQUESTER,
    State.IMPLEMENTATION: Court.OPS,
    State.BLOCKED: Court.BLOCKED,
}
"""Whose court an open state is in; ended states are in nobody's."""

_STANDS: dict[str, str] = {
    State.DISCUSSION: "under discussion",
    State.APPROVAL: "waiting for approval",
    State.NEEDS_INFO: "waiting for an answer",
    State.ESCALATED: "escalated",
    State.BACKLOG: "in the backlog",
    State.SCHEDULED: "scheduled",
    State.BLOCKED: "blocked",
    State.COMPLETED: "completed",
    State.CLOSED: "closed",
}


def standing(state: str) -> str:
    """A state as the end of a sentence: a request is “in triage”, “blocked”, “waiting for an answer”."""
    return _STANDS.get(state) or f"in {State(state).label.lower()}"


TARGET_WORKING_DAYS = {
    State.TRIAGE: 2,
    State.DESIGN: 5,
    State.DEVELOPMENT: 15,
    State.VALIDATION: 5,
    State.IMPLEMENTATION: 5,
}
"""How long a stage should take at most (domain.md §4); the working data lives in StageTarget, seeded from here."""

_BUG = (State.TRIAGE, State.DESIGN, State.DEVELOPMENT, State.VALIDATION, State.IMPLEMENTATION, State.COMPLETED)
_RAILS: dict[Kind, tuple[State, ...]] = {
    Kind.BUG: _BUG,
    Kind.FEATURE: (State.TRIAGE, State.DESIGN, State.PLANNING, State.SCHEDULED, *_BUG[2:]),
    Kind.ADMINISTRATIVE: (State.TRIAGE, State.DEVELOPMENT, State.COMPLETED),
    Kind.PROPOSAL: (State.DISCUSSION, State.TRIAGE, State.COMPLETED),
    Kind.QUESTION: (State.TRIAGE, State.COMPLETED),
    Kind.HAND_OVER: (State.TRIAGE, State.COMPLETED),
}


def rail_of(kind: str, *, approved: bool = False, validated: bool = False) -> tuple[State, ...]:
    """The states a request of this kind passes, in order.

    ``approved``: its route asks for an approval first. ``validated``: an administrative request whose validation was
    asked for or is mandatory.
    """
    rail = _RAILS[Kind(kind)]
    if kind == Kind.ADMINISTRATIVE and validated:
        rail = (State.TRIAGE, State.DEVELOPMENT, State.VALIDATION, State.IMPLEMENTATION, State.COMPLETED)
    if approved and State.DISCUSSION not in rail:
        rail = (State.APPROVAL, *rail)
    return rail


def first_state(kind: str, *, approved: bool) -> State:
    """Where a new request of this kind begins. ``approved``: its route asks for an approval."""
    if kind == Kind.PROPOSAL:
        return State.DISCUSSION
    return State.APPROVAL if approved else State.TRIAGE
