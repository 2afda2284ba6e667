"""How long a proposal may be discussed (domain.md §2). Whatever sets the day on which it ends asks here."""

from datetime import timedelta

from django.utils import timezone

from workflow.states import Kind, State

USUAL_DAYS = 14
LONGEST_DAYS = 90


def last_day():
    """The latest day a discussion that is opened or changed today may end on."""
    return timezone.localdate() + timedelta(days=LONGEST_DAYS)


def problem_with_end(day):
    """Why a discussion cannot end on ``day`` (None: no day was given), in words; None if it can."""
    if day is None:
        return "A discussion needs a day on which it ends."
    if day < timezone.localdate():
        return "This day has passed. Choose today or a later day."
    if day > last_day():
        return f"Choose a day within {LONGEST_DAYS} days, at the latest {last_day():%-d %B %Y}."
    return None


def check_end(kind, fed):
    """{"due_date": sentence} if ``fed`` ({field of a request: value}) sets an end that a discussion cannot have.

    Only a proposal (``kind``) is discussed.
    """
    if kind != Kind.PROPOSAL or "due_date" not in fed:
        return {}
    problem = problem_with_end(fed["due_date"])
    return {"due_date": problem} if problem else {}


def is_discussed(issue):
    """Whether its discussion is still under way, also while its approver waits for an answer."""
    return State.DISCUSSION in {issue.state, issue.return_to}
