"""Whose court the time was spent in; and, from ``accounts.working_days``, how much of a time was working time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from supportops.accounts.models import User
from supportops.accounts.working_days import calendar_of, working_days_before, working_time
from workflow.models import Issue
from workflow.states import COURT, Court

__all__ = [
    "DAY_SECONDS",
    "Clock",
    "calendar_of",
    "clock_of",
    "counted_for",
    "stays_of",
    "time_by_court",
    "working_days_before",
    "working_time",
]
DAY_SECONDS = 86_400
Stay = tuple[datetime, str]
"""The moment a request came to a state, and the state."""


def time_by_court(stays: Sequence[Stay], now: datetime) -> dict[Court, timedelta]:
    """How long a request was in each court, as {Court: timedelta}; the parts sum to its lead time exactly.

    ``stays``: (moment it came to a state, the state), oldest first. Ended states are in nobody's court.
    """
    spent: dict[Court, timedelta] = {}
    ends = [*(moment for moment, _ in stays[1:]), now][: len(stays)]
    for (begin, state), end in zip(stays, ends, strict=True):
        if court := COURT.get(state):
            spent[court] = spent.get(court, timedelta()) + (end - begin)
    return spent


def counted_for(issue: Issue) -> User | None:
    """By whose calendar the working days in its state count: the one person whose turn it is; None: the portal's."""
    whose = {Court.REQUESTER: issue.requester, Court.OPS: issue.assignee}
    return whose.get(issue.court) if issue.court else None


def stays_of(issue: Issue) -> list[Stay]:
    """The stays of a request that comes ``with_moves``, as ``time_by_court`` takes them."""
    return [(move.at, move.to_state) for move in issue.moves]


@dataclass(frozen=True)
class Clock:
    """The time of one request by court. ``spent``: {Court: timedelta}, in the order of ``Court``; ``court``: whose turn
    it is now, and ``since`` when without a break, both None once it has ended."""

    spent: dict[Court, timedelta]
    court: Court | None
    since: datetime | None

    @property
    def lead_time(self) -> timedelta:
        """How long the request has been open, the times it was closed left out."""
        return sum(self.spent.values(), timedelta())

    @property
    def seconds(self) -> dict[Court, int]:
        """{Court: whole seconds} that sum to the whole seconds of the lead time, whatever fractions are dropped."""
        whole, so_far, dropped = {}, timedelta(), 0
        for court, time in self.spent.items():
            so_far += time
            until = so_far // timedelta(seconds=1)
            whole[court], dropped = until - dropped, until
        return whole


def clock_of(stays: Sequence[Stay], now: datetime) -> Clock:
    """The Clock of a request from its ``stays`` (as ``time_by_court`` takes them)."""
    spent = time_by_court(stays, now)
    court: Court | None = None
    since: datetime | None = None
    for moment, state in stays:
        before, court = court, COURT.get(state)
        since = (since if court == before else moment) if court else None
    return Clock({one: spent[one] for one in Court if one in spent}, court, since)
