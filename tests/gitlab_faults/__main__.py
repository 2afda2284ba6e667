"""``python -m tests.gitlab_faults``: the sandbox that can misbehave, as a process, until it is told to stop."""

import argparse
import signal
import threading
from pathlib import Path

from tests.gitlab_faults import FaultyApplication
from workflow.gitlab_sandbox import SandboxServer


def main():
    """As ``manage.py gitlab_sandbox`` does, with the same arguments as far as tests give them."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--bot-token", required=True)
    sent = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with SandboxServer(sent.data, sent.token, sent.port, bot_token=sent.bot_token, application=FaultyApplication):
        stop.wait()


if __name__ == "__main__":
    main()
