"""Connect the portal with GitLab, and say what is missing."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflow.gitlab.connect import connect
from workflow.gitlab.errors import GitLabError


class Command(BaseCommand):
    """``manage.py gitlab_connect``: may run any number of times."""

    help = "Find the bot and the trackers in GitLab, create missing labels, read milestones, and say what is missing."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what was done; end with an error, in plain words, if something is missing."""
        try:
            report = connect()
        except GitLabError as error:
            raise CommandError(error.message) from error
        if options["verbosity"]:
            for line in report.done:
                self.stdout.write(line)
        if report.missing:
            raise CommandError("Something is missing.\n  - " + "\n  - ".join(report.missing))
        if options["verbosity"]:
            self.stdout.write(self.style.SUCCESS("Connected."))
