"""Celery's side of telling people: each task takes an id or nothing, calls one function, and may run twice."""

from celery import shared_task

from workflow.enqueue import enqueue
from workflow.notifications import delivery, recipients, reminders, routing
from workflow.periodic import by_one_worker


@shared_task
@by_one_worker("telling")
def tell_people() -> None:
    """Put new notices into messages, and ring for every message whose time has come."""
    routing.route_new()
    delivery.settle_interrupted()
    for pk in delivery.due_messages():
        enqueue("workflow.notifications.tasks.deliver_message", pk)


@shared_task
def deliver_message(pk: int) -> None:
    """Send one message."""
    delivery.deliver(pk)


@shared_task
@by_one_worker("reminders", seconds=300)
def remind_people() -> None:
    """Remind of what waits too long."""
    reminders.remind_people()


@shared_task
@by_one_worker("stand-ins", seconds=120)
def tell_stand_ins() -> None:
    """Tell whoever stands in since today what waits for them."""
    recipients.tell_stand_ins()
