"""Asks a worker to come and look at what the database says is due. It may fail, and be lost: the sweep finds whatever
no wake-up did."""

import time

import structlog
from celery import current_app
from kombu.exceptions import KombuError

log = structlog.get_logger(__name__)
GOOD_FOR = 30
"""Seconds; an older wake-up is dropped, so that none pile up while no worker runs."""
SILENCE = 10
"""Seconds without another try after one that failed: the sweep comes by as often, and pages stay quick."""
_silent_until = 0.0


def enqueue(task: str, *ids: int | str) -> bool:
    """Ask a worker to run the task of this dotted name soon; whether the message went out. A broker that is away costs
    nobody anything."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return False
    try:
        current_app.send_task(task, list(ids), retry=False, expires=GOOD_FOR)
    except (KombuError, OSError) as error:
        _silent_until = time.monotonic() + SILENCE
        log.warning("wake_up_lost", task=task, ids=list(ids), error=type(error).__name__)
        return False
    return True
