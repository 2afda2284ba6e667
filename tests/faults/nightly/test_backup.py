"""A backup is restored while GitLab has gone on: everything is found again by its mark, nothing is doubled (row 51)."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.nightly.resident import PATIENCE, Resident
from tests.faults.nightly.servers import until

pytestmark = [pytest.mark.nightly, pytest.mark.fault(51)]
ALL = ("web", "worker-1", "worker-2", "beat")


class Backup:
    """A copy of the house's database, taken and brought back while nothing of the portal runs."""

    def __init__(self, house):
        self._house = house
        self._name = house.database_url.rpartition("/")[2]
        self._copy = house.folder / "backup.sqlite3"

    def take(self):
        """Keep the database as it is now."""
        if not self._house.on_sqlite:
            self._house._maintain(self._house._maintained, f"CREATE DATABASE {self._name}_kept TEMPLATE {self._name}")
            return
        with closing(sqlite3.connect(self._file)) as now, closing(sqlite3.connect(self._copy)) as kept:
            now.backup(kept)

    def restore(self):
        """Bring it back."""
        if not self._house.on_sqlite:
            server = self._house._maintained
            self._house._maintain(server, f"DROP DATABASE {self._name} WITH (FORCE)")
            self._house._maintain(server, f"CREATE DATABASE {self._name} TEMPLATE {self._name}_kept")
            self._house._maintain(server, f"DROP DATABASE {self._name}_kept")
            return
        for end in ("", "-wal", "-shm"):
            Path(f"{self._file}{end}").unlink(missing_ok=True)
        shutil.copy(self._copy, self._file)

    @property
    def _file(self):
        return self._house.database_url.removeprefix("sqlite:///")


def stop(house, *names):
    for name in names:
        house.strike(name)


def start(house, *names):
    for name in names:
        house.rise(name)
    house.wait_for_web()


def test_yesterdays_database_finds_todays_issues(house):
    house.begin()
    backup, resident = Backup(house), Resident(house)
    first = resident.file("In GitLab before the backup")
    resident.everything_arrived_once()
    stop(house, "worker-1", "worker-2", "beat")
    resident.file("Filed before the backup, sent after it")
    resident.say(first, "Written before the backup, sent after it")
    stop(house, "web")
    backup.take()

    start(house, *ALL)
    lost = resident.file("Filed after the backup")
    resident.say(first, "Written after the backup")
    resident.everything_arrived_once()
    arrives(house, "Written after the backup")
    stop(house, *ALL)

    backup.restore()
    del resident.filed["Filed after the backup"]
    said = house.run("manage.py", "gitlab_after_restore")
    assert f"SO-{lost} Filed after the backup" in said
    start(house, *ALL)
    assert resident.file("Filed after the restore") > lost

    resident.everything_arrived_once()
    assert resident.titles_in_gitlab()["Filed after the backup"] == 1
    arrives(house, "Written before the backup")
    assert notes_with(house, "Written before the backup") == 1
    assert notes_with(house, "Written after the backup") == 1


def arrives(house, words):
    """Wait until GitLab has the comment."""
    until(lambda: notes_with(house, words), PATIENCE, f"“{words}” does not arrive.")


def notes_with(house, words):
    """How many notes of the first request's issue say this."""
    issues = house.gitlab("GET", "/api/v4/issues?scope=all&per_page=100")
    issue = next(one for one in issues if one["title"] == "In GitLab before the backup")
    notes = house.gitlab("GET", f"/api/v4/projects/{issue['project_id']}/issues/{issue['iid']}/notes?per_page=100")
    return sum(words in note["body"] for note in notes)
