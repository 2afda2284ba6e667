"""What happens to a note, a file or a link that could not be sent. Whoever holds the mirror sends these too."""

from workflow.gitlab.errors import Misconfigured, OutOfTime, Permanent, RateLimited
from workflow.gitlab.run import backoff, in_seconds


def interrupts(error):
    """Whether the error concerns the whole run, not this one row."""
    return isinstance(error, (Misconfigured, RateLimited, OutOfTime))


def failed(row, error):
    """Put the row off, or park it for a person when trying again cannot help."""
    message = getattr(error, "message", None) or f"The file cannot be read: {error}"
    hopeless = isinstance(error, Permanent)
    put_off(
        row,
        None if hopeless else (getattr(error, "retry_after", None) or backoff(row.attempts)),
        message,
        parked=hopeless,
    )


def put_off(row, seconds, message="", **fields):
    """Look at the row again in so many seconds (None: not by itself)."""
    due_at = None if seconds is None else in_seconds(seconds)
    type(row).objects.filter(pk=row.pk).update(due_at=due_at, last_error=message, **fields)
