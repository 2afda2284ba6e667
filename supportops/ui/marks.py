"""Which icon and which words stand for a court, a state and the mirror's status.

Colour never stands alone: whatever is coloured by court takes its icon or its word from here.
"""

MOST_SHOWN = 100
"""A count that people are shown counts no further; what reaches it reads "99+"."""

COURT_ICONS = {
    "requester": "user",
    "approver": "user-check",
    "ops": "wrench",
    "calendar": "calendar",
    "blocked": "octagon-x",
    "done": "circle-check",
    "closed": "circle-x",
}

COURT_LABELS = {
    "requester": "Requester",
    "approver": "Approver",
    "ops": "Support Operations",
    "calendar": "The calendar",
    "blocked": "Blocked",
    "done": "Completed",
    "closed": "Closed",
}

STATE_ICONS = {
    "discussion": "messages-square",
    "approval": "user-check",
    "triage": "inbox",
    "needs_info": "circle-question-mark",
    "escalated": "chevrons-up",
    "backlog": "archive",
    "design": "pencil-ruler",
    "planning": "list-checks",
    "scheduled": "calendar-clock",
    "development": "hammer",
    "validation": "eye",
    "implementation": "rocket",
    "blocked": "octagon-x",
    "completed": "circle-check",
    "closed": "circle-x",
}

MIRROR_ICONS = {
    "in_step": "circle-check",
    "behind": "refresh-cw",
    "creating": "refresh-cw",
    "unknown": "circle-question-mark",
    "parked": "triangle-alert",
    "orphaned": "triangle-alert",
    "let_go": "circle-x",
}

MIRROR_WORDS = {
    "in_step": "In step with GitLab",
    "behind": "GitLab is being brought up to date",
    "creating": "The GitLab issue is being created",
    "unknown": "Being checked: it is not certain that GitLab has the last change",
    "parked": "Needs a person: GitLab did not take the last change",
    "orphaned": "Needs a person: the GitLab issue is gone",
    "let_go": "The GitLab issue is gone, and the request goes on without one",
}

FALLBACK_ICON = "circle-dot"


def court_icon(court: str) -> str:
    """The icon's name for a court key; a neutral dot for an unknown one."""
    return COURT_ICONS.get(court, FALLBACK_ICON)


def court_label(court: str) -> str:
    """The words for a court key, or an empty string."""
    return COURT_LABELS.get(court, "")


def state_icon(state: str) -> str:
    """The icon's name for a state key; a neutral dot for an unknown one."""
    return STATE_ICONS.get(state, FALLBACK_ICON)


def mirror_icon(status: str) -> str:
    """The icon's name for the status of a mirror row."""
    return MIRROR_ICONS.get(status, FALLBACK_ICON)


def mirror_words(status: str) -> str:
    """One sentence for the status of a mirror row, or an empty string."""
    return MIRROR_WORDS.get(status, "")


def bounded(count: int | None) -> str:
    """A count as it is shown: "99+" from MOST_SHOWN on; empty for None."""
    return "" if count is None else f"{MOST_SHOWN - 1}+" if count >= MOST_SHOWN else str(count)
