"""Whose court the time was spent in; and, from ``accounts.working_days``, how much of a time was working time."""

from datetime import timedelta

from supportops.accounts.working_days import working_days_before, working_time
from workflow.stages import COURT

__all__ = ["DAY_SECONDS", "time_by_court", "working_days_before", "working_time"]
DAY_SECONDS = 86_400


def time_by_court(stays, now):
    """How long a request was in each court, as {Court: timedelta}; the parts sum to its lead time exactly.

    ``stays``: (moment it came to a state, the state), oldest first. Ended states are in nobody's court.
    """
    spent = {}
    ends = [*(moment for moment, _ in stays[1:]), now]
    for (begin, state), end in zip(stays, ends, strict=True):
        if court := COURT.get(state):
            spent[court] = spent.get(court, timedelta()) + (end - begin)
    return spent
