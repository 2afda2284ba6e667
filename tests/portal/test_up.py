"""``manage.py up`` comes up whole, or says in one sentence what keeps it from it."""

import os
import signal
import socket
import subprocess
import sys

import pytest
import requests

from supportops.data_folder import InUse, claim
from tests.browser.portal import ROOT, RunningPortal, free_port
from tests.faults.disk import Disk
from tests.processes import run

pytestmark = pytest.mark.faults


def up(folder, **given):
    """``manage.py up`` on this data folder and free ports: its exit code and what it wrote to stderr."""
    given = {"SAMPLE": "true", "PORT": str(free_port()), "SANDBOX_PORT": str(free_port()), **given}
    ended = run("manage.py", "up", VAR_DIR=str(folder), **given)
    return ended.returncode, ended.stderr.strip()


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    """A portal that runs."""
    portal = RunningPortal(tmp_path_factory.mktemp("portal"))
    yield portal.start()
    portal.stop()


def test_whoever_reads_that_it_is_up_gets_a_page_at_once(portal):
    said = portal.log

    assert "Preparing" in said
    assert f"SupportOps is up: {portal.url}/" in said
    assert requests.get(f"{portal.url}/accounts/login/", timeout=20).status_code == 200


def test_a_second_run_on_the_same_data_is_refused(portal):
    folder = portal.directory / "var"

    assert up(folder) == (
        1,
        f"CommandError: The data folder {folder} is in use by a running portal: "
        "end that one, or choose another with VAR_DIR.",
    )


@pytest.mark.parametrize("setting", ["PORT", "SANDBOX_PORT"])
def test_a_taken_port_is_named_before_anything_is_prepared(setting, tmp_path):
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        port = somebody.getsockname()[1]

        told = up(tmp_path, **{setting: str(port)})

    assert told == (
        1,
        f"CommandError: Port {port} is taken on 127.0.0.1: Address already in use; "
        f"choose another with {setting}={port + 1} make run.",
    )
    assert not (tmp_path / "portal.sqlite3").exists()


def test_a_port_that_is_no_port_is_named(tmp_path):
    code, told = up(tmp_path, PORT="80000")

    assert code == 1
    assert told.splitlines() == [told]
    assert "'PORT': ['Must be" in told


def test_a_portal_that_was_killed_leaves_its_data_folder_free(tmp_path):
    hold = "import pathlib, sys, time; from supportops.data_folder import claim; "
    hold += "mine = claim(pathlib.Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", hold, tmp_path], cwd=ROOT, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(InUse):
            claim(tmp_path)
        holder.send_signal(signal.SIGKILL)

    claim(tmp_path).close()


@pytest.mark.parametrize("ignored", [False, True], ids=["at a terminal", "in the background of a shell"])
def test_ctrl_c_while_it_prepares_ends_it_without_a_traceback(ignored, tmp_path):
    given = {"SAMPLE": "true", "VAR_DIR": str(tmp_path), "PORT": str(free_port()), "SANDBOX_PORT": str(free_port())}
    inherit = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    )
    command = [*((sys.executable, "-c", inherit) if ignored else ()), sys.executable, "manage.py", "up"]
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **given}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as starting:
        assert starting.stdout.readline().startswith("Preparing")
        starting.send_signal(signal.SIGINT)
        said = starting.stdout.read()

    assert said.split() == ["Stopped."]
    assert starting.returncode == 0


def test_a_file_in_place_of_the_data_folder_is_said(tmp_path):
    place = tmp_path / "var"
    place.write_text("")

    assert up(place) == (1, f"The data folder {place} is not a folder: choose another one with VAR_DIR.")


@pytest.mark.parametrize("filled", [False, True], ids=["an empty one", "one of an earlier run"])
def test_a_read_only_data_folder_is_said(filled):
    disk = Disk("1m")
    try:
        folder = disk.place / "var"
        if filled:
            assert run("-c", "import supportops.settings", VAR_DIR=str(folder), SAMPLE="true").returncode == 0
        disk.make_read_only()

        code, told = up(folder)
    finally:
        disk.close()

    assert code == 1
    assert told.removeprefix("CommandError: ") == (
        f"The data folder {folder} is read-only: choose another one with VAR_DIR."
    )


SIZES = {"8k": "its secrets", "32k": "the sandbox GitLab", "1m": "the database", "7m": "the rest"}


@pytest.mark.parametrize("size", SIZES, ids=[f"no room for {what}" for what in SIZES.values()])
def test_a_full_data_folder_is_said(size):
    disk = Disk(size)
    try:
        folder = disk.place / "var"

        code, told = up(folder)
        secrets = [path.read_text() for path in folder.iterdir() if "secret" in path.name or "token" in path.name]
    finally:
        disk.close()

    assert code == 1
    assert told.removeprefix("CommandError: ") == (
        f"The data folder {folder} is full: make room there, or choose another one with VAR_DIR."
    )
    assert all(secrets), "half a secret is kept"
