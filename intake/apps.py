"""Asking: the start page, the guide, the forms and the drafts of requests."""

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "intake"
    verbose_name = "Drafts"

    def ready(self) -> None:
        """A request that is carried on leaves its requester a draft where answers are still wanted, and such a draft is
        among what waits for them."""
        from intake.actions import leave_draft
        from intake.waiting_drafts import TO_FINISH
        from workflow.actions.signals import draft_wanted
        from workflow.pages.my_requests import register

        draft_wanted.connect(leave_draft, dispatch_uid="leave_draft")
        register(TO_FINISH)
