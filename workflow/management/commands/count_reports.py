"""``manage.py count_reports``: count the reports' figures now; with ``--check``, say what differs from those kept."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from workflow import reports
from workflow.models import CountedReport


class Command(BaseCommand):
    """The periodic task does the same, a few minutes apart."""

    help = "Count the figures of the reports now, or compare those kept with a new count."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whether only to look."""
        parser.add_argument("--check", action="store_true", help="change nothing; fail if a new count differs")

    def handle(self, *, check: bool, **options: object) -> None:
        """Fails where something differs."""
        if not check:
            self.stdout.write(f"Counted for {reports.count_reports(most=reports.AS_LONG_AS_IT_TAKES)} sets of groups.")
            return
        stale = [row for row in CountedReport.objects.order_by("audience") if _differs(row)]
        for row in stale:
            self.stdout.write(f"Differs from a new count: {row}")
        if stale:
            raise CommandError("Run manage.py count_reports, or wait for the worker, which counts every few minutes.")
        self.stdout.write(f"{CountedReport.objects.count()} counts are as a new one would be.")


def _differs(row: CountedReport) -> bool:
    new = reports.count(row.groups, now=row.counted_at)
    return reports.Report.from_json(row.figures, row.counted_at) != new
