"""Killed with -9 at any point, a change of the scheme goes on where it was, and nothing is done twice."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.gitlab.sandboxed import GitLab

pytestmark = pytest.mark.faults
ROOT = Path(__file__).resolve().parents[3]
POINTS = ("relabel_enlisted", "relabel_due", "claimed", "relabel_pushed")
ONCE = {("add", "RequestType::Bug"): 1, ("remove", "bug"): 1}


def test_it_goes_on_after_every_death_and_changes_each_label_once(tmp_path):
    with GitLab(tmp_path / "gitlab") as gitlab:
        told = _change(tmp_path, gitlab)
        assert [ended for ended, _ in told["deaths"]] == [signal.SIGKILL] * len(POINTS)
        assert told["deaths"][0][1] == 2, "Killed after the first batch, which is kept."
        assert (told["running"], told["enlisted"]) == (False, len(POINTS) + 1)
        assert told["statuses"] == [["in-step", ""]]
        for project, iid in told["places"]:
            path = f"/projects/{project}/issues/{iid}/resource_label_events?per_page=100"
            done = Counter((event["action"], event["label"]["name"]) for event in gitlab.api("GET", path))
            assert {what: done[what] for what in ONCE} == ONCE


def _change(folder, gitlab):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CRASHPOINT")}
    environment = kept | {
        "SAMPLE": "true",
        "VAR_DIR": str(folder / "var"),
        "DATABASE_URL": f"sqlite:///{folder / 'portal.sqlite3'}",
        "CELERY_BROKER_URL": "memory://localhost/",
        "GITLAB_URL": gitlab.url,
        "GITLAB_TOKEN": gitlab.bot_token,
        "GITLAB_LEASE_SECONDS": "3",
    }
    command = [sys.executable, "-m", "tests.gitlab.label_schemes.process", *POINTS]
    done = subprocess.run(command, cwd=ROOT, env=environment, timeout=180, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
