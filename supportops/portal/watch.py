"""The watch: everything that may be an alarm, looked at once a minute, whoever has to put it right."""

from collections.abc import Iterator
from typing import Any

from workflow.enqueue import enqueue
from workflow.gitlab.alarms import Finding, settle_alarms
from workflow.gitlab.models.alarms import Heartbeat, Kind
from workflow.gitlab.monitoring import findings
from workflow.models.lease import Lease
from workflow.notifications.delivery import parked_count
from workflow.notifications.models import ChannelState


def watch() -> None:
    """Raise, clear and tell alarms as things stand; one worker does it at a time."""
    with Lease.hold("watch", seconds=60) as held:
        if held:
            settle_alarms([*findings(), *_messages()])


def stand_in_for_beat(**kwargs: Any) -> None:
    """What a worker does besides, when beat has stopped: raise the alarm, and have people told of it."""
    if Heartbeat.is_late():
        watch()
        enqueue("workflow.notifications.tasks.tell_people")


def _messages() -> Iterator[Finding]:
    """Nobody hears of anything while a channel stands still."""
    for channel in ChannelState.objects.filter(paused_at__isnull=False):
        yield Finding(Kind.MESSAGES, channel.get_channel_display(), channel.reason, key=channel.channel)
    if number := parked_count():
        reason = f"{number} message{' waits' if number == 1 else 's wait'} for a person."
        yield Finding(Kind.MESSAGES, "Messages", reason, key="parked")
