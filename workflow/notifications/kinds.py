"""Why people are told: a row per reason of a notice and kind of reminder, with all that is said and chosen about it.

A row has no defaults. A new reason is its member and row here, and in ``recipients`` whom it concerns;
a new reminder its member and row here, and in ``reminders`` when it falls due. What is missing fails at import.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass

from django.db.models import TextChoices

from workflow.states import State


class Channel(TextChoices):
    """Ways out of the portal; the inbox is always on and needs no choice."""

    EMAIL = "email", "E-mail"
    SLACK = "slack", "Slack"


class When(TextChoices):
    """How soon a person is told."""

    AT_ONCE = "at-once", "At once"
    DIGEST = "digest", "Once a day"
    OFF = "off", "Never"


class Reason(TextChoices):
    """Why a notice came to this person, as it stands beside it."""

    NEEDS_YOU = "needs-you", "It needs you"
    MENTIONED = "mentioned", "You are mentioned"
    ON_DUTY = "on-duty", "It needs Support Operations"
    OWNED = "owned", "You own it"
    FILED = "filed", "You filed it"
    WATCHED = "watched", "You watch it"
    TOUCHED = "touched", "It touches your team"


@dataclass(frozen=True, kw_only=True)
class ReasonRow:
    """``title`` and ``help``: how the page of preferences offers it; ``about``: how a message says why it came;
    ``email`` and ``slack``: what holds for who chose nothing."""

    title: str
    help: str
    about: str
    email: When
    slack: When

    def usual(self, channel: Channel) -> When:
        """What holds by this way for who chose nothing."""
        return self.email if channel == Channel.EMAIL else self.slack


REASONS = {
    Reason.NEEDS_YOU: ReasonRow(
        title="What needs you",
        help="A decision, an answer or a look that waits for you, and reminders of it.",
        about="what needs you",
        email=When.AT_ONCE,
        slack=When.AT_ONCE,
    ),
    Reason.MENTIONED: ReasonRow(
        title="Where you are mentioned",
        help="Somebody wrote “@” and your name, or the name of a group you belong to.",
        about="where you are mentioned",
        email=When.AT_ONCE,
        slack=When.AT_ONCE,
    ),
    Reason.ON_DUTY: ReasonRow(
        title="What needs Support Operations",
        help="Requests that nobody owns yet, for the owners of their kind, or else for everybody on duty. What is "
        "urgent comes at once, also in quiet hours, unless you choose never.",
        about="what needs Support Operations",
        email=When.AT_ONCE,
        slack=When.OFF,
    ),
    Reason.OWNED: ReasonRow(
        title="What you own",
        help="What others do and say on requests that are yours to work on.",
        about="what you own",
        email=When.AT_ONCE,
        slack=When.OFF,
    ),
    Reason.FILED: ReasonRow(
        title="What you filed",
        help="What happens to your own requests.",
        about="what you filed",
        email=When.AT_ONCE,
        slack=When.OFF,
    ),
    Reason.TOUCHED: ReasonRow(
        title="What touches your team",
        help="A proposal that names your team: when its discussion opens, and when it is decided.",
        about="what touches your team",
        email=When.AT_ONCE,
        slack=When.OFF,
    ),
    Reason.WATCHED: ReasonRow(
        title="What you watch",
        help="What happens to requests you watch.",
        about="what you watch",
        email=When.DIGEST,
        slack=When.OFF,
    ),
}
"""The strongest first: whoever is told for several reasons hears the first of these."""


class ReminderKind(TextChoices):
    """What nobody did, and somebody should hear of."""

    APPROVAL_WAITS = "approval-waits", "Waits for your decision"
    APPROVAL_LATE = "approval-late", "A decision is late"
    APPROVER_MISSING = "approver-missing", "Nobody is asked to decide"
    DISCUSSION_DUE = "discussion-due", "The discussion is due"
    VALIDATION_LATE = "validation-late", "Waits for your validation"
    VALIDATION_SILENT = "validation-silent", "A validation is late"
    BLOCKED_REVIEW = "blocked-review", "Review what is blocked"


REMINDS_IN: Mapping[str, State] = {
    ReminderKind.APPROVAL_WAITS: State.APPROVAL,
    ReminderKind.APPROVAL_LATE: State.APPROVAL,
    ReminderKind.APPROVER_MISSING: State.APPROVAL,
    ReminderKind.DISCUSSION_DUE: State.DISCUSSION,
    ReminderKind.VALIDATION_LATE: State.VALIDATION,
    ReminderKind.VALIDATION_SILENT: State.VALIDATION,
    ReminderKind.BLOCKED_REVIEW: State.BLOCKED,
}
"""{kind of reminder: the state it speaks of}; once the request has left that state nobody is reminded any more."""


def _whole(rows: Container[str], members: type[TextChoices]) -> None:
    if missing := [member.name for member in members if member not in rows]:
        raise TypeError(f"{members.__name__} has no row in workflow/notifications/kinds.py for {', '.join(missing)}.")


_whole(REASONS, Reason)
_whole(REMINDS_IN, ReminderKind)
