"""Steps the mirror's tests share."""

from datetime import timedelta

from django.utils import timezone

from workflow.gitlab.models import GitLabLink, OutgoingLink, OutgoingNote, OutgoingUpload, PendingPull
from workflow.gitlab.push import push_issue


def push(issue):
    """Push what is due of a request, and return its mirror."""
    push_issue(issue.pk)
    return GitLabLink.objects.get(pk=issue.pk)


def push_later(issue):
    """The same once every wait is over: due times are in the database, so the past is enough."""
    past = timezone.now() - timedelta(seconds=1)
    GitLabLink.objects.filter(pk=issue.pk, due_at__isnull=False).update(due_at=past)
    OutgoingNote.objects.filter(issue=issue, due_at__isnull=False).update(due_at=past)
    OutgoingUpload.objects.filter(attachment__issue=issue, due_at__isnull=False).update(due_at=past)
    OutgoingLink.objects.filter(link__source=issue, due_at__isnull=False).update(due_at=past)
    return push(issue)


def minutes_after_it_was_not_found(issue):
    """Pretend that the issue was first not found some minutes ago, and that its next look is due."""
    GitLabLink.objects.filter(pk=issue.pk).update(absent_since=timezone.now() - timedelta(minutes=10))
    past = timezone.now() - timedelta(seconds=1)
    PendingPull.objects.filter(pk=issue.pk, due_at__isnull=False).update(due_at=past)


def out_of_quarantine(issue):
    """Pretend that the unconfirmed attempt was long ago."""
    long_ago = timezone.now() - timedelta(minutes=10)
    GitLabLink.objects.filter(pk=issue.pk).update(creating_since=long_ago)
    OutgoingNote.objects.filter(issue=issue, posting_since__isnull=False).update(posting_since=long_ago)
    return push_later(issue)
