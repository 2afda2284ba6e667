"""``manage.py seed_load --requests 100000 --people 2000``: load data, into a database without requests."""

from argparse import ArgumentParser
from time import monotonic

from django.core.management.base import BaseCommand, CommandError

from supportops.portal.load import load
from workflow.catalogue.models import Route
from workflow.models import Issue

FEWEST_PEOPLE = 50


class Command(BaseCommand):
    """Nothing of it is sent to GitLab or to anybody."""

    help = "Fill a database that holds no request with load data: requests, histories, comments, notices, GitLab links."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How much."""
        parser.add_argument("--requests", type=int, required=True, help="how many requests")
        parser.add_argument("--people", type=int, default=2_000, help="how many people (2000)")
        parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same data (1)")

    def handle(self, *, requests: int, people: int, seed: int, **options: object) -> None:
        """Refuses where there are requests."""
        if requests < 1 or people < FEWEST_PEOPLE:
            raise CommandError(f"Ask for at least one request and {FEWEST_PEOPLE} people.")
        if Issue.objects.exists():
            raise CommandError(
                "This database holds requests. Load data goes only where there are none: use another one."
            )
        if not Route.objects.exists():
            raise CommandError("There is no catalogue to file requests by yet: run manage.py seed_catalogue first.")
        began = monotonic()
        load(requests, people, say=self.stdout.write, seed=seed)
        self.stdout.write(f"Done in {monotonic() - began:.0f} seconds.")
