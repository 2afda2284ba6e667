"""The mirror in GitLab."""

from django.apps import AppConfig


class GitLabConfig(AppConfig):
    name = "workflow.gitlab"
    label = "gitlab_mirror"
    verbose_name = "GitLab"

    def ready(self):
        """Wake a worker whenever a request changes."""
        from workflow.actions.signals import issue_changed
        from workflow.gitlab.wake import wake_on_change

        issue_changed.connect(wake_on_change, dispatch_uid="wake_gitlab_mirror")
