"""Run as a process that may die: files one request under the given submission, and prints how many there are."""

import sys

import django

django.setup()

from tests.factories import answers_for  # noqa: E402
from workflow.actions import open_issue  # noqa: E402
from workflow.catalogue.models import Route  # noqa: E402
from workflow.gitlab.models import GitLabLink  # noqa: E402
from workflow.models import Event, Issue  # noqa: E402

if __name__ == "__main__":
    from supportops.accounts.models import User

    person, _ = User.objects.get_or_create(username="requester")
    open_issue(
        by=person,
        route=Route.objects.get(key="bug"),
        title="Filed once",
        answers=answers_for("bug"),
        submission=sys.argv[1],
    )
    print(Issue.objects.count(), Event.objects.count(), GitLabLink.objects.filter(due_at__isnull=False).count())
