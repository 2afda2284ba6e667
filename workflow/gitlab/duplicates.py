"""A second issue of the same request, by a creation that outlived every wait: closed, and somebody alarmed (C3)."""

import structlog

from workflow.gitlab.alarms import Finding, raise_alarm
from workflow.gitlab.client import Gateway
from workflow.gitlab.errors import Gone
from workflow.gitlab.models import GitLabLink
from workflow.gitlab.models.alarms import Kind
from workflow.gitlab.models.inbound import PendingPull
from workflow.gitlab.render import portal_address
from workflow.gitlab.schemas import RemoteIssue
from workflow.gitlab.session import Status

log = structlog.get_logger(__name__)


def close_twin(mirror: GitLabLink, issue: RemoteIssue, gateway: Gateway) -> bool:
    """Close ``issue``, which carries the mark of a request whose issue is another one. Returns whether it is a twin.

    Not one: while the request's own is still being created or looked for, where it moved here, or when it is gone and
    this may be what is left.
    """
    if issue.moved_to_id is not None or mirror.status in (Status.CREATING, Status.UNKNOWN, Status.ORPHANED):
        return False
    project_id, iid = mirror.project_id, mirror.iid
    if project_id is None or iid is None or (project_id, iid) == (issue.project_id, issue.iid):
        return False
    try:
        still_there = gateway.issue(project_id, iid).moved_to_id is None
    except Gone:
        still_there = False
    if not still_there:
        PendingPull.ask(mirror.pk, thorough=True)
        return False
    if issue.state == "closed":
        return True
    log.critical("gitlab_twin", number=mirror.pk, project=issue.project_id, iid=issue.iid, kept=mirror.iid)
    _raise_alarm(mirror, issue)
    # One call does both, so that no crash leaves half of it: quick actions run in comments (gitlab.md §3).
    gateway.create_note(issue.project_id, issue.iid, f"{_words(mirror)}\n\n/close")
    return True


def _raise_alarm(mirror: GitLabLink, issue: RemoteIssue) -> None:
    reason = f"GitLab answered too late when its issue was created, so there were two: #{mirror.iid} and #{issue.iid}."
    key = f"{mirror.pk} {issue.project_id} {issue.iid}"
    raise_alarm(Finding(Kind.TWIN, f"SO-{mirror.pk}", reason, key=key, issue=mirror.pk))


def _words(mirror: GitLabLink) -> str:
    return (
        f"This issue is a twin of [SO-{mirror.pk}]({portal_address(mirror.pk)}): GitLab answered too late when it was "
        f"created. Go on in {mirror.web_url}"
    )
