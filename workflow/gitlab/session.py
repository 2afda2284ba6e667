"""One worker's run over one request: what it holds, and the only ways it writes."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.db.models import Case, Exists, F, Q, QuerySet, Value, When
from django.utils import timezone
from django.utils.functional import cached_property

from supportops.statements import Statement, ids
from workflow.catalogue.models import Tracker
from workflow.gitlab.circuit_breaker import hears
from workflow.gitlab.client import Gateway, ReadingGateway, open_gateway, open_reader
from workflow.gitlab.errors import Gone, LeaseLost, OutOfTime
from workflow.gitlab.labels import Labelling, Spelling
from workflow.gitlab.models import GitLabLink, OutgoingLink, OutgoingNote
from workflow.gitlab.models.connection import Connection
from workflow.gitlab.models.inbound import PendingPull
from workflow.gitlab.schemas import Person, RemoteProject
from workflow.models import ApprovalRound, Attachment, Issue, IssueLink

PAUSES = (0.5, 2)
"""Seconds to wait before a row that could not be let go of is tried again; then its lease lapses."""
Status = GitLabLink.Status
_Result = TypeVar("_Result")


def in_seconds(seconds: float) -> datetime:
    """The time so many seconds from now."""
    return timezone.now() + timedelta(seconds=seconds)


def drop_connection() -> None:
    """Let the next query open a new connection to the database: this one may be broken.

    If no new one is to be had either, the holder cannot give its row back, and the lease lapses.
    """
    if not connection.in_atomic_block:
        connection.close()


def insist(let_go: Callable[[], _Result]) -> _Result:
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


class Beside(NamedTuple):
    """What there is beside a request, so that nothing is asked about what is not: files, rounds of approval, links to
    other requests; and what may be due of it: notes, links between GitLab issues."""

    files: bool
    rounds: bool
    links: bool
    notes_due: bool
    links_due: bool


_ONE = ids(1)[0]


def _what_is_beside() -> QuerySet[Any, Any]:
    links = IssueLink.objects.filter(Q(source=_ONE) | Q(target=_ONE))
    return GitLabLink.objects.filter(pk=_ONE).values_list(
        Exists(Attachment.objects.filter(issue=_ONE)),
        Exists(ApprovalRound.objects.filter(issue=_ONE)),
        Exists(links),
        Exists(OutgoingNote.objects.filter(issue=_ONE, parked=False, due_at__isnull=False)),
        Exists(OutgoingLink.objects.filter(link__source=_ONE, parked=False, due_at__isnull=False)),
    )


_BESIDE = Statement("beside", _what_is_beside, [_ONE])


class Run:
    """A claimed mirror, its request as it stood after the claim, and GitLab within its budgets.

    ``version`` is read with the claim, the request after it: what is pushed is at least as new as ``version``.
    ``unanswered``: whether GitLab left a call unanswered; then this run makes no other one. ``ends``: by the monotonic
    clock, when no further call begins; by default after a third of the lease.
    """

    share: float = 1
    """How much of each budget it may use up; a push sends what people did, so all of it."""
    open: Callable[..., Gateway] = staticmethod(open_gateway)
    gateway: Gateway

    def __init__(self, mirror: GitLabLink, connection: Connection, ends: float | None = None) -> None:
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

    def _hear(self, answered: bool) -> None:
        self.unanswered = self.unanswered or not answered
        self._tell(answered)

    # What it knows --------------------------------------------------------------------------------------------------

    @cached_property
    def beside(self) -> Beside:
        """What there is beside the request; read after the request, and what comes later makes its row due again."""
        return Beside(*map(bool, _BESIDE.rows(self.mirror.pk)[0]))

    @cached_property
    def labelling(self) -> Labelling:
        """The label schemes."""
        return Labelling.read()

    @cached_property
    def bot_id(self) -> int:
        """Who the portal is in GitLab; asked once and kept."""
        if self.connection.bot_id is None:
            me = self.gateway.me()
            Connection.objects.filter(pk=self.connection.pk).update(bot_id=me.id, bot_username=me.username)
            self.connection.bot_id = me.id
        return self.connection.bot_id

    @cached_property
    def target_project(self) -> int:
        """Number of the project the issue belongs in: its tracker's; without a tracker, wherever it is."""
        tracker = self.issue.tracker
        if tracker is None:
            return self.there[0]
        return tracker.project_id or self.project.id

    @property
    def there(self) -> tuple[int, int]:
        """Numbers of the project and of the issue there. Only where the mirror ``exists``."""
        project_id, iid = self.mirror.project_id, self.mirror.iid
        if project_id is None or iid is None:
            raise LookupError("The request has no GitLab issue.")
        return project_id, iid

    @cached_property
    def project(self) -> RemoteProject:
        """The tracker's project, as GitLab shows it now; its number is kept. Only where the request has a tracker."""
        tracker = self.issue.tracker
        if tracker is None:
            raise LookupError("The request has no tracker.")
        found = self.gateway.project(tracker.project_id or tracker.path)
        if tracker.project_id is None:
            Tracker.objects.filter(pk=tracker.pk, project_id=None).update(project_id=found.id)
        return found

    @property
    def now(self) -> datetime:
        """GitLab's clock where it told it, else ours."""
        return self.gateway.now or timezone.now()

    # What it writes -------------------------------------------------------------------------------------------------

    def write(self, **fields: Any) -> None:
        """Write the mirror row, committed at once. LeaseLost if somebody else holds it by now."""
        if not self.mirror.held().update(**fields):
            raise LeaseLost("Another worker took this request over.")
        self._remember(fields)

    def _remember(self, fields: Mapping[str, Any]) -> None:
        for name, value in fields.items():
            setattr(self.mirror, name, value)

    def agree(self, last_synced: dict[str, Any], remark: str = "") -> None:
        """GitLab now shows ``version``; if more was wanted meanwhile the row stays behind and due."""
        agreed = {
            "last_synced": last_synced,
            "pushed_version": self.version,
            "pushed_at": timezone.now(),
            "attempts": 0,
            "last_error": remark,
            "parked": False,
            "refused_since": None,
        }
        in_step = {**agreed, "status": Status.IN_STEP, "due_at": None}
        if self.mirror.held().filter(wanted_version=self.version).update(**in_step):
            self._remember(in_step)
        else:
            self.write(**agreed, status=Status.BEHIND, due_at=timezone.now())

    def put_off(self, seconds: float, error: str = "", **fields: Any) -> None:
        """Let go of the row and look at it again in so many seconds."""
        self.mirror.release(due_at=in_seconds(seconds), last_error=error, **fields)

    def put_off_free(self, seconds: float, error: str, **fields: Any) -> None:
        """As ``put_off``, and it does not count as an attempt."""
        attempts = Case(When(attempts__gt=0, then=F("attempts") - 1), default=Value(0))
        self.put_off(seconds, error, attempts=attempts, **fields)

    def park(self, error: str, status: Status = Status.PARKED) -> None:
        """Let go of the row until a person has looked."""
        self.mirror.release(
            due_at=None, parked=True, status=status, last_error=error, refused_since=None, absent_since=None
        )


class LookRun(Run):
    """A run that looks: a claimed mirror, its Look, and a gateway that knows the past."""

    share = 0.8
    """Looks leave a part of each budget to what people did in the portal, however much is found to look at."""
    open: Callable[..., ReadingGateway] = staticmethod(open_reader)
    gateway: ReadingGateway

    def __init__(
        self, mirror: GitLabLink, connection: Connection, look: PendingPull, ends: float | None = None
    ) -> None:
        super().__init__(mirror, connection, ends)
        self.look = look
        self._people: dict[int, Person] = {}

    @cached_property
    def spelling(self) -> Spelling:
        """What labels mean, and meant."""
        return Spelling.read(skew=self.now - timezone.now())

    @cached_property
    def reads_internal_notes(self) -> bool:
        """Whether the bot's role shows it internal comments."""
        return not self.gateway.project(self.there[0]).role_too_low

    def person(self, user_id: int) -> Person:
        """Somebody in GitLab by number; asked for once."""
        if user_id not in self._people:
            try:
                self._people[user_id] = self.gateway.person(user_id)
            except Gone:
                self._people[user_id] = Person(user_id, "", "Somebody")
        return self._people[user_id]

    def reread(self) -> Issue:
        """The request as it is now."""
        self.issue = Issue.objects.select_related("tracker", "requester", "assignee", "milestone", "route").get(
            pk=self.mirror.pk
        )
        return self.issue
