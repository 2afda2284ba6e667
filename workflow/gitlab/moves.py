"""A request changes its tracker: its GitLab issue moves, and is another one there; the old one says where it went.

An issue was moved in GitLab: the request follows. A moved issue reads as closed; it never closes the request.
"""

from collections.abc import Iterable

from django.db import transaction

from workflow.actions import Incomplete
from workflow.actions.from_gitlab import follow_move
from workflow.catalogue.models import Tracker
from workflow.gitlab.errors import Permanent
from workflow.gitlab.identities import known_as
from workflow.gitlab.models.inbound import PendingPull
from workflow.gitlab.pull_notes import remap_after_move
from workflow.gitlab.schemas import Person, RemoteIssue, RemoteNote
from workflow.gitlab.session import LookRun, Run


def move(run: Run, remote: RemoteIssue) -> RemoteIssue:
    """Move the issue to the request's tracker and return it as it is there.

    After an unconfirmed attempt the old issue says whether it moved, so the next run follows instead of moving twice.
    """
    return arrive(run, remote, run.gateway.move_issue(remote.project_id, remote.iid, run.target_project))


def moved_to(run: Run, remote: RemoteIssue) -> RemoteIssue | None:
    """Where a moved issue is now, however often it moved; None if in no project of the portal's trackers."""
    known = Tracker.objects.filter(project_id__isnull=False).exclude(project_id=remote.project_id)
    others = known.exclude(project_id=run.target_project).values_list("project_id", flat=True)
    for project_id in [run.target_project, *(number for number in others if number is not None)]:
        for issue in run.gateway.issues_marked(project_id, run.mirror.marker):
            if issue.id == remote.moved_to_id:
                return issue if issue.moved_to_id is None else moved_to(run, issue)
    return None


def arrive(run: Run, left: RemoteIssue, remote: RemoteIssue) -> RemoteIssue:
    """The mirror is about ``remote`` from now on, which was ``left`` before it moved; returns it.

    GitLab drops labels the other project does not have (gitlab.md §1). It was the portal's move, so what people put on
    comes along; before anything is agreed, so that a run cut off here does it again.
    """
    if lost := run.labelling.foreign(left.labels) - remote.labels:
        remote = run.gateway.update_issue(remote.project_id, remote.iid, {"add_labels": ",".join(sorted(lost))})
    notes = run.gateway.notes(remote.project_id, remote.iid)
    with transaction.atomic():
        settle_in(run, remote, notes)
    return remote


def settle_in(run: Run, remote: RemoteIssue, notes: Iterable[RemoteNote]) -> None:
    """Point the mirror at ``remote``, about which nothing is agreed yet, inside the caller's transaction.

    ``notes``: its comments. They and its history have other numbers than before; what was known of them stays known,
    or comments would be taken twice and what people asked for be heard again.
    """
    run.write(project_id=remote.project_id, iid=remote.iid, gitlab_id=remote.id, web_url=remote.web_url, last_synced={})
    remap_after_move(run, notes)
    for look in PendingPull.objects.filter(pk=run.mirror.pk):
        look.forget_events()


def follow(run: LookRun, remote: RemoteIssue) -> RemoteIssue:
    """Point the mirror at where the issue is now, and the request at its tracker; returns the issue as it is there.

    Permanent if it went where the portal has no tracker, or out of a restricted one.
    """
    mover, moved = _mover(run, remote), moved_to(run, remote)
    if moved is None:
        raise Permanent(
            "Somebody moved the issue to a project that is no tracker of the portal. Move it back, or relink it."
        )
    notes = run.gateway.notes(moved.project_id, moved.iid)
    try:
        with transaction.atomic():
            settle_in(run, moved, notes)
            _take_tracker(run, moved, mover)
    except Incomplete as incomplete:
        raise Permanent(f"The issue was moved in GitLab. {incomplete} Move it back, then retry.") from incomplete
    run.reread()
    run.look.forget_events()
    return moved


def _take_tracker(run: LookRun, moved: RemoteIssue, mover: Person | None) -> None:
    tracker = Tracker.objects.get(project_id=moved.project_id)
    follow_move(run.mirror.pk, tracker, by=known_as(mover), author_name=mover.name if mover else "")


def _mover(run: LookRun, remote: RemoteIssue) -> Person | None:
    """Who moved it: GitLab notes it on the old issue."""
    notes = run.gateway.comments(remote.project_id, remote.iid)
    moved = [note for note in notes if note.system and note.body.startswith("moved to ")]
    return moved[-1].by if moved else None
