"""A small, truthful GitLab over HTTP, for a first run and for tests. It imports nothing else of the portal."""

from workflow.gitlab_sandbox.server import SandboxServer

__all__ = ["SandboxServer"]
