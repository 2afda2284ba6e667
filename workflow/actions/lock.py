"""Takes hold of a request."""

from contextlib import contextmanager

from django.db import transaction

from workflow.actions.errors import Stale
from workflow.models import Issue


@contextmanager
def locked(number, *, version=None):
    """The request under its row lock, inside a transaction; Stale if ``version`` is not its present one.

    ``no_key``: a row that merely refers to the request may be written meanwhile. Otherwise two requests that refer to
    each other (each closed as the other's duplicate), or a step and a webhook, wait for each other for ever. On SQLite
    the IMMEDIATE transaction is the lock; ``select_for_update`` is ignored there.
    """
    with transaction.atomic():
        issue = Issue.objects.select_for_update(no_key=True).get(pk=number)
        if version is not None and version != issue.version:
            raise Stale(issue, version)
        yield issue
