"""What to do after an error: decided here, once, for whatever was being worked on (contract C10 of reliability.md).

Pure: nothing is asked and nothing is written. ``failures`` tells apart what GitLab's refusal is about, asks here, and
writes what follows on the row.

===========================================  =========================================================================
What went wrong                              What follows
===========================================  =========================================================================
network, 5xx, 409 busy, not GitLab's reply   RETRY, backing off with jitter; as late as GitLab asks for
a creation or comment that may be done       RETRY after the quarantine
429, or a budget of our own used up          RETRY when the limit allows; no attempt is burnt
this run's time is over, the task's too      RETRY at once, or backing off where GitLab left a call unanswered; free
401, 403 on the bot itself, a redirect       PAUSE the connection; no attempt is burnt
403 or 404 of a whole project, archived      WAIT_FOR_TRACKER: what it holds goes on when the project answers
any other 403                                WAIT_FOR_PIECE: that request, comment, file, link or reading alone
404 of the issue, its project is there       RETRY once, minutes later; absent still: ORPHAN
404 of something else                        PARK with GitLab's words
400, 409, 413, 422                           PARK with GitLab's words
one file fails MOST_TRIES times              PARK that file, named
database away or too busy                    RETRY, backing off
anything nobody foresaw                      PARK, and a person is paged; a reading gets POISON tries
===========================================  =========================================================================
"""

import random
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import InterfaceError, OperationalError

from workflow.gitlab.errors import (
    Absent,
    Forbidden,
    Gone,
    LeaseLost,
    Misconfigured,
    OutOfTime,
    Permanent,
    RateLimited,
    Retryable,
    TrackerRefuses,
    Unknown,
)

LONGEST_BACKOFF = 300
FIRST_WAIT, LONGEST_TRACKER_WAIT, LONGEST_PIECE_WAIT = 60, 900, 1800
"""Seconds until what GitLab refuses is tried again: doubling, at most so many."""
ABSENT_FOR = timedelta(minutes=3)
"""How far apart two looks must be that both do not find an issue before it counts as deleted."""
MOST_TRIES = 12
"""How often one file is tried before it is given up; with the backoff, some twenty minutes."""
POISON = 3
"""How often a reading may fail for reasons nobody foresaw before it waits for a person."""
TOO_SLOW = "GitLab answered too slowly; the rest follows."
DATABASE_AWAY = "The database was away or too busy for a moment."
ORPHANED = "The issue was deleted in GitLab. Decide whether to create it anew, to relink it, or to let it go."


class Outcome(Enum):
    """The six things that can follow from an error."""

    RETRY = "retry"
    WAIT_FOR_TRACKER = "wait for this tracker"
    WAIT_FOR_PIECE = "wait for this piece"
    PAUSE = "pause the connection"
    PARK = "park"
    ORPHAN = "orphan"


class Doing(Enum):
    """What was being done. The last four are pieces: what hangs on a request's issue and may fail alone."""

    REQUEST = "bringing a request's issue in step"
    LOOK = "reading what people did to an issue"
    TRACKER = "reading something of a whole tracker"
    NOTE = "posting a comment"
    LINK = "relating two issues"
    FILE = "uploading a file"
    FETCH = "fetching a file of a comment"


PIECES = frozenset({Doing.NOTE, Doing.LINK, Doing.FILE, Doing.FETCH})
FILES = frozenset({Doing.FILE, Doing.FETCH})


@dataclass(frozen=True)
class Decision:
    """What follows. ``reason``: for people; None leaves what is known. ``seconds``: until it is tried again.

    ``counts``: whether this was an attempt. ``whole``: it is not about the piece but about all that the run would do.
    ``absent``: the issue was not found, which is remembered. ``foreseen``: nobody has to read a traceback. ``stops``:
    what is parked while reading stops writing too.
    """

    outcome: Outcome
    reason: str | None = None
    seconds: float = 0
    counts: bool = True
    whole: bool = False
    absent: bool = False
    foreseen: bool = True
    stops: bool = True

    @property
    def words(self) -> str:
        """The reason to write down; empty where it leaves what is known."""
        return self.reason or ""

    @property
    def whole_connection(self) -> bool:
        """Whether it is about GitLab as a whole, not about one tracker or less."""
        return self.outcome in (Outcome.PAUSE, Outcome.RETRY)


def backoff(attempts: int) -> float:
    """Seconds to wait after so many attempts: doubling, at most five minutes, with jitter."""
    return min(LONGEST_BACKOFF, 2.0 ** min(attempts, 10)) * random.uniform(0.5, 1)


def waiting_time(attempts: int, longest: int) -> float:
    """Seconds until something that GitLab refuses is tried again: from a minute, doubling, with jitter."""
    return min(longest, FIRST_WAIT * 2.0 ** min(max(attempts - 1, 0), 10)) * random.uniform(0.8, 1)


def quarantine() -> timedelta:
    """How long an unconfirmed write may still come true."""
    return timedelta(seconds=settings.GITLAB_QUARANTINE_SECONDS)


def decide(
    error: BaseException,
    doing: Doing,
    *,
    attempts: int = 1,
    unanswered: bool = False,
    absent_for: timedelta | None = None,
) -> Decision:
    """What follows from ``error``.

    ``attempts``: how often it was tried, this time included. ``unanswered``: GitLab left a call of this run without an
    answer. ``absent_for``: since when the issue is known not to be there, or None if this is the first time.
    """
    match error:
        case LeaseLost():  # whoever holds the row by now writes it
            return Decision(Outcome.RETRY, seconds=1, counts=False, whole=True)
        case OutOfTime():
            return Decision(Outcome.RETRY, seconds=backoff(attempts) if unanswered else 0, counts=False, whole=True)
        case SoftTimeLimitExceeded():
            return Decision(Outcome.RETRY, TOO_SLOW, backoff(attempts), counts=False, whole=True)
        case RateLimited():
            return Decision(Outcome.RETRY, error.message, error.retry_after or 0, counts=False, whole=True)
        case Misconfigured():
            return Decision(Outcome.PAUSE, error.message, counts=False, whole=True)
        case TrackerRefuses():
            seconds = waiting_time(attempts, LONGEST_TRACKER_WAIT)
            return Decision(Outcome.WAIT_FOR_TRACKER, error.message, seconds, counts=False, whole=True)
        case Forbidden():
            return Decision(Outcome.WAIT_FOR_PIECE, error.message, waiting_time(attempts, LONGEST_PIECE_WAIT))
        case Absent():
            return _absent(error, absent_for)
        case OperationalError() | InterfaceError():
            return Decision(Outcome.RETRY, DATABASE_AWAY, backoff(attempts), whole=True)
    if doing in FILES and isinstance(error, (Retryable, Gone, OSError)):
        return _file(error, doing, attempts)
    match error:
        case Unknown() if doing in {Doing.REQUEST, Doing.NOTE}:
            return Decision(Outcome.RETRY, error.message, quarantine().total_seconds())
        case Retryable():
            return Decision(Outcome.RETRY, error.message, error.retry_after or backoff(attempts))
        case Permanent():
            return Decision(Outcome.PARK, error.message)
    words = f"The portal failed ({type(error).__name__}). Its log says more."
    if doing is Doing.LOOK and attempts < POISON:
        return Decision(Outcome.RETRY, words, backoff(attempts), foreseen=False)
    return Decision(Outcome.PARK, words, foreseen=False, stops=False)


def _absent(error: Absent, absent_for: timedelta | None) -> Decision:
    """Absent once may be a replica that lags; only twice, minutes apart, it is gone (rows 19 and 54)."""
    if absent_for is not None and absent_for >= ABSENT_FOR:
        return Decision(Outcome.ORPHAN, ORPHANED, whole=True)
    left = ABSENT_FOR - (absent_for or timedelta(0))
    words = f"{error.message} It is looked for once more."
    return Decision(Outcome.RETRY, words, left.total_seconds(), counts=False, whole=True, absent=True)


def _file(error: BaseException, doing: Doing, attempts: int) -> Decision:
    """One file keeps nothing else waiting: it is tried a few times by itself, and given up (row 55)."""
    words = getattr(error, "message", None) or f"The file cannot be read: {error}"
    if isinstance(error, Gone) and doing is Doing.FILE:
        return Decision(Outcome.PARK, words)
    if attempts >= MOST_TRIES:
        return Decision(Outcome.PARK, f"Given up after {attempts} tries. {words}")
    return Decision(Outcome.RETRY, words, getattr(error, "retry_after", None) or backoff(attempts))
