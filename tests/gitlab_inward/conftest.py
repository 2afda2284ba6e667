"""A sandbox GitLab of its own for every test, the portal connected to it, and secrets of both kinds."""

import pytest

from tests.gitlab.conftest import filled_gitlab, gitlab, mirrored  # noqa: F401  pytest finds fixtures here
from tests.gitlab_inward.hooks import SECRET, SIGNING_TOKEN


@pytest.fixture(autouse=True)
def hook_secrets(settings):
    """The receiver's address and secrets; words need not be waited for."""
    settings.ROOT_URLCONF = "tests.gitlab_inward.urls"
    settings.GITLAB_WEBHOOK_SECRET = [SECRET]
    settings.GITLAB_WEBHOOK_SIGNING_TOKEN = [SIGNING_TOKEN]
    settings.GITLAB_WORDS_GRACE_SECONDS = 0
