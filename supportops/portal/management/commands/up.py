"""``manage.py up``: the whole portal in one process, for a first look and for small teams."""

from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.core.wsgi import get_wsgi_application

from supportops.accounts.sample import PASSWORD, SAMPLE_PEOPLE, make_sample_people
from supportops.portal.embedded import Portal


class Command(BaseCommand):
    """Prepare the database, then run web server, worker, beat and sandbox GitLab until Ctrl-C."""

    help = "Run the whole portal in one process: web server, Celery worker and beat, and the sandbox GitLab."

    def handle(self, *args: Any, **options: Any) -> None:
        """Bring everything up, say where, and wait."""
        self._prepare()
        portal = Portal(settings.PORT)
        try:
            portal.start_sandbox()
            call_command("gitlab_connect", verbosity=options["verbosity"] - 1)
            portal.start_worker()
            self._say_where()
            portal.serve(get_wsgi_application())
        except OSError as error:
            portal.close()
            raise CommandError(
                f"{error}. Is the portal running already? Choose other ports with PORT and SANDBOX_PORT."
            ) from error
        self.stdout.write("Stopped.")

    def _prepare(self) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        call_command("seed_catalogue", verbosity=0)
        call_command("seed_label_schemes", verbosity=0)
        if settings.SAMPLE:
            make_sample_people()

    def _say_where(self) -> None:
        self.stdout.write(f"\nSupportOps is up: {self.style.SUCCESS(f'http://127.0.0.1:{settings.PORT}/')}")
        if settings.USES_SANDBOX:
            self.stdout.write(f"The sandbox GitLab: {settings.GITLAB_URL}/")
        if settings.SAMPLE:
            names = ", ".join(row[0] for row in SAMPLE_PEOPLE)
            self.stdout.write(f"Sign in as one of {names} (password: {PASSWORD}). Ctrl-C ends everything.\n")
        self.stdout._out.flush()
