"""The GitLab issue of a request is created once, whatever dies or times out (contract C3 of reliability.md).

``creating`` and the time are committed before the POST. A clean 201 links; a definite refusal is no creation (a 409
neither, unless our own marker is found); anything else is *unknown*: it waits until no request of ours can still come
true, then looks for the marker among the bot's issues, twice, before it creates anew.
"""

from datetime import timedelta

import structlog

from workflow.crashpoints import crashpoint
from workflow.gitlab.errors import Conflict, GitLabError, Unknown
from workflow.gitlab.fields import creation
from workflow.gitlab.markers import marker_in
from workflow.gitlab.run import Status, quarantine

log = structlog.get_logger(__name__)
CLOCKS_APART = timedelta(minutes=5)
"""How much earlier than the attempt to look: GitLab's database and web servers need not agree on the time."""


def create(run, wanted):
    """Create the request's GitLab issue, or adopt the one an earlier attempt made.

    Returns the RemoteIssue, linked; or None if it is not known yet whether there is one, and then the row is let go of
    until it can be known. Raises what the gateway raises when there certainly is none.
    """
    project = run.project
    if run.mirror.creating_since is not None:
        found, certain = _look_for(run, project)
        if found or not certain:
            return found and _link(run, found)
    run.write(status=Status.CREATING, creating_since=run.now, empty_looks=0)
    crashpoint("creating")
    try:
        remote = run.gateway.create_issue(
            project.id, creation(wanted, run.mirror.marker, run.issue.route.default_labels)
        )
    except Unknown as error:
        run.put_off(quarantine().total_seconds(), error.message, status=Status.UNKNOWN)
        return None
    except GitLabError as error:
        twins = _marked(run, project) if isinstance(error, Conflict) else []
        if twins:
            return _link(run, twins[0])
        run.write(status=Status.BEHIND, creating_since=None)
        raise
    crashpoint("http_done")
    return _link(run, remote)


def _look_for(run, project):
    """(the issue an earlier attempt made or None, whether that is certain). Uncertain: the row was let go of.

    A list that fails raises and proves nothing. Time is GitLab's own, told by its last answer.
    """
    mirror = run.mirror
    left = mirror.creating_since + quarantine() - run.now
    if left > timedelta(0):
        run.put_off_free(left.total_seconds(), "Waits to see whether GitLab created it.", status=Status.UNKNOWN)
        return None, False
    twins = _marked(run, project)
    if len(twins) > 1:
        log.error("gitlab_twins", number=mirror.pk, iids=[twin.iid for twin in twins])
    if twins:
        return twins[0], True
    if mirror.empty_looks == 0:
        again = min(quarantine().total_seconds(), 15)
        run.put_off_free(again, "GitLab does not show it; looks once more.", status=Status.UNKNOWN, empty_looks=1)
        return None, False
    return None, True


def _marked(run, project):
    """The bot's issues that carry the request's marker, made since the attempt began; any other is not ours."""
    since = run.mirror.creating_since - CLOCKS_APART
    return [
        issue
        for issue in run.gateway.issues_by(project.id, run.bot_id, created_after=since)
        if marker_in(issue.description) == run.mirror.marker and issue.moved_to_id is None
    ]


def _link(run, remote):
    run.write(
        status=Status.BEHIND,
        creating_since=None,
        empty_looks=0,
        project_id=remote.project_id,
        iid=remote.iid,
        gitlab_id=remote.id,
        web_url=remote.web_url,
        shadow={},
    )
    crashpoint("linked")
    return remote
