"""What can go wrong with GitLab, by what follows from it (reliability.md §1, C10)."""


class GitLabError(Exception):
    """Something went wrong between the portal and GitLab; the text is for people."""

    def __init__(self, message):
        super().__init__(message)
        self.message = message


class Retryable(GitLabError):
    """Trying again later may help: network, 5xx, a reply that is not GitLab's. ``retry_after``: seconds, or None."""

    def __init__(self, message, retry_after=None):
        super().__init__(message)
        self.retry_after = retry_after


class RateLimited(Retryable):
    """Too many calls of a kind (requests, creations, notes); nothing was done. ``ours``: our own budget said so."""

    def __init__(self, message, retry_after, *, kind="requests", ours=False):
        super().__init__(message, retry_after)
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
    """404: it is not there, or the bot may not see it."""


class Misconfigured(GitLabError):
    """401, 403, a redirect: the connection itself is wrong, so everything waits and no attempt is burnt."""


class Forbidden(Misconfigured):
    """403: the bot may not do this here; it may be so in one tracker only."""
