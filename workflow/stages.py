"""Per state: whose court it is in, and the stages a kind passes on its way (the rail)."""

from workflow.states import Court, Kind, State

COURT = {
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

_STANDS = {
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


def standing(state):
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
_RAILS = {
    Kind.BUG: _BUG,
    Kind.FEATURE: (State.TRIAGE, State.DESIGN, State.PLANNING, State.SCHEDULED, *_BUG[2:]),
    Kind.ADMINISTRATIVE: (State.TRIAGE, State.DEVELOPMENT, State.COMPLETED),
    Kind.PROPOSAL: (State.DISCUSSION, State.TRIAGE, State.COMPLETED),
    Kind.QUESTION: (State.TRIAGE, State.COMPLETED),
    Kind.HAND_OVER: (State.TRIAGE, State.COMPLETED),
}


def rail_of(kind, *, approved=False, validated=False):
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


def first_state(kind, *, approved):
    """Where a new request of this kind begins. ``approved``: its route asks for an approval."""
    if kind == Kind.PROPOSAL:
        return State.DISCUSSION
    return State.APPROVAL if approved else State.TRIAGE
