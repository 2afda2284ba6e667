"""The mirror in GitLab."""

from django.apps import AppConfig


class GitLabConfig(AppConfig):
    name = "workflow.gitlab"
    label = "gitlab_mirror"
    verbose_name = "GitLab"

    def ready(self) -> None:
        """Listen to the door, and bring the mirror's queue, panel and systems into the pages of requests."""
        from workflow.catalogue import systems
        from workflow.gitlab import labels, receivers
        from workflow.gitlab.pages import panel, sync_queue

        receivers.connect()
        systems.register(labels.systems_with_a_label)
        sync_queue.register()
        panel.register()
