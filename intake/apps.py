"""What can be asked: the catalogue, its forms and the drafts of requests."""

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "intake"
    verbose_name = "Catalogue"

    def ready(self):
        """Give the workflow the catalogue's questions: it asks them, but may not import them."""
        from intake.provider import Catalogue
        from workflow import questions

        questions.register(Catalogue())
