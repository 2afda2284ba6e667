"""Places where a test may kill the process, as power loss would (reliability.md §2, "named crash points")."""

import os
import signal
from pathlib import Path


def crashpoint(name: str) -> None:
    """Kill this process with SIGKILL if the environment names this point; otherwise nothing, and nearly for nothing.

    CRASHPOINT: the point's name. CRASHPOINT_ONCE: a path; the kill happens only while no file is there, and leaves one.
    """
    if os.environ.get("CRASHPOINT") != name:
        return
    if once := os.environ.get("CRASHPOINT_ONCE"):
        if Path(once).exists():
            return
        Path(once).write_text(name)
    os.kill(os.getpid(), signal.SIGKILL)
