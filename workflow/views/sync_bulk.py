"""What Support Operations do to many requests of the sync queue at once."""

from workflow.actions.bulk import BulkAct, acts_for
from workflow.gitlab import operations

SYNC = "sync"


def _operation(value, label, do):
    def run(issue, version, by, given):
        do(issue.pk, by=by)

    return BulkAct(value, label, run)


OPERATIONS = [
    _operation("retry", "Retry", operations.retry),
    _operation("skip", "Skip", operations.skip),
]


def acts_of(queue):
    """The acts that a queue's page offers for the requests selected on it."""
    return [*(OPERATIONS if queue.name == SYNC else ()), *acts_for(queue)]
