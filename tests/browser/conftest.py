"""A real browser on the real portal."""

import os
import shutil

import pytest

from tests.browser.gitlab_side import WAITS
from tests.browser.person import Person
from tests.browser.portal import ROOT, RunningPortal

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Debian's chromium; without one the tests are skipped loudly, and on CI they fail."""
    if CHROMIUM is None:
        message = "No chromium on this machine: the browser tests did not run. On Debian: apt-get install chromium"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    return {
        **browser_type_launch_args,
        "executable_path": CHROMIUM,
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
        ],
    }


@pytest.fixture(scope="session")
def portal(tmp_path_factory):
    """The portal, up for the whole session; it must end cleanly at Ctrl-C."""
    running = RunningPortal(tmp_path_factory.mktemp("portal")).start()
    yield running
    if waits := sorted(WAITS):
        (ROOT / "var").mkdir(exist_ok=True)
        said = f"{len(waits)} steps, median {waits[len(waits) // 2]:.1f} s, longest {waits[-1]:.1f} s"
        (ROOT / "var" / "gitlab-agreed.txt").write_text(f"How long GitLab took to agree: {said}\n")
    assert running.stop() == 0, running.log


@pytest.fixture
def people(browser, portal):
    """username → a signed-in Person; the console of every one must have stayed clean.

    ``another``: the name of another browser of theirs, signed in by itself.
    """
    known = {}

    def get(username, another="", **how):
        met = f"{username} {another}".strip()
        if met not in known:
            known[met] = Person(browser, portal, username, **how)
        return known[met]

    yield get
    problems = {met: person.problems for met, person in known.items() if person.problems}
    for person in known.values():
        person.context.close()
    assert problems == {}
