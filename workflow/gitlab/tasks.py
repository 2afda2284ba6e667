"""Celery's side of the mirror: each task takes an id or nothing, calls one function, and may run twice."""

from celery import shared_task

from workflow.enqueue import enqueue
from workflow.gitlab import (
    deliveries,
    failures,
    milestones,
    monitoring,
    poll,
    pull,
    pull_files,
    push,
    reconcile,
    relabel,
    tracker_labels,
)
from workflow.models.lease import Lease
from workflow.periodic import by_one_worker, worker_at_work


@shared_task
def push_issue(number: int) -> None:
    """Bring GitLab in step with one request."""
    push.push_issue(number)
    worker_at_work.send(sender=None)


@shared_task
@by_one_worker("sweep", seconds=30)
def sweep_mirror() -> None:
    """Wake a worker for everything due that no wake-up reached, in trackers that GitLab has opened again too."""
    failures.ask_waiting_trackers()
    for number in push.numbers_with_work():
        enqueue("workflow.gitlab.tasks.push_issue", number)


@shared_task
@by_one_worker("milestones", seconds=120)
def sync_milestones() -> None:
    """Read GitLab's milestones and plan anew what lost its own."""
    milestones.sync_milestones()


@shared_task
def take_in_delivery(pk: int) -> None:
    """Understand one webhook."""
    deliveries.take_in(pk)


@shared_task
def look_at_issue(number: int) -> None:
    """Take in what people did to a request's GitLab issue."""
    pull.look_at(number)


@shared_task
@by_one_worker("sweep inbound", seconds=30)
def sweep_inbound() -> None:
    """Understand every webhook, and look at every issue, that no wake-up reached."""
    for pk in deliveries.due_deliveries():
        deliveries.take_in(pk)
    for number in pull.numbers_to_look_at():
        enqueue("workflow.gitlab.tasks.look_at_issue", number)
    for pk in pull_files.due_files():
        enqueue("workflow.gitlab.tasks.fetch_file", pk)


@shared_task
def fetch_file(pk: int) -> None:
    """Fetch a file of a GitLab comment that could not be had before."""
    pull_files.fetch_file(pk)


@shared_task
@by_one_worker("poll", seconds=300)
def poll_gitlab() -> None:
    """Ask every tracker what changed."""
    poll.poll_all()


@shared_task
def reconcile_gitlab(scope: str) -> None:
    """Compare requests with GitLab, or go on with it; ``scope``: "open" or "all"."""
    with Lease.hold(f"reconcile {scope}", seconds=60) as held:
        if held:
            reconcile.reconcile(scope)


@shared_task
def go_on_reconciling() -> None:
    """Go on with comparisons that stopped half way, and begin those whose time has come."""
    for scope in reconcile.due_scopes():
        enqueue("workflow.gitlab.tasks.reconcile_gitlab", scope)
    deliveries.forget_old()


@shared_task
@by_one_worker("checks", seconds=300)
def check_gitlab() -> None:
    """See whether webhooks and token are in order."""
    monitoring.check_gitlab()


@shared_task
def change_labels() -> None:
    """Go on with the change of the label scheme that runs."""
    with Lease.hold("label scheme", seconds=60) as held:
        more = held and relabel.go_on()
    if more:
        enqueue("workflow.gitlab.tasks.change_labels")


@shared_task
@by_one_worker("labels", seconds=120)
def read_labels() -> None:
    """Remember which labels GitLab offers."""
    tracker_labels.read_labels()
