"""Celery's side of the portal as a whole: that beat lives, and that nothing stands in the way unseen."""

from celery import shared_task

from supportops.portal import watch as look_around
from workflow.gitlab.models import Heartbeat


@shared_task
def show_life() -> None:
    """Periodic work runs."""
    Heartbeat.beat()


@shared_task
def watch() -> None:
    """Raise and clear alarms, and tell people."""
    look_around.watch()
