"""`manage.py gitlab_sandbox`: the sandbox GitLab on a port, until it is told to stop."""

import signal
import threading
from pathlib import Path

from django.core.management.base import BaseCommand

from workflow.gitlab_sandbox import SandboxServer


class Command(BaseCommand):
    help = (
        "Serve the sandbox GitLab. An empty data directory is filled with the handbook's groups, trackers and people."
    )
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--port", type=int, default=8929, help="0 takes any free port")
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="where its state is kept")
        parser.add_argument("--token", required=True, help="the administrator's token (user root)")
        parser.add_argument("--bot-token", help="the token of support-bot; kept in DIR, made up if never given")
        parser.add_argument(
            "--premium", action="store_true", help="scoped labels are exclusive, several assignees, weights"
        )
        parser.add_argument("--empty", action="store_true", help="do not fill an empty data directory")

    def handle(self, *, data, token, port, host, bot_token, premium, empty, **options):
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        server = SandboxServer(data, token, port, premium=premium, empty=empty, host=host, bot_token=bot_token)
        server.start()
        try:
            self.stdout.write(f"Sandbox GitLab on {server.url} (bot token {server.bot_token}); Ctrl-C ends it.")
            self.stdout.flush()
            stop.wait()
        finally:
            server.close()
