"""A sandbox GitLab of its own for every test, and the portal connected to it."""

import pytest

from tests.gitlab.sandboxed import ADMIN, GitLab
from tests.gitlab_sandbox.filled import Filled
from workflow.gitlab.models import Budget, Connection


@pytest.fixture(scope="session")
def filled_gitlab(tmp_path_factory):
    """The sandbox's data at its first start."""
    return Filled(tmp_path_factory.mktemp("filled-gitlab"), [ADMIN])


@pytest.fixture
def gitlab(tmp_path, settings, filled_gitlab):
    """The sandbox, running, with what tests ask of it; the settings point there."""
    with GitLab(filled_gitlab.into(tmp_path / "gitlab", ADMIN)) as running:
        settings.GITLAB_URL, settings.GITLAB_TOKEN = running.url, running.bot_token
        settings.GITLAB_TIMEOUT_SECONDS = 30
        settings.GITLAB_QUARANTINE_SECONDS = 150
        settings.GITLAB_WORDS_GRACE_SECONDS = 0
        settings.PORTAL_URL = "https://portal.example"
        yield running


@pytest.fixture
def mirrored(gitlab, db):
    """The same, with an empty ledger of budgets and a connection that knows nothing yet."""
    Budget.objects.all().delete()
    Connection.objects.all().delete()
    return gitlab
