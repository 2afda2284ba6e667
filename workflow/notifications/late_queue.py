"""The queue of validations nobody came to in time: whoever may validate was reminded, and nothing happened."""

from django.db.models import F, Q

from workflow import queues
from workflow.models import ValidationRound
from workflow.states import State


def register() -> None:
    """Add it to the queues of Support Operations."""
    # Reminded since it came there: the reminder knows working days and holidays. Read from the few rounds that are.
    late = ValidationRound.objects.filter(
        late_at__isnull=False, ended_at__isnull=True, late_at__gte=F("issue__state_since")
    )
    queue = queues.define(
        "late-validation",
        "Late validation",
        "hourglass",
        [State.VALIDATION],
        [],
        queues.found_by_ops,
        "Nobody validated these in time: ask the requester, or have the lead delegate it.",
        condition=Q(pk__in=late.values("issue")),
        always_listed=False,
    )
    queues.register(queue, before="raised")
