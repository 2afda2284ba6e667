"""An issue was moved in GitLab: the request follows. A moved issue reads as closed; it never closes the request."""

from django.db import transaction

from workflow.actions import Incomplete
from workflow.actions.received import follow_move
from workflow.gitlab import moves
from workflow.gitlab.acquaintance import known_as
from workflow.gitlab.errors import Permanent
from workflow.models import Tracker


def follow(run, remote):
    """Point the mirror at where the issue is now, and the request at its tracker; returns the issue as it is there.

    Permanent if it went where the portal has no tracker, or out of a restricted one.
    """
    mover, moved = _mover(run, remote), moves.moved_to(run, remote)
    if moved is None:
        raise Permanent(
            "Somebody moved the issue to a project that is no tracker of the portal. Move it back, or relink it."
        )
    notes = run.gateway.notes(moved.project_id, moved.iid)
    try:
        with transaction.atomic():
            moves.settle_in(run, moved, notes)
            _take_tracker(run, moved, mover)
    except Incomplete as incomplete:
        raise Permanent(f"The issue was moved in GitLab. {incomplete} Move it back, then retry.") from incomplete
    run.reread()
    run.look.forget_events()
    return moved


def _take_tracker(run, moved, mover):
    tracker = Tracker.objects.get(project_id=moved.project_id)
    follow_move(run.mirror.pk, tracker, by=known_as(mover), author_name=mover.name if mover else "")


def _mover(run, remote):
    """Who moved it: GitLab notes it on the old issue."""
    notes = run.gateway.comments(remote.project_id, remote.iid)
    moved = [note for note in notes if note.system and note.body.startswith("moved to ")]
    return moved[-1].by if moved else None
