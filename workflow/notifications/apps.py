"""Telling people."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Nothing wakes on a change: a message waits minutes for its sitting to end, the sweep comes every ten seconds."""

    name = "workflow.notifications"
    label = "notices"
    verbose_name = "Notices"

    def ready(self) -> None:
        """Listen to the door, and bring the queue of what is late into the menu."""
        from workflow.notifications import late_queue, recipients

        recipients.connect()
        late_queue.register()
