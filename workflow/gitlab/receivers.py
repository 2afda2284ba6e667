"""What the door does to a request is owed to GitLab: receives its signals, in its transaction, and writes rows that
say so.

The rows are the mirror's (see ``models.link``); whoever finds one due pushes the present state.
"""

from typing import Any

from django.utils import timezone

from workflow.actions import signals
from workflow.enqueue import enqueue
from workflow.gitlab.models import GitLabLink, OutgoingLink, OutgoingNote, OutgoingUpload
from workflow.gitlab.models.link import new_marker
from workflow.models import Attachment, Comment, Event, Issue, IssueLink
from workflow.models.event import told_of
from workflow.states import Source


def connect() -> None:
    """Listen to the door; called once, when the apps are ready."""
    for signal, receiver in (
        (signals.tracker_given, _on_tracker),
        (signals.event_recorded, _on_event),
        (signals.content_changed, _on_content),
        (signals.comment_written, _on_comment),
        (signals.attachment_given, _on_attachment),
        (signals.issues_linked, _on_link),
        (signals.issue_changed, _on_change),
    ):
        signal.connect(receiver, dispatch_uid=f"gitlab {receiver.__name__}")


def _on_tracker(sender: None, issue: Issue, **kwargs: Any) -> None:
    """A request with a tracker has a mirror row from now on: GitLab gets an issue for it."""
    if issue.tracker_id:
        new = GitLabLink(issue_id=issue.pk, marker=new_marker(issue.pk), due_at=timezone.now())
        GitLabLink.objects.bulk_create([new], ignore_conflicts=True)  # one that it has already stays as it is


def _on_event(sender: None, issue: Issue, event: Event, **kwargs: Any) -> None:
    """GitLab must show something new, and a step that people read there as a comment gets one."""
    if not GitLabLink.objects.filter(pk=issue.pk).want_push():
        return
    told = told_of(event.verb)
    if told and told.note:
        OutgoingNote.objects.create(issue=issue, event=event, due_at=timezone.now())


def _on_content(sender: None, issue: Issue, **kwargs: Any) -> None:
    GitLabLink.objects.filter(pk=issue.pk).want_push()


def _on_comment(sender: None, issue: Issue, comment: Comment, **kwargs: Any) -> None:
    """What was written in GitLab is there already."""
    if issue.tracker_id and comment.source != Source.GITLAB:
        OutgoingNote.objects.create(issue=issue, comment=comment, due_at=timezone.now())


def _on_attachment(sender: None, issue: Issue, attachment: Attachment, **kwargs: Any) -> None:
    if issue.tracker_id:
        OutgoingUpload.objects.create(attachment=attachment, due_at=timezone.now())


def _on_link(sender: None, link: IssueLink, **kwargs: Any) -> None:
    """GitLab shows it as soon as both have an issue there.

    Not between an open and a restricted one: the link would name the restricted project to all who read the other.
    """
    source, target = link.source, link.target
    alike = source.restricted_to_id == target.restricted_to_id
    if alike and source.tracker_id and target.tracker_id:
        OutgoingLink.objects.create(link=link, due_at=timezone.now())


def _on_change(sender: None, number: int, **kwargs: Any) -> None:
    """Committed: wake a worker."""
    enqueue("workflow.gitlab.tasks.push_issue", number)
