"""Takes hold of a request."""

from contextlib import contextmanager

from django.db import transaction

from workflow.actions.errors import Stale
from workflow.models import Issue


@contextmanager
def locked(number, *, version=None):
    """The request under its row lock, inside a transaction; Stale if ``version`` is not its present one.

    On SQLite the IMMEDIATE transaction is the lock; ``select_for_update`` is ignored there.
    """
    with transaction.atomic():
        issue = Issue.objects.select_for_update().get(pk=number)
        if version is not None and version != issue.version:
            raise Stale(issue, version)
        yield issue
