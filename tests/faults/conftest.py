"""A sandbox GitLab of its own for every test that asks for one, and the portal connected to it."""

from tests.gitlab.conftest import filled_gitlab, gitlab, mirrored  # noqa: F401  pytest finds fixtures here
