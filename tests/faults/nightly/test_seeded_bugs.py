"""The harness, proven: with each known bug put in, the test that is there for it turns red, and green without it."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.faults.nightly.servers import own_folder
from tests.faults.portal import ROOT
from tests.faults.seeded import BUGS

pytestmark = pytest.mark.nightly
NOTICED_BY = {
    "quarantine-dropped": "tests/gitlab/test_push_create.py::test_nothing_is_looked_for_before_the_quarantine_is_over",
    "delivery-acknowledged-before-commit": (
        "tests/gitlab/inbound/test_receiver.py::test_without_the_database_gitlab_is_asked_to_come_again"
    ),
    "push-acknowledged-before-it-arrived": (
        "tests/gitlab/test_push_update.py::test_a_put_that_fails_is_tried_again_and_arrives"
    ),
    "told-before-commit": "tests/faults/test_database_fails.py::test_a_step_that_is_rolled_back_wakes_nobody",
    "deduped-on-event-uuid": (
        "tests/gitlab/inbound/test_receiver.py::test_deliveries_that_share_the_event_uuid_are_not_the_same"
    ),
    "echo-filtered-by-author-only": (
        "tests/gitlab/inbound/test_comments.py::test_a_comment_written_by_hand_with_the_bots_token_is_kept"
    ),
}
GREEN, RED = 0, 1


def run(*arguments):
    """(pytest's exit code, its words): 0 all passed, 1 some failed; anything else is no answer."""
    place = own_folder("seeded")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.faults.seeded", *arguments]
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment | {"VAR_DIR": str(place)}, capture_output=True, text=True
        )
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return done.returncode, done.stdout[-3000:] + done.stderr[-1000:]


def test_every_bug_has_a_test_that_notices():
    assert NOTICED_BY.keys() == BUGS.keys()


def test_without_a_bug_they_are_green():
    code, words = run(*NOTICED_BY.values())
    assert code == GREEN, words


@pytest.mark.parametrize("bug", NOTICED_BY)
def test_with_the_bug_the_harness_turns_red(bug):
    code, words = run("--seeded-bug", bug, NOTICED_BY[bug])
    assert code == RED, words
    assert "FAILED" in words
    assert "ERROR" not in words, "the test must fail, not break"
