"""What Support Operations do about the mirror: retry, skip, relink, recreate, let go. Each may be pressed twice."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from supportops.accounts.models import User
from supportops.accounts.roles import is_ops
from workflow.actions import Incomplete, Refused
from workflow.actions.history import record
from workflow.enqueue import enqueue
from workflow.gitlab.client import open_gateway
from workflow.gitlab.errors import GitLabError, Gone
from workflow.gitlab.models import GitLabLink, OutgoingLink, OutgoingNote, OutgoingUpload, PendingFile, TrackerWait
from workflow.gitlab.models.connection import Connection
from workflow.gitlab.models.inbound import ImportedNote, PendingPull
from workflow.gitlab.models.link import Exchanged
from workflow.gitlab.schemas import RemoteIssue
from workflow.gitlab.session import Status
from workflow.gitlab.status import why
from workflow.models import Issue
from workflow.permissions import may_see

log = structlog.get_logger(__name__)
BEFORE_FILING = timedelta(hours=1)


def retry(number: int, *, by: User) -> None:
    """Try again now: whatever was parked, frozen or put off; its tracker is asked again too, if it waits. Nothing to do
    is fine. An orphan stays one."""
    mirror = _mirror(number, by)
    with transaction.atomic():
        mirror.wake()
        for row in _hanging(number):
            if row.parked or row.refused_since:
                row.wake()
        TrackerWait.objects.filter(tracker__issues=number).update(next_try_at=timezone.now())
        PendingPull.objects.filter(pk=number).update(frozen_at=None, flips=[], last_error="", attempts=0)
        PendingPull.ask(number, thorough=True)
    log.info("mirror_retried", number=number, by=by.pk)
    enqueue("workflow.gitlab.tasks.push_issue", number)


def skip(number: int, *, by: User) -> None:
    """Leave GitLab as it is for what could not be sent; the next change is pushed as ever.

    Does nothing if nothing waits for a person, so that a late press stops no work that goes on by itself.
    """
    mirror = _mirror(number, by)
    if not why(mirror.issue):
        return
    words = f"Skipped by {by}."
    with transaction.atomic():
        for row in _hanging(number):
            if row.parked:
                type(row).objects.filter(pk=row.pk).update(parked=False, due_at=None, last_error=words)
        PendingPull.objects.filter(pk=number).update(due_at=None, frozen_at=None, flips=[], last_error="")
        if mirror.status == Status.PARKED and mirror.exists:
            GitLabLink.objects.filter(pk=number, status=Status.PARKED).update(
                status=Status.IN_STEP, parked=False, due_at=None, last_error=words, pushed_version=mirror.wanted_version
            )
    log.info("mirror_skipped", number=number, by=by.pk)


def let_go(number: int, *, by: User) -> None:
    """The GitLab issue is gone and stays gone: the request goes on without one."""
    _orphan(number, by)
    with transaction.atomic():
        GitLabLink.objects.filter(pk=number, status=Status.ORPHANED).update(
            parked=False, due_at=None, last_error=f"Let go by {by}."
        )
        _remember(number, "let-go", by)


def recreate(number: int, *, by: User) -> None:
    """Create the GitLab issue anew, with its comments, after the old one was deleted.

    The bot's issues are searched for the request's mark first, as after any doubtful creation: what only was out of
    sight for a while is adopted, not doubled.
    """
    _orphan(number, by)
    with transaction.atomic():
        issue = Issue.objects.get(pk=number)
        GitLabLink.objects.filter(pk=number, status=Status.ORPHANED).update(
            status=Status.UNKNOWN,
            creating_since=issue.created_at - BEFORE_FILING,
            empty_looks=0,
            project_id=None,
            iid=None,
            gitlab_id=None,
            web_url="",
            last_synced={},
            parked=False,
            attempts=0,
            last_error="",
            due_at=timezone.now(),
        )
        OutgoingNote.objects.filter(issue=number, note_id__isnull=False).update(
            note_id=None, posting_since=None, due_at=timezone.now(), attempts=0, parked=False, last_error=""
        )
        _begin_looking_anew(number)
        _remember(number, "recreate", by)
    enqueue("workflow.gitlab.tasks.push_issue", number)


def relink(number: int, address: str, *, by: User) -> None:
    """Say which GitLab issue is the request's, by its web address. Raises Incomplete if it cannot be that one."""
    mirror = _mirror(number, by)
    issue = Issue.objects.select_related("tracker").get(pk=number)
    remote = _issue_at(address, issue)
    if GitLabLink.objects.filter(project_id=remote.project_id, iid=remote.iid).exclude(pk=number).exists():
        raise Incomplete({"address": "Another request has this GitLab issue already."})
    if issue.confidential and not remote.confidential:
        raise Incomplete({"address": "This request is restricted. Make that issue confidential first."})
    with transaction.atomic():
        GitLabLink.objects.filter(pk=mirror.pk).update(
            status=Status.BEHIND,
            creating_since=None,
            empty_looks=0,
            project_id=remote.project_id,
            iid=remote.iid,
            gitlab_id=remote.id,
            web_url=remote.web_url,
            last_synced={},
            parked=False,
            attempts=0,
            last_error="",
            due_at=timezone.now(),
        )
        _begin_looking_anew(number)
        _remember(number, "relink", by, address=remote.web_url)
    enqueue("workflow.gitlab.tasks.push_issue", number)


def pause(reason: str, *, by: User) -> None:
    """Send nothing and look at nothing until somebody resumes."""
    _need_ops(by)
    Connection.load().pause(f"{reason.strip() or 'Paused'} ({by})")
    log.warning("gitlab_paused_by_hand", by=by.pk)


def resume(*, by: User) -> None:
    """Go on; what was kept follows."""
    _need_ops(by)
    Connection.load().resume()
    log.warning("gitlab_resumed", by=by.pk)


def _need_ops(person: User) -> None:
    if not is_ops(person):
        raise Refused("Only Support Operations may do this.")


def _mirror(number: int, by: User) -> GitLabLink:
    """The mirror of a request this person may see and may handle."""
    _need_ops(by)
    mirror = GitLabLink.objects.select_related("issue").filter(pk=number).first()
    if mirror is None or not may_see(by, mirror.issue):
        raise Refused("There is no such request.")
    return mirror


def _orphan(number: int, by: User) -> GitLabLink:
    mirror = _mirror(number, by)
    if mirror.status != Status.ORPHANED:
        raise Refused("Its GitLab issue is not gone. Retry, or relink it to another one.")
    return mirror


def _hanging(number: int) -> Iterator[Exchanged]:
    yield from OutgoingNote.objects.filter(issue=number)
    yield from OutgoingUpload.objects.filter(attachment__issue=number)
    yield from OutgoingLink.objects.filter(link__source=number)
    yield from PendingFile.objects.filter(comment__issue=number)


def _begin_looking_anew(number: int) -> None:
    """Another issue has another history and other comments; those taken from the old one stay as they are."""
    PendingPull.objects.filter(pk=number).delete()
    ImportedNote.objects.filter(comment__issue=number).delete()
    PendingPull.ask(number, thorough=True, in_seconds=5)


def _remember(number: int, verb: str, by: User, **data: Any) -> None:
    issue = Issue.objects.get(pk=number)
    record(issue, verb, by=by, from_state=issue.state, data=data)


def _issue_at(address: str, issue: Issue) -> RemoteIssue:
    base = re.escape(settings.GITLAB_URL.rstrip("/"))
    found = re.fullmatch(rf"{base}/(?P<path>[\w./-]+?)/-/(?:issues|work_items)/(?P<iid>\d{{1,18}})", address.strip())
    if found is None:
        raise Incomplete({"address": f"Give the address of an issue in {settings.GITLAB_URL}."})
    gateway = open_gateway()
    try:
        project = gateway.project(found["path"])
        if issue.tracker is None or project.id != issue.tracker.project_id:
            raise Incomplete({"address": f"Choose an issue of {issue.tracker}, where this request belongs."})
        remote = gateway.issue(project.id, int(found["iid"]))
    except Gone as error:
        raise Incomplete({"address": "GitLab shows the bot no such issue."}) from error
    except GitLabError as error:
        raise Incomplete({"address": f"GitLab cannot be asked now: {error.message}"}) from error
    if remote.moved_to_id is not None:
        raise Incomplete({"address": "That issue was moved. Give the address of where it is now."})
    return remote
