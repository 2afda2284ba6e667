"""Many requests at once, written directly: for what depends on how many there are."""

from datetime import timedelta

from django.utils import timezone

from workflow.catalogue.models import Route
from workflow.gitlab.models import GitLabLink
from workflow.models import Issue
from workflow.notifications.models import Notice
from workflow.states import ENDED, WAITS_TO_RETURN, Outcome, State


def many(number, requester, *, state=State.TRIAGE, route="bug", title="Request", **fields):
    """``number`` requests in one state, a minute apart, the first the oldest; as a list."""
    route = Route.objects.get(key=route)
    now = timezone.now()
    Issue.objects.bulk_create(
        Issue(
            kind=route.kind,
            route=route,
            tracker=route.tracker,
            requester=requester,
            title=f"{title} {at}",
            state=state,
            state_since=now - timedelta(minutes=number - at),
            created_at=now - timedelta(minutes=number - at),
            return_to=State.TRIAGE if state in WAITS_TO_RETURN else "",
            outcome=Outcome.COMPLETED if state in ENDED else "",
            updated_at=now,
            **fields,
        )
        for at in range(number)
    )
    return list(Issue.objects.filter(title__startswith=f"{title} ").order_by("number"))


def mirrored(issue, status):
    """A mirror of the request that stands so with GitLab."""
    waits = status in GitLabLink.NEEDS_A_PERSON
    return GitLabLink.objects.create(issue=issue, marker=f"marker{issue.pk}", status=status, parked=waits)


def notice(person, issue, *, reason=Notice.Reason.WATCHED):
    """Something the person was told about the request's first event."""
    return Notice.objects.create(person=person, issue=issue, event=issue.events.first(), reason=reason)
