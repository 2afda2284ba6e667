"""Periodic work: whichever worker the alarm reaches, one does it at a time."""

from collections.abc import Callable
from functools import wraps

from django.dispatch import Signal

from workflow.models.lease import Lease

worker_at_work = Signal()
"""Sent by a worker after work that no clock asked for, so that the portal can see whether its clock still ticks."""


def by_one_worker(lease: str, seconds: int = 60) -> Callable[[Callable[[], object]], Callable[[], None]]:
    """A periodic task that only one worker does at a time; a crashed one's turn lapses after ``seconds``."""

    def guard(work: Callable[[], object]) -> Callable[[], None]:
        @wraps(work)
        def run() -> None:
            with Lease.hold(lease, seconds=seconds) as held:
                if held:
                    work()

        return run

    return guard
