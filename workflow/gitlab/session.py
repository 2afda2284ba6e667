"""One worker's run over one request: what it holds, and the only ways it writes."""

import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.db.models import Case, F, Value, When
from django.utils import timezone
from django.utils.functional import cached_property

from workflow.catalogue.models import Tracker
from workflow.gitlab.circuit_breaker import hears
from workflow.gitlab.client import open_gateway
from workflow.gitlab.errors import LeaseLost, OutOfTime
from workflow.gitlab.labels import Labelling
from workflow.gitlab.models import GitLabLink
from workflow.gitlab.models.connection import Connection
from workflow.models import Issue

PAUSES = (0.5, 2)
"""Seconds to wait before a row that could not be let go of is tried again; then its lease lapses."""
Status = GitLabLink.Status


def in_seconds(seconds):
    """The time so many seconds from now."""
    return timezone.now() + timedelta(seconds=seconds)


def drop_connection() -> None:
    """Let the next query open a new connection to the database: this one may be broken.

    If no new one is to be had either, the holder cannot give its row back, and the lease lapses.
    """
    if not connection.in_atomic_block:
        connection.close()


def insist(let_go):
    """Call ``let_go``, again on a new connection if the database fails at it; ``let_go`` may be done more than once.

    A row that is not let go of looks like one whose holder died, and a few of those end with a person.
    """
    for pause in PAUSES:
        try:
            return let_go()
        except (OperationalError, InterfaceError):
            drop_connection()
            time.sleep(pause)
    return let_go()


class Run:
    """A claimed mirror, its request as it stood after the claim, and GitLab within its budgets.

    ``version`` is read with the claim, the request after it: what is pushed is at least as new as ``version``.
    ``unanswered``: whether GitLab left a call unanswered; then this run makes no other one. ``ends``: by the monotonic
    clock, when no further call begins; by default after a third of the lease.
    """

    share: float = 1
    """How much of each budget it may use up; a push sends what people did, so all of it."""
    open = staticmethod(open_gateway)

    def __init__(self, mirror: GitLabLink, connection: Connection, ends=None) -> None:
        self.mirror, self.connection = mirror, connection
        self.version = mirror.wanted_version
        self.issue = Issue.objects.select_related("tracker", "requester", "assignee", "milestone", "route").get(
            pk=mirror.pk
        )
        self.gateway = self.open(meter=self._meter, heard=self._hear)
        self.unanswered, self._tell = False, hears(connection)
        self._ends = ends if ends is not None else time.monotonic() + settings.GITLAB_LEASE_SECONDS / 3

    def _meter(self, kind: str) -> None:
        """Before each call: is there time left in this run, and budget left in this minute?"""
        if self.unanswered or time.monotonic() > self._ends:
            raise OutOfTime("The rest follows in the next run.")
        self.connection.spend(kind, share=self.share)

    def _hear(self, answered) -> None:
        self.unanswered = self.unanswered or not answered
        self._tell(answered)

    # What it knows --------------------------------------------------------------------------------------------------

    @cached_property
    def labelling(self):
        """The label schemes."""
        return Labelling.read()

    @cached_property
    def bot_id(self):
        """Who the portal is in GitLab; asked once and kept."""
        if self.connection.bot_id is None:
            me = self.gateway.me()
            Connection.objects.filter(pk=self.connection.pk).update(bot_id=me.id, bot_username=me.username)
            self.connection.bot_id = me.id
        return self.connection.bot_id

    @cached_property
    def target_project(self):
        """Number of the project the issue belongs in: its tracker's; without a tracker, wherever it is."""
        tracker = self.issue.tracker
        if tracker is None:
            return self.mirror.project_id
        return tracker.project_id or self.project.id

    @cached_property
    def project(self):
        """The tracker's project, as GitLab shows it now; its number is kept."""
        tracker = self.issue.tracker
        found = self.gateway.project(tracker.project_id or tracker.path)
        if tracker.project_id is None:
            Tracker.objects.filter(pk=tracker.pk, project_id=None).update(project_id=found.id)
        return found

    @property
    def now(self):
        """GitLab's clock where it told it, else ours."""
        return self.gateway.now or timezone.now()

    # What it writes -------------------------------------------------------------------------------------------------

    def write(self, **fields: Any) -> None:
        """Write the mirror row, committed at once. LeaseLost if somebody else holds it by now."""
        if not self.mirror.held().update(**fields):
            raise LeaseLost("Another worker took this request over.")
        self._remember(fields)

    def _remember(self, fields) -> None:
        for name, value in fields.items():
            setattr(self.mirror, name, value)

    def agree(self, last_synced, remark="") -> None:
        """GitLab now shows ``version``; if more was wanted meanwhile the row stays behind and due."""
        agreed = {
            "last_synced": last_synced,
            "pushed_version": self.version,
            "pushed_at": timezone.now(),
            "attempts": 0,
            "last_error": remark,
            "parked": False,
            "refused_since": None,
            "absent_since": None,
        }
        in_step = {**agreed, "status": Status.IN_STEP, "due_at": None}
        if self.mirror.held().filter(wanted_version=self.version).update(**in_step):
            self._remember(in_step)
        else:
            self.write(**agreed, status=Status.BEHIND, due_at=timezone.now())

    def put_off(self, seconds, error="", **fields: Any) -> None:
        """Let go of the row and look at it again in so many seconds."""
        self.mirror.release(due_at=in_seconds(seconds), last_error=error, **fields)

    def put_off_free(self, seconds, error, **fields: Any) -> None:
        """As ``put_off``, and it does not count as an attempt."""
        attempts = Case(When(attempts__gt=0, then=F("attempts") - 1), default=Value(0))
        self.put_off(seconds, error, attempts=attempts, **fields)

    def park(self, error, status=Status.PARKED) -> None:
        """Let go of the row until a person has looked."""
        self.mirror.release(
            due_at=None, parked=True, status=status, last_error=error, refused_since=None, absent_since=None
        )
