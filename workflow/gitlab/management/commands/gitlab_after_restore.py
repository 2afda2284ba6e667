"""Make ready for work what came out of a backup."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflow.gitlab.errors import GitLabError
from workflow.gitlab.reconcile import after_restore


class Command(BaseCommand):
    """``manage.py gitlab_after_restore``: once after a restore, before the portal, its workers and beat start."""

    help = (
        "After the database was restored from a backup, and before anything else is started: look for what GitLab got "
        "since before it is sent again, and name the requests only GitLab still has."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what was found; end with an error, and nothing changed, if GitLab cannot be asked."""
        try:
            found = after_restore()
        except GitLabError as error:
            raise CommandError(f"Nothing was changed, so do not start the portal yet. {error.message}") from error
        self.stdout.write(f"Requests to be looked for in GitLab before they are created: {found.looked_for}.")
        self.stdout.write(f"Comments to be looked for before they are posted: {found.comments}.")
        self.stdout.write(f"The next request will be SO-{found.next_number} or later.")
        for number, title, address in found.lost:
            self.stdout.write(f"Filed after the backup, only in GitLab now: SO-{number} {title} {address}")
        if found.lost:
            self.stdout.write("Ask their requesters to file these again, then close the old issues in GitLab.")
        self.stdout.write(self.style.SUCCESS("Start the portal now; it compares every request with GitLab by itself."))
