"""The two files of pinned dependencies, read; ``python -m tests.locks`` finishes what `make lock` compiled.

Each gets a stamp, a hash of what `pyproject.toml` asks for, so that a forgotten `make lock` is red. And each package
that is pinned with extras gets a second pin without them: to a pip before 23.3 the two are different things, and for
one that is not pinned it takes the newest on the index, and refuses it.
"""

import hashlib
import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUNTIME, DEVELOPMENT = ROOT / "requirements.txt", ROOT / "requirements-dev.txt"
STAMP = '# Compiled by "make lock" from the dependencies in pyproject.toml: '
_PIN = re.compile(
    r"^(?P<name>[a-z0-9-]+)(?:\[(?P<extras>[^]]*)\])?==(?P<version>[^ ;]+)(?: ; (?P<marker>[^\\]+))? \\$", re.MULTILINE
)


@dataclass(frozen=True)
class Pin:
    """One pinned package; ``extras`` are part of what a resolver knows it by."""

    name: str
    extras: frozenset[str]
    version: str
    marker: str


def canonical(name: str) -> str:
    """A package's name as the index spells it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lock: Path) -> list[Pin]:
    """Every pin of a lock, in its order."""
    return [
        Pin(
            found["name"],
            frozenset(canonical(extra.strip()) for extra in (found["extras"] or "").split(",") if extra),
            found["version"],
            (found["marker"] or "").strip(),
        )
        for found in _PIN.finditer(lock.read_text())
    ]


def asked_for() -> dict[str, list[str]]:
    """The direct dependencies in ``pyproject.toml``, for running it and for working on it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return {"runtime": project["project"]["dependencies"], "dev": project["dependency-groups"]["dev"]}


def stamp() -> str:
    """The first line that both locks should have."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    given = {**asked_for(), "python": project["project"]["requires-python"]}
    return STAMP + hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()[:16]


def finished(compiled: str) -> str:
    """A lock as it was compiled, with the stamp and the pins without extras."""
    pinned = re.split(r"^(?=[a-z])", compiled, flags=re.MULTILINE)
    both = [form for pin in pinned for form in dict.fromkeys((re.sub(r"^([a-z0-9-]+)\[.*?\]", r"\1", pin), pin))]
    return "".join([stamp() + "\n", *both])


def main():
    """Finish both locks."""
    for lock in (RUNTIME, DEVELOPMENT):
        lock.write_text(finished(lock.read_text()))


if __name__ == "__main__":
    main()
