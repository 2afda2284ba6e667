"""Rings for a worker to come and look at what the database says is due. A ring may be lost; the sweep rings again."""

import structlog
from celery import current_app
from kombu.exceptions import KombuError

log = structlog.get_logger(__name__)
GOOD_FOR = 30
"""Seconds; an older ring is dropped, so that none pile up while no worker runs."""


def ring(task, *ids):
    """Ask a worker to run ``workflow.tasks.<task>`` soon; a broker that is away costs nobody anything."""
    try:
        current_app.send_task(f"workflow.tasks.{task}", list(ids), retry=False, expires=GOOD_FOR)
    except (KombuError, OSError) as error:
        log.warning("wake_up_lost", task=task, error=type(error).__name__)
