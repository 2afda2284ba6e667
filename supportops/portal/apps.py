"""The shell around the apps: menu, health, metrics, and the portal in one process. Nobody imports it."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "supportops.portal"
    label = "portal"
    verbose_name = "Portal"

    def ready(self) -> None:
        """Workers stand in for a beat that has stopped."""
        from supportops.portal.watch import stand_in_for_beat
        from workflow.periodic import worker_at_work

        worker_at_work.connect(stand_in_for_beat, dispatch_uid="stand_in_for_beat")
