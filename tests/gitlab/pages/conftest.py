"""Browsers of the people who look at the exchange with GitLab."""

from tests.workflow.pages.conftest import files_of_their_own, visit  # noqa: F401  pytest finds fixtures here
