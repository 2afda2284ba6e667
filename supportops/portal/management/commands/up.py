"""``manage.py up``: the whole portal in one process, for a first look and for small teams."""

import contextlib
import signal
import sqlite3
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.core.wsgi import get_wsgi_application
from django.db import OperationalError

from supportops.accounts.sample import PASSWORD, SAMPLE_PEOPLE, make_sample_people
from supportops.data_folder import InUse, complaint
from supportops.portal.embedded import Portal, PortTaken


class Command(BaseCommand):
    """Prepare the database, then run web server, worker, beat and sandbox GitLab until Ctrl-C."""

    help = "Run the whole portal in one process: web server, Celery worker and beat, and the sandbox GitLab."

    def handle(self, *args: Any, **options: Any) -> None:
        """Bring everything up, say where, and wait. What keeps it from coming up is said in one sentence."""
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that started it with & had it ignored
        with contextlib.closing(Portal(settings.PORT)) as portal:
            try:
                portal.claim()
                self._say("Preparing the sandbox GitLab, the database and the static files …")
                portal.start_sandbox()
                self._prepare()
                call_command("gitlab_connect", verbosity=options["verbosity"] - 1)
                portal.start_worker()
                portal.serve(get_wsgi_application(), ready=self._say_where)
            except (InUse, PortTaken) as refused:
                raise CommandError(str(refused)) from refused
            except (OSError, sqlite3.Error, OperationalError) as error:
                raise CommandError(self._sentence(error)) from error
            except KeyboardInterrupt:
                self._say("")
        self.stdout.write("Stopped.")

    def _prepare(self) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        call_command("seed_catalogue", verbosity=0)
        call_command("seed_label_schemes", verbosity=0)
        if settings.SAMPLE:
            make_sample_people()

    def _sentence(self, error: Exception) -> str:
        """What an error while coming up means for whoever has to mend it."""
        if told := complaint(settings.VAR, error):
            return told
        if isinstance(error, OperationalError):
            return f"The database does not answer: {' '.join(str(error).split())}"
        raise error

    def _say_where(self) -> None:
        self._say(f"\nSupportOps is up: {self.style.SUCCESS(f'http://127.0.0.1:{settings.PORT}/')}")
        if settings.USES_SANDBOX:
            self._say(f"The sandbox GitLab: {settings.GITLAB_URL}/")
        if settings.SAMPLE:
            names = ", ".join(row[0] for row in SAMPLE_PEOPLE)
            self._say(f"Sign in as one of {names} (password: {PASSWORD}). Ctrl-C ends everything.\n")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
