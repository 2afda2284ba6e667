"""The web process dies while a form is filed (reliability.md §2, rows 1 and 2): all of it is there, or nothing, and
never twice."""

import signal
import subprocess
import sys
import uuid

import pytest

from tests.faults.portal import ROOT, Scene

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """A database with the catalogue, and no other process."""
    scene = Scene(tmp_path_factory.mktemp("filing"))
    try:
        scene.file(0)
        yield scene
    finally:
        scene.close()


def file_and_maybe_die(scene, submission, **environment):
    changes = {
        "CELERY_BROKER_URL": "memory://localhost/",
        "DJANGO_SETTINGS_MODULE": "supportops.settings",
        **environment,
    }
    return subprocess.run(
        [sys.executable, "-m", "tests.faults.filing", submission],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=scene.environment(**changes),
    )


def counted(done):
    """(requests, events, mirrors due) that the process saw at its end."""
    assert done.returncode == 0, done.stderr
    return tuple(int(number) for number in done.stdout.split())


@pytest.mark.fault(1)
def test_killed_before_the_commit_nothing_is_stored_and_the_same_form_can_be_sent_again(scene):
    submission = str(uuid.uuid4())
    before = counted(file_and_maybe_die(scene, str(uuid.uuid4())))

    died = file_and_maybe_die(scene, submission, CRASHPOINT="received")
    after = counted(file_and_maybe_die(scene, submission))

    assert died.returncode == -signal.SIGKILL
    assert after == tuple(number + 1 for number in before)


@pytest.mark.fault(2)
def test_killed_after_the_commit_everything_is_stored_and_the_mirror_is_due(scene):
    submission = str(uuid.uuid4())
    before = counted(file_and_maybe_die(scene, str(uuid.uuid4())))

    died = file_and_maybe_die(scene, submission, CRASHPOINT="committed")
    after = counted(file_and_maybe_die(scene, submission))

    assert died.returncode == -signal.SIGKILL
    assert after == tuple(number + 1 for number in before), "sent again, the same form finds what was stored"
