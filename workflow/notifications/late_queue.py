"""The queue of validations nobody came to in time: whoever may validate was reminded, and nothing happened."""

from django.db.models import Exists, OuterRef, Q

from workflow import queues
from workflow.notifications.models import Reminder
from workflow.states import State


def register() -> None:
    """Add it to the queues of Support Operations."""
    # Reminded since it came there: the reminder knows working days and holidays.
    late = Reminder.objects.filter(
        issue=OuterRef("pk"),
        kind__in=[Reminder.Kind.VALIDATION_LATE, Reminder.Kind.VALIDATION_SILENT],
        at__gte=OuterRef("state_since"),
    )
    queue = queues.define(
        "late-validation",
        "Late validation",
        "hourglass",
        [State.VALIDATION],
        [],
        queues.found_by_ops,
        "Nobody validated these in time: ask the requester, or have the lead delegate it.",
        condition=Q(Exists(late)),
        always_listed=False,
    )
    queues.register(queue, before="raised")
