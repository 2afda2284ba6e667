"""What becomes of whatever was being worked on when something failed: told apart, decided, written. One way for all.

GitLab's refusal does not say whom it is about, so GitLab is asked: ``/user`` tells whether it is the bot itself, the
project whether it is the whole tracker, the issue whether it is gone. What follows stands in ``retry``; here it is
written on the request, the reading, the piece or the tracker.
"""

from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError
from django.db.models import F
from django.utils import timezone

from workflow.catalogue.models import Tracker
from workflow.gitlab.circuit_breaker import hears, is_there
from workflow.gitlab.client import Gateway, open_gateway
from workflow.gitlab.errors import (
    Absent,
    Forbidden,
    GitLabError,
    Gone,
    LeaseLost,
    Misconfigured,
    RateLimited,
    Retryable,
    TrackerRefuses,
)
from workflow.gitlab.models import GitLabLink, PendingFile, TrackerWait
from workflow.gitlab.models.connection import Budget, Connection
from workflow.gitlab.models.link import Exchanged
from workflow.gitlab.retry import Decision, Doing, Outcome, decide
from workflow.gitlab.session import LookRun, Run, drop_connection, in_seconds

log = structlog.get_logger(__name__)
ONE_TRY = timedelta(minutes=1)
"""How long whoever asks a waiting tracker keeps others from asking too."""
What = TrackerWait.What


class Work(Protocol):
    """What was being worked on: what the decision rests on, and how each consequence is written.

    ``project`` and ``iid``: where its issue is, or None. ``part_of_run``: what concerns more than a piece is its
    run's to write.
    """

    doing: Doing
    part_of_run: bool
    connection: Connection
    gateway: Gateway
    attempts: int
    unanswered: bool
    absent_for: timedelta | None
    project: int | str | None
    iid: int | None

    def put_off(self, decision: Decision) -> None:
        """Try it again when the decision says."""

    def interrupted(self, decision: Decision) -> None:
        """What it is part of stops for a reason that is not its own; it must not be due again before that."""

    def wait_for_tracker(self, decision: Decision, tracker: Tracker | None) -> None:
        """It goes on when the tracker does."""

    def wait_for_piece(self, decision: Decision) -> None:
        """Only this waits, shown with its reason, and is tried again."""

    def park(self, decision: Decision) -> None:
        """It waits for a person."""

    def orphan(self, decision: Decision) -> None:
        """Its issue is gone."""

    def named(self) -> dict[str, Any]:
        """What it is, for the log."""


def handle_failure(error: BaseException, work: Work) -> Decision:
    """Decide what follows from ``error``, and write it on what was being worked on.

    Raises the error, told apart, where it concerns the run that a piece is part of. May be called twice.
    """
    error = _told_apart(error, work)
    if isinstance(error, (OperationalError, InterfaceError, SoftTimeLimitExceeded)):
        drop_connection()  # whatever it hit may be half done, a query too
    if isinstance(error, RateLimited) and not error.ours:
        Budget.block(error.kind, error.retry_after)
    decision = decide(error, work.doing, attempts=work.attempts, unanswered=work.unanswered, absent_for=work.absent_for)
    if decision.whole and work.part_of_run:
        if not isinstance(error, (LeaseLost, OperationalError, InterfaceError)):  # not ours to write, or cannot be
            work.interrupted(decision)
        raise error
    _log(error, decision, work)
    match decision.outcome:
        case Outcome.RETRY:
            work.put_off(decision)
        case Outcome.WAIT_FOR_TRACKER:
            work.wait_for_tracker(decision, _close(error, decision))
        case Outcome.WAIT_FOR_PIECE:
            work.wait_for_piece(decision)
        case Outcome.PAUSE:
            work.connection.pause(decision.words)
            work.put_off(decision)
        case Outcome.PARK:
            work.park(decision)
        case Outcome.ORPHAN:
            work.orphan(decision)
    return decision


def stops_round(decision: Decision, error: BaseException, connection: Connection) -> bool:
    """Whether whoever goes from tracker to tracker had better stop: the others would fare no better."""
    if decision.outcome is Outcome.PAUSE or isinstance(error, RateLimited):
        return True
    return decision.outcome is Outcome.RETRY and not is_there(connection)


def _log(error: BaseException, decision: Decision, work: Work) -> None:
    said = {"doing": work.doing.value, "outcome": decision.outcome.value, "reason": decision.reason, **work.named()}
    if not decision.foreseen:
        log.error("gitlab_work_failed", exc_info=error, **said)
    elif decision.outcome in (Outcome.PAUSE, Outcome.PARK, Outcome.ORPHAN):
        log.error("gitlab_work_stopped", **said)
    else:
        log.warning("gitlab_work_put_off", seconds=round(decision.seconds), **said)


# Telling apart ------------------------------------------------------------------------------------------------------

_WORDS = {
    Doing.REQUEST: "GitLab does not let the bot create or change this issue ({}). See what its role may do there.",
    Doing.LOOK: "GitLab does not let the bot read this issue ({}). See what its role may do there.",
    Doing.TRACKER: "GitLab does not let the bot do this in the whole project ({}). See what its role may do there.",
    Doing.NOTE: "GitLab does not let the bot comment on this issue ({}). If its discussion is locked, unlock it.",
    Doing.LINK: "GitLab does not let the bot relate the two issues ({}). See what its role may do in both projects.",
    Doing.FILE: "GitLab does not let the bot upload this file ({}). See what its role may do there.",
    Doing.FETCH: "GitLab does not let the bot read this file ({}). See what its role may do there.",
}


def _told_apart(error: BaseException, work: Work) -> BaseException:
    """The error, as one that says whom it is about. What goes wrong while asking takes its place."""
    if not isinstance(error, Forbidden | Gone) or isinstance(error, Absent):
        return error
    try:
        return _meant(error, work)
    except (GitLabError, SoftTimeLimitExceeded) as other:
        return other


def _meant(error: Forbidden | Gone, work: Work) -> GitLabError:
    _see_the_bot(work.gateway)
    where = work.project if error.project is None else error.project
    closed = None if where is None else _closed(work.gateway, where)
    if closed is not None:
        return closed
    if isinstance(error, Forbidden):
        return Forbidden(_WORDS[work.doing].format(error.message.partition("(")[2].rpartition(")")[0] or "403"))
    if isinstance(work.project, int) and work.iid is not None and work.doing is not Doing.FETCH:
        try:
            work.gateway.issue(work.project, work.iid)
        except Gone:
            return Absent("GitLab does not show the issue any more.")
    return error


def _see_the_bot(gateway: Gateway) -> None:
    """Raises Misconfigured if GitLab does not let the bot in at all, Retryable if it finds nothing whatsoever."""
    try:
        gateway.me()
    except Forbidden as refused:
        raise Misconfigured(
            f"{refused.message} Not even itself: see whether the bot's account is blocked."
        ) from refused
    except Gone as gone:
        raise Retryable("GitLab finds nothing at the moment, not even the bot itself.") from gone


def _closed(gateway: Gateway, where: int | str) -> TrackerRefuses | None:
    """TrackerRefuses if the whole project is closed to the bot or to what it writes, else None."""
    tracker = _tracker_at(where)
    name = tracker.path if tracker else f"number {where}"
    try:
        project = gateway.project(where)
    except Gone:
        words = f"GitLab shows the bot no project {name}. Make the bot a member of it (Reporter or more)."
        return TrackerRefuses(words, project=where, readable=False)
    except Forbidden as refused:
        words = f"The project {name} is closed to the bot. {refused.message} Let it in (Reporter or more)."
        return TrackerRefuses(words, project=where, readable=False)
    if project.archived:
        words = f"{project.path} is archived in GitLab, so nothing can be changed there. Unarchive it."
        return TrackerRefuses(words, project=where, readable=True)
    if project.role_too_low:
        words = f"The bot's role in {project.path} is too low. Give it the Reporter role or more."
        return TrackerRefuses(words, project=where, readable=True)
    return None


def _tracker_at(where: int | str | None) -> Tracker | None:
    rows = Tracker.objects.all()
    return rows.filter(project_id=where).first() if isinstance(where, int) else rows.filter(path=where).first()


# Trackers that wait -------------------------------------------------------------------------------------------------


def _close(refusal: BaseException, decision: Decision) -> Tracker | None:
    """Write that the tracker waits; returns it, or None where the project is no tracker's."""
    if not isinstance(refusal, TrackerRefuses):
        return None
    tracker = _tracker_at(refusal.project)
    if tracker is not None:
        TrackerWait.begin(tracker, What.EVERYTHING, decision.words, decision.seconds, readable=refusal.readable)
    return tracker


def ask_waiting_trackers() -> None:
    """Ask GitLab about closed trackers whose time has come. What one of them kept is due at once when it answers."""
    connection, now = Connection.load(), timezone.now()
    due = TrackerWait.objects.closed().filter(next_try_at__lte=now)
    if connection.paused or not due.exists() or not is_there(connection):
        return
    gateway = open_gateway(meter=connection.spend, heard=hears(connection))
    for wait in due.select_related("tracker"):
        tries = {"next_try_at": now + ONE_TRY, "attempts": F("attempts") + 1}
        if due.filter(pk=wait.pk).update(**tries):
            _ask_again(wait, TrackerWork(connection, gateway, wait.tracker, What.EVERYTHING, wait.attempts + 1))


def _ask_again(wait: TrackerWait, work: "TrackerWork") -> None:
    try:
        _see_the_bot(work.gateway)
        closed = _closed(work.gateway, wait.tracker.project_id or wait.tracker.path)
        if closed:
            raise closed
    except GitLabError as error:
        decision = handle_failure(error, work)
        if decision.outcome is Outcome.WAIT_FOR_TRACKER:
            TrackerWait.objects.filter(pk=wait.pk).update(next_try_at=in_seconds(decision.seconds))
    else:
        TrackerWait.over(wait.tracker, What.EVERYTHING)
        log.warning("tracker_answers_again", tracker=wait.tracker.path, since=wait.since.isoformat())


# Where consequences are written -------------------------------------------------------------------------------------


def _absent_for(mirror: GitLabLink) -> timedelta | None:
    return None if mirror.absent_since is None else timezone.now() - mirror.absent_since


class _OfRun:
    """What a run over one request does to the whole of it."""

    part_of_run = False

    def __init__(self, run: Run) -> None:
        self.run = run
        self.connection, self.gateway, self.unanswered = run.connection, run.gateway, run.unanswered
        self.absent_for = _absent_for(run.mirror)
        self.iid = run.mirror.iid
        tracker = run.issue.tracker
        self.project: int | str | None = run.mirror.project_id
        if self.project is None and tracker is not None:
            self.project = tracker.project_id or tracker.path

    def named(self) -> dict[str, Any]:
        """The request's number."""
        return {"number": self.run.mirror.pk}

    def interrupted(self, decision: Decision) -> None:
        """See Work. It is part of nothing."""

    def _own(self, tracker: Tracker | None) -> bool:
        return tracker is not None and tracker.pk == self.run.issue.tracker_id

    def _absence(self, decision: Decision) -> dict[str, datetime]:
        return {"absent_since": self.run.mirror.absent_since or timezone.now()} if decision.absent else {}


class RequestWork(_OfRun):
    """Bringing a request's issue in step; written on its mirror, which is let go of."""

    doing = Doing.REQUEST

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.attempts = run.mirror.attempts

    def put_off(self, decision: Decision) -> None:
        """See Work."""
        put_off = self.run.put_off if decision.counts else self.run.put_off_free
        reason = self.run.mirror.last_error if decision.reason is None else decision.reason
        put_off(decision.seconds, reason, **self._absence(decision))

    def wait_for_tracker(self, decision: Decision, tracker: Tracker | None) -> None:
        """See Work. What waits with its own tracker is due the moment that answers."""
        self.run.put_off_free(0 if self._own(tracker) else decision.seconds, decision.words)

    def wait_for_piece(self, decision: Decision) -> None:
        """See Work."""
        since = self.run.mirror.refused_since or timezone.now()
        self.run.put_off(decision.seconds, decision.words, refused_since=since)

    def park(self, decision: Decision) -> None:
        """See Work."""
        self.run.park(decision.words)

    def orphan(self, decision: Decision) -> None:
        """See Work."""
        self.run.park(decision.words, GitLabLink.Status.ORPHANED)


class LookWork(_OfRun):
    """Reading what people did; written on the look, and on the mirror where pushing must stop too."""

    doing = Doing.LOOK

    def __init__(self, run: LookRun) -> None:
        super().__init__(run)
        self.look = run.look
        self.attempts = run.look.attempts + 1

    def put_off(self, decision: Decision) -> None:
        """See Work."""
        if absence := self._absence(decision):
            self.run.mirror.held().update(**absence)
        self._again(decision, decision.seconds)

    def _again(self, decision: Decision, seconds: float, **fields: Any) -> None:
        if not decision.counts:
            fields["attempts"] = self.look.attempts
        self.look.put_off(seconds, self.look.last_error if decision.reason is None else decision.reason, **fields)

    def wait_for_tracker(self, decision: Decision, tracker: Tracker | None) -> None:
        """See Work. What may not be read at all is due the moment its tracker answers."""
        closed = tracker is not None and TrackerWait.objects.unreadable().filter(tracker=tracker).exists()
        self._again(decision, 0 if closed and self._own(tracker) else decision.seconds)

    def wait_for_piece(self, decision: Decision) -> None:
        """See Work."""
        self._again(decision, decision.seconds, refused_since=self.look.refused_since or timezone.now())

    def park(self, decision: Decision) -> None:
        """See Work."""
        if decision.stops:
            self.run.park(decision.words)
        self.look.put_off(None, decision.words, refused_since=None)

    def orphan(self, decision: Decision) -> None:
        """See Work."""
        self.run.park(decision.words, GitLabLink.Status.ORPHANED)
        self.look.done()


class PieceWork:
    """Sending what hangs on an issue: a comment, a file, a link. Written on its own row."""

    part_of_run = True
    absent_for: timedelta | None = None

    def __init__(self, run: Run, row: Exchanged, doing: Doing) -> None:
        self.run, self.row, self.doing = run, row, doing
        self.connection, self.gateway, self.unanswered = run.connection, run.gateway, run.unanswered
        self.attempts, self.iid = row.attempts, run.mirror.iid
        self.project: int | str | None = run.mirror.project_id

    def named(self) -> dict[str, Any]:
        """The request's number, and the row's."""
        return {"number": self.run.mirror.pk, "piece": self.row.pk}

    def _write(self, decision: Decision, due_at: datetime | None, **fields: Any) -> None:
        if decision.reason is not None:
            fields["last_error"] = decision.reason
        type(self.row).objects.filter(pk=self.row.pk).update(due_at=due_at, **fields)

    def put_off(self, decision: Decision) -> None:
        """See Work."""
        self._write(decision, in_seconds(decision.seconds))

    def interrupted(self, decision: Decision) -> None:
        """See Work. What its tracker or the whole connection keeps is due the moment that answers."""
        fields: dict[str, Any] = {} if decision.counts else {"attempts": max(self.row.attempts - 1, 0)}
        if decision.outcome is Outcome.RETRY and decision.seconds:
            fields["due_at"] = in_seconds(decision.seconds)
        type(self.row).objects.filter(pk=self.row.pk).update(**fields)

    def wait_for_tracker(self, decision: Decision, tracker: Tracker | None) -> None:
        """See Work."""
        self._write(decision, in_seconds(decision.seconds))

    def wait_for_piece(self, decision: Decision) -> None:
        """See Work."""
        since = self.row.refused_since or timezone.now()
        self._write(decision, in_seconds(decision.seconds), refused_since=since)

    def park(self, decision: Decision) -> None:
        """See Work."""
        self._write(decision, None, parked=True, refused_since=None)

    def orphan(self, decision: Decision) -> None:
        """See Work. A piece that is not there is no orphan."""
        self.park(decision)


class FetchWork(PieceWork):
    """Fetching a file of a comment that is in the portal already; nothing else waits for it."""

    part_of_run, unanswered = False, False
    iid: int | None = None
    row: PendingFile

    def __init__(self, connection: Connection, gateway: Gateway, row: PendingFile) -> None:
        self.connection, self.gateway, self.row = connection, gateway, row
        self.doing, self.attempts, self.project = Doing.FETCH, row.attempts, row.project_id

    def named(self) -> dict[str, Any]:
        """The request's number, and the row's."""
        return {"number": self.row.comment.issue_id, "piece": self.row.pk}

    def _write(self, decision: Decision, due_at: datetime | None, **fields: Any) -> None:
        if not decision.counts:
            fields["attempts"] = max(self.row.attempts - 1, 0)
        super()._write(decision, due_at, leased_until=None, lease=None, **fields)


class TrackerWork:
    """Reading something of a whole tracker, time and again: the next time comes by itself, so only the reason is kept.

    ``tracker``: None where the work is about no tracker, or the project is none's.
    """

    doing, part_of_run, unanswered = Doing.TRACKER, False, False
    absent_for: timedelta | None = None
    iid: int | None = None

    def __init__(
        self, connection: Connection, gateway: Gateway, tracker: Tracker | None, what: str, attempts: int = 1
    ) -> None:
        self.connection, self.gateway, self.attempts = connection, gateway, attempts
        self.tracker, self.what = tracker, what
        self.project: int | str | None = None if tracker is None else tracker.project_id or tracker.path

    def named(self) -> dict[str, Any]:
        """The tracker's path, and what was read there."""
        return {"tracker": self.tracker and self.tracker.path, "what": str(self.what)}

    def put_off(self, decision: Decision) -> None:
        """See Work."""

    def interrupted(self, decision: Decision) -> None:
        """See Work. It is part of nothing."""

    def wait_for_tracker(self, decision: Decision, tracker: Tracker | None) -> None:
        """See Work."""

    def wait_for_piece(self, decision: Decision) -> None:
        """See Work."""
        if self.tracker is not None:
            TrackerWait.begin(self.tracker, self.what, decision.words, decision.seconds)

    def park(self, decision: Decision) -> None:
        """See Work. Nothing periodic waits for a person: it is shown, and tried again when its time comes."""
        self.wait_for_piece(decision)

    def orphan(self, decision: Decision) -> None:
        """See Work. A tracker is no request."""
        self.wait_for_piece(decision)

    def done(self) -> None:
        """It was read as it should be."""
        if self.tracker is not None and TrackerWait.over(self.tracker, self.what):
            log.warning("tracker_answers_again", **self.named())
