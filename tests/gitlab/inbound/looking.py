"""Steps the inward tests share: people change things in GitLab, the portal looks."""

from tests.factories import file_request
from tests.gitlab.pushing import push, push_later
from workflow.catalogue.kinds import Kind
from workflow.gitlab.models import GitLabLink
from workflow.gitlab.models.inbound import PendingPull
from workflow.gitlab.pull import look_at
from workflow.gitlab.status import in_need_of_a_person, reasons_of
from workflow.models import Event, Issue

__all__ = [
    "path_of",
    "change",
    "filed",
    "look",
    "mirror_of",
    "needing_a_person",
    "note",
    "push",
    "push_later",
    "said_back",
    "shown",
    "sync",
]


def filed(cast, kind=Kind.BUG, **fields):
    """A request whose GitLab issue is there and that was looked at once."""
    issue = file_request(cast, kind, **fields)
    push(issue)
    return look(issue)


def mirror_of(issue):
    """The request's mirror as it is now."""
    return GitLabLink.objects.get(pk=issue.pk)


def path_of(issue):
    """The issue's address below the API."""
    mirror = mirror_of(issue)
    return f"/projects/{mirror.project_id}/issues/{mirror.iid}"


def change(gitlab, issue, *, by="ops", **fields):
    """A person changes the issue in GitLab."""
    return gitlab.api("PUT", path_of(issue), sudo=by, **fields)


def note(gitlab, issue, body, *, by="ops", **fields):
    """A person comments in GitLab; returns the note."""
    return gitlab.api("POST", f"{path_of(issue)}/notes", sudo=by, body=body, **fields)


def look(issue, *, thorough=True):
    """Something hinted at the issue: look, and return the request as it is then."""
    PendingPull.ask(issue.pk, thorough=thorough)
    look_at(issue.pk)
    return Issue.objects.get(pk=issue.pk)


def sync(issue):
    """Look, then push what follows from it; returns the request."""
    look(issue)
    push_later(issue)
    return Issue.objects.get(pk=issue.pk)


def shown(gitlab, issue):
    """The issue as GitLab shows it."""
    return gitlab.issue(mirror_of(issue))


def said_back(issue, verb):
    """What the portal answered in the history to something done in GitLab: the texts."""
    return list(Event.objects.filter(issue=issue, verb=verb).values_list("text", flat=True))


def needing_a_person(person):
    """What the sync queue holds for this person: [(the request's number, why)]."""
    issues = list(Issue.objects.filter(pk__in=in_need_of_a_person()).visible_to(person).order_by("pk"))
    reasons = reasons_of(issues)
    return [(issue.pk, reasons[issue.pk]) for issue in issues]
