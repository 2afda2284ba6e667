"""Brings the people in step with the Support Team YAML or a CSV file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from supportops.accounts.people_file import Unreadable, read_people
from supportops.accounts.people_import import apply, difference


class Command(BaseCommand):
    """Prints the difference; without --dry-run, and without problems, it is applied: all of it or nothing."""

    help = "Create and change people from a file (.yml, .yaml, .csv). Nobody is deleted; may run any number of times."

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, and how far to go."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="Print the difference and change nothing.")
        parser.add_argument(
            "--deactivate-missing",
            action="store_true",
            help="Whoever is not in the file can no longer sign in; administrators always can.",
        )

    def handle(self, *args: Any, file: Path, dry_run: bool, deactivate_missing: bool, **options: Any) -> None:
        """Say what differs, then what was done about it."""
        try:
            found = difference(read_people(file.read_bytes(), file.name))
        except (OSError, Unreadable) as error:
            raise CommandError(str(error)) from None
        for line in found.lines():
            self.stdout.write(line)
        if found.problems:
            raise CommandError(f"{len(found.problems)} problem(s), so nothing was changed. Correct the file first.")
        said = f"{len(found.new)} new, {len(found.changed)} changed, {len(found.gone)} not in the file"
        if dry_run:
            self.stdout.write(f"Dry run: {said}. Nothing was changed.")
            return
        apply(found, deactivate_missing=deactivate_missing)
        gone = "deactivated" if deactivate_missing else "left as they are"
        self.stdout.write(f"Done: {said} ({gone}).")
