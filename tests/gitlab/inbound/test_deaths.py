"""Whenever the inward half is killed, the next worker goes on, and nothing happens twice (rows 7 and 8)."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gitlab.inbound.hooks import SECRET
from tests.gitlab.sandboxed import GitLab

pytestmark = pytest.mark.faults
ROOT = Path(__file__).resolve().parents[3]


class Portal:
    """A portal in processes that live as long as one deed."""

    def __init__(self, folder, gitlab):
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("CRASHPOINT")} | {
            "SAMPLE": "true",
            "VAR_DIR": str(folder / "var"),
            "DATABASE_URL": f"sqlite:///{folder / 'portal.sqlite3'}",
            "CELERY_BROKER_URL": "memory://localhost/",
            "GITLAB_URL": gitlab.url,
            "GITLAB_TOKEN": gitlab.bot_token,
            "GITLAB_WEBHOOK_SECRET": SECRET,
        }

    def do(self, deed, dies_at=None):
        """Do it; returns the exit code."""
        environment = self._environment | ({"CRASHPOINT": dies_at} if dies_at else {})
        command = [sys.executable, "-m", "tests.gitlab.inbound.process", deed]
        return subprocess.run(command, cwd=ROOT, env=environment, timeout=120, capture_output=True).returncode

    def tell(self):
        """What is in its database."""
        command = [sys.executable, "-m", "tests.gitlab.inbound.process", "tell"]
        done = subprocess.run(command, cwd=ROOT, env=self._environment, timeout=60, capture_output=True, check=True)
        return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def scene(tmp_path):
    """(GitLab, a portal with two requests there)."""
    with GitLab(tmp_path / "gitlab") as gitlab:
        portal = Portal(tmp_path, gitlab)
        assert portal.do("stage") == 0
        yield gitlab, portal


@pytest.mark.fault(7, 8)
def test_7_and_8_what_was_stored_is_understood_what_was_applied_is_not_applied_again(scene):
    gitlab, portal = scene
    project, iid = portal.tell()["place"]
    gitlab.api("PUT", f"/projects/{project}/issues/{iid}", sudo="ops", title="Changed there")
    gitlab.api("POST", f"/projects/{project}/issues/{iid}/notes", sudo="ops", body="And said so.")

    assert portal.do("hook", dies_at="hook_stored") == -signal.SIGKILL
    told = portal.tell()
    assert (told["deliveries"], told["deliveries_due"]) == (1, 1)

    assert portal.do("work", dies_at="hook_applied") == -signal.SIGKILL
    told = portal.tell()
    assert (told["title"], told["deliveries_due"], told["steps"]) == ("Changed there", 0, 1)

    assert portal.do("lapse") == 0
    assert portal.do("work") == 0
    told = portal.tell()
    assert (told["steps"], told["comments"], told["looks_due"]) == (1, 1, 0)
    assert (told["status"], told["error"]) == ("in-step", "")

    assert portal.do("compare", dies_at="reconcile_row") == -signal.SIGKILL
    assert portal.tell()["compared"][0::2] == [1, False]
    assert portal.do("compare") == 0
    assert portal.tell()["compared"][0::2] == [2, True]
