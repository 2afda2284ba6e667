"""Steps the tests of changing the label scheme share."""

from django.utils import timezone

from tests.gitlab.pushing import push
from workflow.gitlab.forecast import foresee, token_of
from workflow.gitlab.models import GitLabLink, LabelSchemeChange
from workflow.gitlab.models.connection import LabelScheme
from workflow.gitlab.relabel import begin, go_on


def scheme(name):
    """The scheme of this name."""
    return LabelScheme.objects.get(name=name)


def begin_change(name, *, by, making_labels=False):
    """Press the button for this scheme; nothing is carried out yet. GitLab makes labels up as they are used, so the
    many that nobody uses here need no making."""
    change = begin(scheme(name), by=by, token=token_of(scheme(name)))
    if not making_labels:
        LabelSchemeChange.objects.filter(pk=change.pk).update(labels_made_at=timezone.now())
    return change


def carry_out():
    """What the worker does, until nothing is left that it may do by itself."""
    while go_on():
        pass


def change_to(name, *, by):
    """Press the button and carry it out; returns the SchemeChange as it is then."""
    change = begin_change(name, by=by)
    carry_out()
    change.refresh_from_db()
    return change


def forecast(name):
    """What changing to the scheme would do."""
    return foresee(scheme(name))


def labels(gitlab, issue):
    """The names on a request's GitLab issue."""
    return set(gitlab.issue(GitLabLink.objects.get(pk=issue.pk))["labels"])


def put_on(gitlab, issue, *names, by="ops"):
    """A person puts labels on in GitLab."""
    mirror = GitLabLink.objects.get(pk=issue.pk)
    gitlab.api("PUT", f"/projects/{mirror.project_id}/issues/{mirror.iid}", sudo=by, add_labels=",".join(names))


def label_changes(gitlab, issue):
    """[(action, name)] of every label put on or taken off the request's GitLab issue, oldest first."""
    mirror = GitLabLink.objects.get(pk=issue.pk)
    events = gitlab.api("GET", f"/projects/{mirror.project_id}/issues/{mirror.iid}/resource_label_events?per_page=100")
    return [(event["action"], event["label"]["name"]) for event in sorted(events, key=lambda event: event["id"])]


def pushed(*issues):
    """The same requests, once GitLab shows them."""
    for issue in issues:
        push(issue)
    return issues
