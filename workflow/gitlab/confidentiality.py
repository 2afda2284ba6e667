"""Confidentiality fails closed: where the sides disagree about it, nothing goes on until a person has looked (C12)."""

import structlog

from workflow.gitlab.alarms import Finding, raise_alarm
from workflow.gitlab.models.alarms import Kind
from workflow.gitlab.schemas import RemoteIssue
from workflow.gitlab.session import Run

log = structlog.get_logger(__name__)


def quarantined(run: Run, remote: RemoteIssue) -> bool:
    """Whether the two sides disagree about who may read it; then the mirror is parked at once, and somebody alarmed.

    A change of the portal's that was not pushed yet is no disagreement.
    """
    hidden = run.issue.confidential
    if remote.confidential == hidden and not _in_the_open(run, remote):
        return False
    agreed = run.mirror.last_synced.get("fields", {}).get("confidential")
    on_its_way = run.mirror.pushed_version < run.mirror.wanted_version and agreed == remote.confidential
    if on_its_way and not _in_the_open(run, remote):
        return False
    log.critical("gitlab_quarantined", number=run.mirror.pk, hidden_here=hidden, hidden_there=remote.confidential)
    run.park(_words(hidden, remote))
    alarm_of_mismatch(run.mirror.pk)
    return True


def alarm_of_mismatch(number: int) -> None:
    """Raise the alarm that GitLab shows a request to others than the portal does."""
    reason = "GitLab shows its issue to other people than the portal does. Nothing goes either way."
    raise_alarm(Finding(Kind.MISMATCH, f"SO-{number}", reason, key=str(number), issue=number))


def _in_the_open(run: Run, remote: RemoteIssue) -> bool:
    """Whether a restricted tracker's issue turned up in another project; one that the portal is still to move in is
    only on its way."""
    tracker, mirror = run.issue.tracker, run.mirror
    to_be_moved = mirror.pushed_version < mirror.wanted_version and mirror.project_id == remote.project_id
    elsewhere = tracker and tracker.confidential_only and tracker.project_id not in (None, remote.project_id)
    return bool(elsewhere and not to_be_moved)


def _words(hidden: bool, remote: RemoteIssue) -> str:
    if hidden and not remote.confidential:
        return (
            "This request is restricted, but its GitLab issue was made visible to everyone. Nothing goes either way "
            "until the issue is confidential again: make it so in GitLab, then retry."
        )
    if hidden:
        return (
            "The issue of this restricted request was moved to a project that is open to more people. "
            "Move it back, then retry."
        )
    return (
        "Somebody made the GitLab issue confidential, but this request is open to everybody who signs in. Nothing goes "
        "either way until it is decided: make the issue visible in GitLab, or file the request anew as a confidential "
        "one, then retry."
    )
