"""Brings the GitLab issue in step with the request: created, moved, and changed by at most one PUT."""

import structlog

from workflow.gitlab import moves
from workflow.gitlab.create import create
from workflow.gitlab.errors import Gone, Permanent
from workflow.gitlab.fields import changes, in_words, wanted_of
from workflow.gitlab.people import account_of, unknown
from workflow.gitlab.precedence import LookFirst, give_way
from workflow.gitlab.quarantine import alarm_of_mismatch
from workflow.gitlab.render import surroundings_of
from workflow.gitlab.uploads import send_files

log = structlog.get_logger(__name__)


class Orphaned(Permanent):
    """The GitLab issue is gone; only a person may decide what now."""


def settle(run):
    """Make GitLab show the request as it stands. False if that must wait, and then the row is already let go of."""
    if not run.mirror.exists:
        return _begin(run)
    remote = None
    if run.target_project != run.mirror.project_id:
        remote = _in_its_place(run, observe(run))
    send_files(run, run.mirror.project_id)
    agreed = run.mirror.shadow
    goal = wanted(run, look_up=False)
    if remote is None and goal.shadow() == agreed.get("fields"):
        run.agree(agreed, run.mirror.last_error if agreed.get("dropped") else "")
        return True
    remote = remote or _in_its_place(run, observe(run))
    give_way(run, remote)
    _adjust(run, remote, goal)
    return True


def wanted(run, *, look_up):
    """What GitLab should show. ``look_up``: whether an unknown assignee may be asked for, which costs a call."""
    issue = run.issue
    account = account_of(issue.assignee, run.gateway if look_up else None)
    unmapped = issue.assignee.name if issue.assignee and account is None else ""
    return wanted_of(issue, surroundings_of(issue, unmapped=unmapped), run.labelling, assignee=account)


def observe(run):
    """The GitLab issue as it is. Orphaned if it is gone though its project is there."""
    mirror = run.mirror
    try:
        return run.gateway.issue(mirror.project_id, mirror.iid)
    except Gone as gone:
        raise explain_gone(run) from gone


def explain_gone(run):
    """Why the issue is not found: deleted, or the whole project out of sight."""
    try:
        run.gateway.project(run.mirror.project_id)
    except Gone:
        return Permanent("GitLab does not show the bot the project any more. Make it a member again, then retry.")
    return Orphaned("The issue was deleted in GitLab. Decide whether to create it anew, to relink it, or to let it go.")


def _begin(run):
    if run.issue.tracker is None:  # reclassified, before it had an issue, into something that has none
        run.mirror.release(due_at=None)
        return False
    send_files(run, run.target_project)
    goal = wanted(run, look_up=run.mirror.creating_since is None)
    remote = create(run, goal)
    if remote is None:
        return False
    _adjust(run, remote, goal)
    return True


def _in_its_place(run, remote):
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


def _adjust(run, remote, goal):
    """One PUT with what differs, then compare: GitLab drops silently what the bot may not set."""
    if unknown(run.issue.assignee):
        goal = wanted(run, look_up=True)
    marker = run.mirror.marker
    needed = changes(goal, run.mirror.shadow.get("fields", {}), remote, run.labelling, marker)
    if needed:
        remote = run.gateway.update_issue(remote.project_id, remote.iid, needed)
    left = changes(goal, run.mirror.shadow.get("fields", {}), remote, run.labelling, marker)
    if goal.confidential and not remote.confidential:
        log.critical("gitlab_issue_not_confidential", number=run.mirror.pk, url=remote.web_url)
        alarm_of_mismatch(run.mirror.pk)
        raise Permanent(
            "This request is restricted, but GitLab did not make its issue confidential. Nothing more is sent. "
            "Make the issue confidential in GitLab, give the bot the Reporter role or more, then retry."
        )
    remark = f"GitLab did not take over: {in_words(left)}. The bot may lack the right." if left else ""
    if run.mirror.web_url != remote.web_url:
        run.write(web_url=remote.web_url)
    run.agree({"fields": goal.shadow(), "dropped": sorted(left)}, remark)
