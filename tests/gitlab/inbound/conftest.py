"""A sandbox GitLab of its own for every test, the portal connected to it, and secrets of both kinds."""

import pytest

from tests.gitlab.inbound.hooks import SECRET, SIGNING_TOKEN


@pytest.fixture(autouse=True)
def hook_secrets(settings):
    """The receiver's address and secrets; words need not be waited for."""
    settings.ROOT_URLCONF = "tests.gitlab.inbound.urls"
    settings.GITLAB_WEBHOOK_SECRET = [SECRET]
    settings.GITLAB_WEBHOOK_SIGNING_TOKEN = [SIGNING_TOKEN]
    settings.GITLAB_WORDS_GRACE_SECONDS = 0
