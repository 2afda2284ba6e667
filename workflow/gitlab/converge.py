"""Who goes first: what people did in GitLab is taken in before anything is pushed over it.

Without this a push would quietly overwrite the newer change of a shared field, put a wish right before anybody heard
it, lay open what somebody had hidden, or move an issue back that somebody moved.

The GitLab issue of a request is created once, whatever dies or times out (contract C3 of reliability.md).

``creating`` and the time are committed before the POST. A clean 201 links; a definite refusal is no creation (a 409
neither, unless our own marker is found); anything else is *unknown*: it waits until no request of ours can still come
true, then looks for the marker among the bot's issues, twice, before it creates anew.

Brings the GitLab issue in step with the request: created, moved, and changed by at most one PUT.
"""

from datetime import datetime, timedelta

import structlog

from workflow.crashpoints import crashpoint
from workflow.gitlab import moves
from workflow.gitlab.confidentiality import alarm_of_mismatch
from workflow.gitlab.errors import Conflict, GitLabError, Permanent, Unknown
from workflow.gitlab.escaping import marker_in
from workflow.gitlab.fields import (
    Agreed,
    GitLabSide,
    PortalSide,
    Wanted,
    changes,
    creation,
    in_words,
    seen_of,
    wanted_of,
)
from workflow.gitlab.identities import unknown
from workflow.gitlab.models.inbound import PendingPull
from workflow.gitlab.push_pieces import send_files
from workflow.gitlab.retry import quarantine
from workflow.gitlab.schemas import RemoteIssue
from workflow.gitlab.session import Run, Status


class LookFirst(GitLabError):
    """The push gives way to a look at the issue."""

    def __init__(self) -> None:
        super().__init__("Somebody changed it in GitLab; that is taken in first.")


def give_way(run: Run, remote: RemoteIssue) -> None:
    """Raise LookFirst if GitLab shows anything else than was last agreed on.

    Where nothing was agreed yet there is nothing to compare with; where looking fails for good, pushing goes on
    without.
    """
    agreed = Agreed.of(run.mirror)
    if not agreed.values or looking_fails(run.mirror.pk):
        return
    seen = seen_of(GitLabSide(remote, run.labelling.owned, agreed.values))
    if remote.moved_to_id is not None or not agreed.holds(seen):
        raise LookFirst


def looking_fails(number: int) -> bool:
    """Whether the last look ended in an error that only a person can mend."""
    return PendingPull.objects.filter(pk=number, due_at=None).exclude(last_error="").exists()


log = structlog.get_logger(__name__)
CLOCKS_APART = timedelta(minutes=5)
"""How much earlier than the attempt to look: GitLab's database and web servers need not agree on the time."""


def create(run: Run, wanted: Wanted) -> RemoteIssue | None:
    """Create the request's GitLab issue, or adopt the one an earlier attempt made.

    Returns the RemoteIssue, linked; or None if it is not known yet whether there is one, and then the row is let go of
    until it can be known. Raises what the gateway raises when there certainly is none.
    """
    project = run.project
    if run.mirror.creating_since is not None:
        # Where it was sent: the request may belong elsewhere by now.
        found, certain = _look_for(run, run.mirror.project_id or project.id, run.mirror.creating_since)
        if found or not certain:
            return found and _link(run, found)
    since = run.now
    run.write(status=Status.CREATING, creating_since=since, empty_looks=0, project_id=project.id)
    crashpoint("creating")
    try:
        remote = run.gateway.create_issue(
            project.id, creation(wanted, run.mirror.marker, run.issue.route.default_labels)
        )
    except Unknown as error:
        run.put_off(quarantine().total_seconds(), error.message, status=Status.UNKNOWN)
        return None
    except GitLabError as error:
        twins = _marked(run, project.id, since) if isinstance(error, Conflict) else []
        if twins:
            return _link(run, twins[0])
        run.write(status=Status.BEHIND, creating_since=None, project_id=None)
        raise
    crashpoint("http_done")
    return _link(run, remote)


def _look_for(run: Run, project_id: int, since: datetime) -> tuple[RemoteIssue | None, bool]:
    """(the issue an attempt at ``since`` made or None, whether that is certain). Uncertain: the row was let go of.

    A list that fails raises and proves nothing. Time is GitLab's own, told by its last answer.
    """
    mirror = run.mirror
    left = since + quarantine() - run.now
    if left > timedelta(0):
        run.put_off_free(left.total_seconds(), "Waits to see whether GitLab created it.", status=Status.UNKNOWN)
        return None, False
    twins = _marked(run, project_id, since)
    if len(twins) > 1:
        log.error("gitlab_twins", number=mirror.pk, iids=[twin.iid for twin in twins])
    if twins:
        return twins[0], True
    if mirror.empty_looks == 0:
        again = min(quarantine().total_seconds(), 15)
        run.put_off_free(again, "GitLab does not show it; looks once more.", status=Status.UNKNOWN, empty_looks=1)
        return None, False
    return None, True


def _marked(run: Run, project_id: int, since: datetime) -> list[RemoteIssue]:
    """The bot's issues that carry the request's marker, made since the attempt began; any other is not ours."""
    return [
        issue
        for issue in run.gateway.issues_by(project_id, run.bot_id, created_after=since - CLOCKS_APART)
        if marker_in(issue.description) == run.mirror.marker and issue.moved_to_id is None
    ]


def _link(run: Run, remote: RemoteIssue) -> RemoteIssue:
    run.write(
        status=Status.BEHIND,
        creating_since=None,
        empty_looks=0,
        project_id=remote.project_id,
        iid=remote.iid,
        gitlab_id=remote.id,
        web_url=remote.web_url,
        last_synced={},
    )
    crashpoint("linked")
    return remote


def settle(run: Run) -> bool:
    """Make GitLab show the request as it stands. False if that must wait, and then the row is already let go of."""
    if not run.mirror.exists:
        return _begin(run)
    remote = None
    if run.target_project != run.mirror.project_id:
        remote = _in_its_place(run, observe(run))
    send_files(run, run.there[0])
    goal = wanted(run, look_up=False)
    there = run.mirror.absent_since is None  # else it is looked for even if there is nothing to tell it
    agreed = Agreed.of(run.mirror).still(goal.kept)
    if remote is None and there and not agreed.owes(goal.kept):
        kept = {**run.mirror.last_synced, **agreed.kept(run.mirror.dropped)}
        kept["updated_at"] = run.mirror.last_synced.get("updated_at")
        run.agree(kept, run.mirror.last_error if kept["dropped"] else "")
        return True
    remote = remote or _in_its_place(run, observe(run))
    give_way(run, remote)
    _adjust(run, remote, goal)
    return True


def wanted(run: Run, *, look_up: bool) -> Wanted:
    """What GitLab should show. ``look_up``: whether an unknown assignee may be asked for, which costs a call."""
    return wanted_of(PortalSide(run.issue, run.labelling, run.gateway if look_up else None, beside=run.beside))


def observe(run: Run) -> RemoteIssue:
    """The GitLab issue as it is. That it was not found before is forgotten once it is."""
    remote = run.gateway.issue(*run.there)
    if run.mirror.absent_since is not None:
        run.write(absent_since=None)
    return remote


def _begin(run: Run) -> bool:
    if run.issue.tracker is None:  # reclassified, before it had an issue, into something that has none
        run.mirror.release(due_at=None)
        return False
    send_files(run, run.target_project)
    goal = wanted(run, look_up=run.mirror.creating_since is None)
    remote = create(run, goal)
    if remote is None:
        return False
    _adjust(run, _in_its_place(run, remote), goal)  # an earlier attempt may have made it where it belonged then
    return True


def _in_its_place(run: Run, remote: RemoteIssue) -> RemoteIssue:
    """The issue in the tracker it belongs in: moved if it must. LookFirst if somebody else moved it."""
    if remote.moved_to_id is not None:
        moved = moves.moved_to(run, remote)
        if moved is None or moved.project_id != run.target_project or run.target_project == run.mirror.project_id:
            raise LookFirst
        remote = moves.arrive(run, remote, moved)  # our own move, of which we had no answer
    if remote.project_id != run.target_project:
        give_way(run, remote)
        remote = moves.move(run, remote)
    return remote


def _adjust(run: Run, remote: RemoteIssue, goal: Wanted) -> None:
    """One PUT with what differs, then compare: GitLab drops silently what the bot may not set."""
    if unknown(run.issue.assignee):
        goal = wanted(run, look_up=True)
    marker, agreed = run.mirror.marker, Agreed.of(run.mirror)
    needed = changes(goal, agreed, remote, run.labelling, marker)
    if needed:
        remote = run.gateway.update_issue(remote.project_id, remote.iid, needed)
    left = changes(goal, agreed, remote, run.labelling, marker)
    if goal.values["confidential"] and not remote.confidential:
        log.critical("gitlab_issue_not_confidential", number=run.mirror.pk, url=remote.web_url)
        alarm_of_mismatch(run.mirror.pk)
        raise Permanent(
            "This request is restricted, but GitLab did not make its issue confidential. Nothing more is sent. "
            "Make the issue confidential in GitLab, give the bot the Reporter role or more, then retry."
        )
    remark = f"GitLab did not take over: {in_words(left)}. The bot may lack the right." if left else ""
    if run.mirror.web_url != remote.web_url:
        run.write(web_url=remote.web_url)
    seen = seen_of(GitLabSide(remote, run.labelling.owned, agreed.values))
    run.agree(agreed.after_sending(goal.kept, seen, left).kept(left, remote.updated_at), remark)
