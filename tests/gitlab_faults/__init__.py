"""The sandbox GitLab, misbehaving when it is told to: faults, rate limits, hooks that get lost, and a log of requests.

``SandboxServer(…, application=FaultyApplication)`` in a test; ``python -m tests.gitlab_faults`` for a process. What is
switched on and read is below /sandbox/ on the same port, with the administrator's token (control.py).
"""

from tests.gitlab_faults.application import FaultyApplication

__all__ = ["FaultyApplication"]
