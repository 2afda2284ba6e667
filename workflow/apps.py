"""The life of a request."""

from django.apps import AppConfig


class WorkflowConfig(AppConfig):
    name = "workflow"
    verbose_name = "Requests"

    def ready(self) -> None:
        """Whoever leaves, or reports to somebody else, changes at once who decides."""
        from django.contrib.auth import get_user_model
        from django.db.models.signals import post_save

        from workflow.actions.reassigning import person_saved

        post_save.connect(person_saved, sender=get_user_model(), dispatch_uid="find_who_decides_next")
