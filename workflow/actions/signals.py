"""What the door tells after a commit. Receivers only wake somebody up; the database holds the truth."""

from functools import partial

from django.db import transaction
from django.dispatch import Signal

from workflow.crashpoints import crashpoint

issue_changed = Signal()
"""Sent once the change is committed, with ``number``."""


def announce(number):
    """Send ``issue_changed`` when the running transaction commits; a receiver that fails costs nobody anything."""
    transaction.on_commit(partial(_tell, number), robust=True)


def _tell(number):
    crashpoint("committed")
    issue_changed.send_robust(sender=None, number=number)
