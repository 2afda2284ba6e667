"""Requests whose exchange with GitLab is stuck, for the pages that show it."""

from tests.factories import file_request
from workflow.gitlab.models import GitLabLink


def text_of(answer):
    """What the page says."""
    return answer.content.decode()


def stuck(issue, **fields):
    """The request with a mirror that waits for a person."""
    known = {"status": "parked", "parked": True, "due_at": None, "iid": 77, "project_id": 5, "attempts": 4}
    GitLabLink.objects.filter(pk=issue.pk).update(**known | fields)
    return issue


def refused_bug(cast):
    """A bug whose last change GitLab refused."""
    return stuck(
        file_request(cast, title="As it should be"),
        last_error="GitLab answered 403.",
        last_synced={
            "fields": {"title": "As it was", "state": "opened", "labels": {"type": ["bug"]}},
        },
    )
