"""The watch: everything that may be an alarm, looked at once a minute, whoever has to put it right."""

from workflow.gitlab.alarm_models import Heartbeat, Kind
from workflow.gitlab.alarms import Finding, settle_alarms
from workflow.gitlab.models import Lease
from workflow.gitlab.rings import ring
from workflow.gitlab.watch import findings
from workflow.notices.delivery import parked_count
from workflow.notices.models import ChannelState


def watch():
    """Raise, clear and tell alarms as things stand; one worker does it at a time."""
    with Lease.hold("watch", seconds=60) as held:
        if held:
            settle_alarms([*findings(), *_messages()])


def stand_in_for_beat():
    """What a worker does besides, when beat has stopped: raise the alarm, and have people told of it."""
    if Heartbeat.is_late():
        watch()
        ring("tell_people")


def _messages():
    """Nobody hears of anything while a channel stands still."""
    for channel in ChannelState.objects.filter(paused_at__isnull=False):
        yield Finding(Kind.MESSAGES, channel.get_channel_display(), channel.reason, key=channel.channel)
    if number := parked_count():
        reason = f"{number} message{' waits' if number == 1 else 's wait'} for a person."
        yield Finding(Kind.MESSAGES, "Messages", reason, key="parked")
