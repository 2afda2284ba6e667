"""Two transactions that wait for each other: the database ends one of them, and its action is simply done again.

Takes hold of a request.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

import structlog
from django.db import OperationalError, connection, transaction

from workflow.actions.errors import Stale
from workflow.models import Issue

P = ParamSpec("P")
Returned = TypeVar("Returned")
log = structlog.get_logger(__name__)
ABORTED = frozenset({"40001", "40P01"})
"""PostgreSQL's words for: serialization failure, deadlock. Nothing of such a transaction is kept."""
PAUSE = 0.05, 0.2
"""Seconds, between which: without it the two would run into each other again."""


def again_after_a_clash(action: Callable[P, Returned]) -> Callable[P, Returned]:
    """The action, run once more if the database ended it in favour of another one; a second time the error stays.

    Only where the action's transaction is the outermost: what is inside a larger one is the larger one's to repeat.
    SQLite knows no such end: whoever wants to write waits until the other is done.
    """

    @wraps(action)
    def run(*args: P.args, **kwargs: P.kwargs) -> Returned:
        outermost = not connection.in_atomic_block
        try:
            return action(*args, **kwargs)
        except OperationalError as error:
            if not outermost or getattr(error.__cause__, "sqlstate", None) not in ABORTED:
                raise
            log.warning("clash_repeated", action=action.__name__)
        time.sleep(random.uniform(*PAUSE))
        return action(*args, **kwargs)

    return run


@contextmanager
def locked(number: int, *, version: int | None = None) -> Iterator[Issue]:
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
