"""Change the label scheme, or only count what that would change."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from supportops.accounts.models import User
from workflow.actions import Refused
from workflow.catalogue.models import Tracker
from workflow.gitlab.forecast import Forecast, foresee
from workflow.gitlab.models.connection import LabelScheme
from workflow.gitlab.relabel import LookedAway, begin
from workflow.gitlab.tracker_labels import read_labels


class Command(BaseCommand):
    """``manage.py change_labels --to 2026 --dry-run``; then ``--to 2026 --by lead``. Back: the same the other way."""

    help = "Count what another label scheme would change in GitLab; without --dry-run, ask, and change to it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", required=True, metavar="SCHEME", help="name of the label scheme")
        parser.add_argument("--tracker", metavar="PATH", help="count this tracker only; with --dry-run")
        parser.add_argument("--dry-run", action="store_true", help="only count")
        parser.add_argument("--by", metavar="USERNAME", help="who changes it: a lead, or who may edit label schemes")
        parser.add_argument("--no-input", action="store_true", help="do not ask whether to go on")

    def handle(
        self, *, to: str, tracker: str | None, dry_run: bool, by: str | None, no_input: bool, **options: Any
    ) -> None:
        """Print the counts; then, unless it is a dry run, change the scheme. The requests follow by themselves."""
        if tracker and not dry_run:
            raise CommandError("A scheme holds for every tracker. Use --tracker with --dry-run only.")
        scheme, person = self._scheme(to), None if dry_run else self._person(by)
        read_labels()
        seen = foresee(scheme, tracker=self._tracker(tracker) if tracker else None)
        self._show(seen)
        if person is None:  # a dry run
            self.stdout.write("Nothing was changed.")
            return
        if not no_input and input(f"Change to {scheme} now? [y/N] ").strip().lower() not in {"y", "yes"}:
            self.stdout.write("Nothing was changed.")
            return
        try:
            begin(scheme, by=person, token=seen.token)
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        except LookedAway as error:
            raise CommandError("The schemes were changed meanwhile; nothing was done. Count again.") from error
        self.stdout.write(
            self.style.SUCCESS(f"“{scheme}” is in use. Requests follow; /sync/labels/ shows how far they are.")
        )

    def _scheme(self, name: str) -> LabelScheme:
        found = LabelScheme.objects.filter(name=name).first()
        if found is None:
            names = ", ".join(LabelScheme.objects.values_list("name", flat=True)) or "none; run seed_label_schemes"
            raise CommandError(f"There is no label scheme “{name}”. There are: {names}.")
        return found

    def _tracker(self, path: str) -> Tracker:
        found = Tracker.objects.filter(path=path).first()
        if found is None:
            raise CommandError(f"There is no tracker {path}. The administration lists them with their paths.")
        return found

    def _person(self, username: str | None) -> User:
        found = User.objects.filter(username=username).first() if username else None
        if found is None:
            raise CommandError("Say who changes it: --by with the username of a lead.")
        return found

    def _show(self, seen: Forecast) -> None:
        self.stdout.write(f"From {seen.active} to {seen.scheme}:")
        for row in seen.trackers:
            missing = "not known yet" if row.missing is None else len(row.missing)
            self.stdout.write(
                f"  {row.tracker.path if row.tracker else 'no tracker any more'}: {row.changing} of {row.requests} "
                f"requests, {row.added} labels on, {row.removed} off; labels to make: {missing}"
            )
        for label in seen.labels:
            self.stdout.write(f"    {label.name}: on {label.added}, off {label.removed}, to make {label.missing_in}")
        self.stdout.write(
            f"Together {seen.changing} of {seen.requests} requests, {seen.added} labels on, {seen.removed} off, "
            f"{seen.created} to make; {seen.waiting} wait for a person first. It takes at least {seen.minutes} min "
            f"at {seen.per_minute} requests a minute."
        )
