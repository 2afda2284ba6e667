"""Write the shipped label schemes."""

from typing import Any

from django.core.management.base import BaseCommand

from workflow.gitlab.label_schemes import seed_label_schemes


class Command(BaseCommand):
    """``manage.py seed_label_schemes``: adds what is missing, leaves what somebody edited."""

    help = "Write what is missing of the shipped label schemes; what somebody edited stays."

    def handle(self, *args: Any, **options: Any) -> None:
        new = seed_label_schemes()
        if options["verbosity"]:
            self.stdout.write(f"Label schemes: {new} new labels.")
