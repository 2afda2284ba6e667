"""Milestones are GitLab's: the portal reads them, and plans anew what lost its own."""

from typing import cast

from django.utils import timezone

from workflow.actions.calendar import replan_lost
from workflow.catalogue.models import Tracker
from workflow.gitlab.circuit_breaker import is_there
from workflow.gitlab.client import Gateway
from workflow.gitlab.errors import GitLabError
from workflow.gitlab.failures import TrackerWork, handle_failure, stops_round
from workflow.gitlab.models import TrackerWait
from workflow.gitlab.models.connection import Connection
from workflow.gitlab.poll import metered_reader
from workflow.models import Milestone

_KNOWN = {"active": Milestone.ACTIVE, "closed": Milestone.CLOSED}


def sync_milestones() -> None:
    """Read the milestones of every active tracker, then send back to planning what lost its milestone.

    A tracker whose list fails keeps what it has: a failed read is not an empty one.
    """
    connection = Connection.load()
    if connection.paused or not is_there(connection):
        return
    gateway = metered_reader(connection)
    for tracker in Tracker.objects.filter(is_active=True, project_id__isnull=False):
        work = TrackerWork(connection, gateway, tracker, TrackerWait.What.MILESTONES)
        try:
            read_milestones(tracker, gateway)
        except GitLabError as error:
            if stops_round(handle_failure(error, work), error, connection):
                break
        else:
            work.done()
    replan_lost()


def read_milestones(tracker: Tracker, gateway: Gateway) -> int:
    """Write a tracker's milestones as GitLab has them, its groups' included. Returns how many there are."""
    found = gateway.milestones(cast(int, tracker.project_id))
    for milestone in found:
        Milestone.objects.update_or_create(
            tracker=tracker,
            gitlab_id=milestone.id,
            defaults={
                "title": milestone.title,
                "start_date": milestone.start_date,
                "due_date": milestone.due_date,
                "state": _KNOWN.get(milestone.state, Milestone.CLOSED),
            },
        )
    gone = Milestone.objects.filter(tracker=tracker).exclude(gitlab_id__in=[milestone.id for milestone in found])
    gone.exclude(state=Milestone.DELETED).update(state=Milestone.DELETED, synced_at=timezone.now())
    return len(found)
