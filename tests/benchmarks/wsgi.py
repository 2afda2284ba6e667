"""The portal's pages, ringing for the scene's own workers (its queues carry a prefix)."""

from supportops.wsgi import application
from tests.faults import worker

__all__ = ["application", "worker"]
