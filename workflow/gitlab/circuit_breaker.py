"""Whether GitLab is there at all. While it is not, one call in a while asks; everything else waits and burns nothing.

Without this every request that is due would find out for itself, each holding a worker until its call times out. What
is known stands in the database, so that all workers know it: ``Connection.away_since`` from the first call that was not
answered, and a budget row that counts those in a row and says before when nobody asks.
"""

from collections.abc import Callable
from datetime import timedelta

import structlog
from django.conf import settings
from django.db.models import F
from django.utils import timezone

from workflow.gitlab.client import open_gateway
from workflow.gitlab.errors import GitLabError
from workflow.gitlab.models import Connection
from workflow.gitlab.models.connection import Budget

log = structlog.get_logger(__name__)
TOLERATED = 3
"""So many calls in a row without an answer, over all workers, and GitLab is taken to be away."""
FIRST_WAIT, LONGEST_WAIT = 5, 30
"""Seconds between two tries to reach it: doubling, and short enough that nobody waits long once it is back."""


def hears(connection: Connection) -> Callable[[bool], None]:
    """What a gateway tells after each call: whether GitLab answered it. Costs a query only around an outage."""

    def heard(answered: bool) -> None:
        if not answered:
            _unanswered(connection)
        elif connection.away_since:
            _back(connection)

    return heard


def is_there(connection: Connection) -> bool:
    """Whether GitLab may be asked. While it is away: False, but for whoever's turn it is to find that it is back."""
    if connection.away_since is None:
        return True
    row = Budget.objects.filter(name=Budget.UNANSWERED, count__gte=TOLERATED).first()
    if row is None:
        return True
    now = timezone.now()
    if row.blocked_until and row.blocked_until > now:
        return False
    mine = now + timedelta(seconds=settings.GITLAB_TIMEOUT_SECONDS + FIRST_WAIT)
    turn = Budget.objects.filter(name=Budget.UNANSWERED, blocked_until=row.blocked_until)
    return bool(turn.update(blocked_until=mine)) and _answers(connection)


def _answers(connection: Connection) -> bool:
    """Ask something cheap. Being refused is an answer too: what it means is for the calls that follow."""
    told: list[bool] = []
    tell = hears(connection)

    def heard(answered: bool) -> None:
        told.append(answered)
        tell(answered)

    gateway = open_gateway(heard=heard)
    try:
        gateway.version()
    except GitLabError as error:
        log.info("gitlab_still_away", reason=error.message)
    return told[-1:] == [True]


def _unanswered(connection: Connection) -> None:
    connection.mark_away()
    now = timezone.now()
    Budget.objects.get_or_create(name=Budget.UNANSWERED, defaults={"window_start": now})
    rows = Budget.objects.filter(name=Budget.UNANSWERED)
    rows.update(count=F("count") + 1)
    count = rows.values_list("count", flat=True).first() or 0  # none: somebody else was answered just now
    if count >= TOLERATED:
        wait = min(FIRST_WAIT * 2 ** min(count - TOLERATED, 10), LONGEST_WAIT)
        rows.update(blocked_until=now + timedelta(seconds=wait))
    if count == TOLERATED:
        log.error("gitlab_away", since=connection.away_since and connection.away_since.isoformat())


def _back(connection: Connection) -> None:
    """It answered: all that waited goes on, the longest due first."""
    since = connection.away_since
    connection.mark_back()
    if Budget.objects.filter(name=Budget.UNANSWERED, count__gte=TOLERATED).delete()[0]:
        log.warning("gitlab_back", since=since and since.isoformat())
    Budget.objects.filter(name=Budget.UNANSWERED).delete()
