"""The locks fit what `pyproject.toml` asks for, and install with an old pip and today's, whatever the index has."""

import ast
import hashlib
import os
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.locks import DEVELOPMENT, ROOT, RUNTIME, Pin, asked_for, canonical, pins, stamp

LOCKS = {"runtime": RUNTIME, "development": DEVELOPMENT}
OLDEST, NEWEST = "pip==23.2.1", "pip"  # the oldest that Pythons from 3.11.7 on bring, and today's


def wanted(lock):
    """Which requirements stand behind a lock: those of ``pyproject.toml``, and theirs, as installed here."""
    asked = asked_for()
    waiting = [Requirement(text) for text in asked["runtime"] + (asked["dev"] if lock is DEVELOPMENT else [])]
    known = {}
    while waiting:
        one = waiting.pop()
        extras = frozenset(canonical(extra) for extra in one.extras)
        if (canonical(one.name), extras) in known:
            continue
        known[canonical(one.name), extras] = str(one)
        for text in metadata.requires(one.name) or []:
            theirs = Requirement(text)
            if theirs.marker is None or any(theirs.marker.evaluate({"extra": extra}) for extra in extras or {""}):
                waiting.append(theirs)
    return known


def here(pin):
    """Whether a pin is for this machine."""
    return not pin.marker or Requirement(f"x ; {pin.marker}").marker.evaluate()


@pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS)
def test_a_lock_was_compiled_from_what_is_asked_for_now(lock):
    assert lock.read_text().splitlines()[0] == stamp(), "pyproject.toml asks for something else now: make lock"


@pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS)
def test_a_lock_is_read_whole_and_names_no_index(lock):
    lines = [line for line in lock.read_text().splitlines() if not line.startswith(("#", "    --hash=sha256:"))]

    assert len(lines) == len(pins(lock))
    assert "://" not in lock.read_text()


def test_both_locks_pin_the_same():
    assert set(pins(RUNTIME)) - set(pins(DEVELOPMENT)) == set()


@pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS)
def test_everything_required_is_pinned_with_exactly_its_extras(lock):
    pinned = {(pin.name, pin.extras) for pin in pins(lock)}

    assert {text for key, text in wanted(lock).items() if key not in pinned} == set()


@pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS)
def test_nothing_is_pinned_that_nobody_requires(lock):
    required = {name for name, _ in wanted(lock)}

    assert {pin.name for pin in pins(lock) if here(pin)} - required == set()


def test_every_version_installed_here_is_the_one_pinned():
    installed = {pin.name: metadata.version(pin.name) for pin in pins(DEVELOPMENT) if here(pin)}

    assert installed == {pin.name: pin.version for pin in pins(DEVELOPMENT) if here(pin)}


def imported(*folders):
    """The packages that modules in these folders import, by the names the index knows them by."""
    distributions = metadata.packages_distributions()
    names = set()
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(node.module.partition(".")[0])
    return {canonical(one) for name in names for one in distributions.get(name, [])}


@pytest.mark.parametrize(
    ("folders", "groups"),
    [(["supportops", "intake", "workflow"], ["runtime"]), (["tests"], ["runtime", "dev"])],
    ids=["portal", "tests"],
)
def test_what_is_imported_is_asked_for_by_name(folders, groups):
    direct = {canonical(Requirement(text).name) for group in groups for text in asked_for()[group]}

    assert imported(*folders) - direct == set()


class Index:
    """A folder that serves every pinned package, and of each a much newer version that nobody pinned."""

    def __init__(self, place: Path):
        self.place = place
        versions = {pin.name: pin.version for pin in pins(DEVELOPMENT) if here(pin)}
        self._hashes = {name: self._serve(name, version) for name, version in versions.items()}
        for name in versions:
            self._serve(name, "99999")

    def _serve(self, name, version):
        kept = ("Requires-Dist", "Requires-Python", "Provides-Extra")
        facts = [f"{key}: {value}" for key, value in metadata.metadata(name).items() if key in kept]
        folder = f"{name.replace('-', '_')}-{version}"
        path = self.place / f"{folder}-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as file:
            about = "\n".join(["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *facts, ""])
            file.writestr(f"{folder}.dist-info/METADATA", about)
            file.writestr(f"{folder}.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            file.writestr(f"{folder}.dist-info/RECORD", "")
        return hashlib.sha256(path.read_bytes()).hexdigest()

    def lock(self, pinned: list[Pin]) -> Path:
        """These pins with the hashes of what is served here."""
        lines = []
        for pin in filter(here, pinned):
            extras = f"[{','.join(sorted(pin.extras))}]" if pin.extras else ""
            lines.append(f"{pin.name}{extras}=={pin.version} --hash=sha256:{self._hashes[pin.name]}\n")
        path = self.place / "lock.txt"
        path.write_text("".join(lines))
        return path


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """An index that went on since the locks were compiled."""
    return Index(tmp_path_factory.mktemp("index"))


@pytest.fixture(scope="module")
def dry_run(tmp_path_factory):
    """``dry_run(pip, lock, *options)``: what pip says of installing a lock in an empty environment."""
    place = tmp_path_factory.mktemp("pip")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place / "empty"], check=True)

    def install(pip, lock, *options):
        wheels = place / pip
        if not wheels.exists():
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", wheels, pip]
            fetched = subprocess.run(command, capture_output=True, text=True)
            if fetched.returncode and not os.environ.get("CI"):
                pytest.skip(f"no {pip} to be had: {fetched.stderr.strip()[-200:]}")
            assert fetched.returncode == 0, fetched.stderr
        (wheel,) = wheels.glob("pip-*.whl")
        command = [place / "empty/bin/python", wheel / "pip", "install", "--dry-run", "--require-hashes", "-r", lock]
        return subprocess.run([*command, *options], capture_output=True, text=True)

    return install


@pytest.mark.parametrize("pip", [OLDEST, NEWEST])
@pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS)
def test_a_lock_installs_whatever_is_newer_on_the_index(lock, pip, index, dry_run):
    told = dry_run(pip, index.lock(pins(lock)), "--no-index", "--find-links", index.place)

    assert told.returncode == 0, told.stderr


@pytest.mark.parametrize(
    ("left", "missing"), [({"redis"}, "kombu>="), (set(), "kombu[redis]")], ids=["the plain one", "the one with extras"]
)
def test_an_old_pip_refuses_a_lock_where_one_of_two_pins_is_missing(left, missing, index, dry_run):
    kept = [pin for pin in pins(RUNTIME) if pin.name != "kombu" or pin.extras == left]

    told = dry_run(OLDEST, index.lock(kept), "--no-index", "--find-links", index.place)

    assert told.returncode != 0
    assert missing in told.stderr


@pytest.mark.nightly  # `make lock` runs it: minutes, and the index itself
@pytest.mark.parametrize("pip", [OLDEST, NEWEST])
@pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS)
def test_a_lock_installs_from_the_index(lock, pip, dry_run):
    told = dry_run(pip, lock)

    assert told.returncode == 0, told.stderr
