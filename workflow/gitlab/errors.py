"""What can go wrong with GitLab (reliability.md §1, C10). What follows from each stands in ``retry``.

A refusal by itself does not say whom it is about: a 403 may mean the bot, its role in one project, or one discussion.
``failures`` asks GitLab and makes it one of the classes that say so.
"""


class GitLabError(Exception):
    """Something went wrong between the portal and GitLab; the text is for people.

    ``project``: number or path of the project that was asked, or None.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.project: int | str | None = None


class Retryable(GitLabError):
    """Trying again later may help: network, 5xx, a reply that is not GitLab's. ``retry_after``: seconds, or None."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RateLimited(Retryable):
    """Too many calls of a kind (requests, creations, notes); nothing was done. ``ours``: our own budget said so."""

    def __init__(self, message: str, retry_after: float, *, kind: str = "requests", ours: bool = False) -> None:
        super().__init__(message, retry_after)
        self.retry_after: float = retry_after
        self.kind, self.ours = kind, ours


class OutOfTime(Retryable):
    """This run has used its time; the rest belongs to the next one."""


class Unknown(Retryable):
    """A write that may have been done all the same: cut off, timed out, 5xx, unreadable reply."""


class LeaseLost(GitLabError):
    """Somebody else holds the row by now; whatever this run still meant to write is theirs to write."""


class Permanent(GitLabError):
    """GitLab said no and will say it again (400, 409, 413, 422): a person must look."""


class Conflict(Permanent):
    """409: it is there already."""


class Gone(Permanent):
    """GitLab's own 404: it is not there, or the bot may not see it."""


class Absent(Gone):
    """The request's issue is not there, though GitLab answers and its project is there."""


class Misconfigured(GitLabError):
    """401, 403 on the bot itself, a redirect: the connection is wrong, so everything waits and no attempt is burnt."""


class Forbidden(GitLabError):
    """Any other 403: the bot may not do this one thing; whether it is so in the whole tracker is not asked yet."""


class TrackerRefuses(GitLabError):
    """A whole project is closed to the bot, or to what it writes. ``readable``: it may still be read."""

    def __init__(self, message: str, *, project: int | str | None, readable: bool) -> None:
        super().__init__(message)
        self.project, self.readable = project, readable
