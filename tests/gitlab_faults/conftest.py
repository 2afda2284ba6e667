"""The people and the sandbox of tests/gitlab_sandbox."""

from tests.gitlab_sandbox.conftest import bot, filled_sandbox, log_in, ops, receiver, root, sandbox  # noqa: F401
