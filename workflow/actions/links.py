"""Joins two requests, and their GitLab issues."""

from django.utils import timezone

from workflow.models import IssueLink, LinkMirror


def link(source, target, type_):
    """Link two requests once; GitLab shows it as soon as both have an issue there.

    Not between an open and a restricted one: the link would name the restricted project to all who read the other.
    """
    made, new = IssueLink.objects.get_or_create(source=source, target=target, type=type_)
    alike = source.restricted_to_id == target.restricted_to_id
    if new and alike and source.tracker_id and target.tracker_id:
        LinkMirror.objects.create(link=made, due_at=timezone.now())
    return made
