"""A request changes its tracker: its GitLab issue moves, and is another one there; the old one says where it went."""

from workflow.gitlab.errors import Permanent
from workflow.models import Tracker


def follow(run, remote):
    """The issue that ``remote`` was moved to, by us or by somebody in GitLab; the mirror points there from now on.

    Permanent if it went where the portal has no tracker.
    """
    moved = moved_to(run, remote)
    if moved is None:
        raise Permanent(
            "Somebody moved the issue to a project that is no tracker of the portal. Move it back, or relink it."
        )
    return point_at(run, moved)


def move(run, remote):
    """Move the issue to the request's tracker and return it as it is there.

    After an unconfirmed attempt the old issue says whether it moved, so the next run follows instead of moving twice.
    """
    return point_at(run, run.gateway.move_issue(remote.project_id, remote.iid, run.target_project))


def moved_to(run, remote):
    """Where a moved issue is now, however often it moved; None if in no project of the portal's trackers."""
    known = Tracker.objects.filter(project_id__isnull=False).exclude(project_id=remote.project_id)
    others = known.exclude(project_id=run.target_project).values_list("project_id", flat=True)
    for project_id in [run.target_project, *others]:
        for issue in run.gateway.issues_marked(project_id, run.mirror.marker):
            if issue.id == remote.moved_to_id:
                return issue if issue.moved_to_id is None else moved_to(run, issue)
    return None


def point_at(run, remote):
    """The mirror is about this issue from now on; nothing is agreed about it yet."""
    run.write(project_id=remote.project_id, iid=remote.iid, gitlab_id=remote.id, web_url=remote.web_url, shadow={})
    return remote
