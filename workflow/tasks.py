"""Celery's side: an alarm clock. Each task takes an id or nothing, calls one function, and may run twice."""

from functools import wraps

from celery import shared_task

from workflow import watching
from workflow.actions import calendar, reassigning
from workflow.gitlab import checks, deliveries, milestones, poll, pull, push, reconcile, relabel, tracker_labels
from workflow.gitlab.models import Heartbeat, Lease
from workflow.gitlab.rings import ring
from workflow.gitlab.wake import wake
from workflow.notices import delivery, reminders, routing


def by_one_worker(lease, seconds=60):
    """A periodic task that only one worker does at a time; a crashed one's turn lapses after ``seconds``."""

    def guard(work):
        @wraps(work)
        def run():
            with Lease.hold(lease, seconds=seconds) as held:
                if held:
                    work()

        return run

    return guard


@shared_task
def push_issue(number):
    """Bring GitLab in step with one request."""
    push.push_issue(number)
    watching.stand_in_for_beat()


@shared_task
@by_one_worker("sweep", seconds=30)
def sweep_mirror():
    """Wake a worker for everything due that no wake-up reached."""
    for number in push.numbers_with_work():
        wake(number)


@shared_task
@by_one_worker("calendar")
def tick_calendar():
    """Start what has its milestone's period."""
    calendar.start_due()


@shared_task
@by_one_worker("seats", seconds=120)
def find_who_decides():
    """Give seats to who comes next, and tell whoever stands in since today."""
    reassigning.refill_seats()
    reassigning.tell_stand_ins()


@shared_task
@by_one_worker("milestones", seconds=120)
def sync_milestones():
    """Read GitLab's milestones and plan anew what lost its own."""
    milestones.sync_milestones()


@shared_task
def take_in_delivery(pk):
    """Understand one webhook."""
    deliveries.take_in(pk)


@shared_task
def look_at_issue(number):
    """Take in what people did to a request's GitLab issue."""
    pull.look_at(number)


@shared_task
@by_one_worker("sweep inbound", seconds=30)
def sweep_inbound():
    """Understand every webhook, and look at every issue, that no wake-up reached."""
    for pk in deliveries.due_deliveries():
        deliveries.take_in(pk)
    for number in pull.numbers_to_look_at():
        ring("look_at_issue", number)


@shared_task
@by_one_worker("poll", seconds=300)
def poll_gitlab():
    """Ask every tracker what changed."""
    poll.poll_all()


@shared_task
def reconcile_gitlab(scope):
    """Compare requests with GitLab, or go on with it; ``scope``: "open" or "all"."""
    with Lease.hold(f"reconcile {scope}", seconds=60) as held:
        if held:
            reconcile.reconcile(scope)


@shared_task
def go_on_reconciling():
    """Go on with comparisons that stopped half way, and begin those whose time has come."""
    for scope in reconcile.due_scopes():
        ring("reconcile_gitlab", scope)
    deliveries.forget_old()


@shared_task
@by_one_worker("telling")
def tell_people():
    """Put new notices into messages, and ring for every message whose time has come."""
    routing.route_new()
    delivery.settle_interrupted()
    for pk in delivery.due_messages():
        ring("deliver_message", pk)


@shared_task
def deliver_message(pk):
    """Send one message."""
    delivery.deliver(pk)


@shared_task
@by_one_worker("reminders", seconds=300)
def remind_people():
    """Remind of what waits too long."""
    reminders.remind_people()


@shared_task
def show_life():
    """Periodic work runs."""
    Heartbeat.beat()


@shared_task
def watch():
    """Raise and clear alarms, and tell people."""
    watching.watch()


@shared_task
@by_one_worker("checks", seconds=300)
def check_gitlab():
    """See whether webhooks and token are in order."""
    checks.check_gitlab()


@shared_task
def change_labels():
    """Go on with the change of the label scheme that runs."""
    with Lease.hold("label scheme", seconds=60) as held:
        more = held and relabel.go_on()
    if more:
        ring("change_labels")


@shared_task
@by_one_worker("labels", seconds=120)
def read_labels():
    """Remember which labels GitLab offers."""
    tracker_labels.read_labels()
