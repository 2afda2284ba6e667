"""History is append-only in the database too; only a test's clean-up may lift that."""

from contextlib import contextmanager
from importlib import import_module

TRIGGERS = import_module("workflow.migrations.0001_requests")


@contextmanager
def lifted(connection):
    """Let rows of history be deleted inside the block."""
    with connection.schema_editor() as editor:
        TRIGGERS.allow(None, editor)
    try:
        yield
    finally:
        with connection.schema_editor() as editor:
            TRIGGERS.forbid(None, editor)
