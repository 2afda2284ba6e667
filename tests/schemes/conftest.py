"""A sandbox GitLab of its own for every test, with requests the scheme writes differently and ones it does not."""

from tests.gitlab.conftest import filled_gitlab, gitlab, mirrored  # noqa: F401  pytest finds fixtures here
