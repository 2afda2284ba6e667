"""A small real disk fills up under a running portal: 503, and once there is room again all is well (row 52)."""

import pytest
import requests

from tests.faults.disk import Disk
from tests.faults.nightly.conftest import a_house
from tests.faults.nightly.resident import Away, Resident
from tests.faults.nightly.servers import Postgres
from tests.soak.house import House

pytestmark = [pytest.mark.nightly, pytest.mark.fault(52)]


@pytest.fixture
def disk():
    """A disk; asks for the right to mount."""
    disk = Disk("160m")
    yield disk
    disk.close()


def goes_on(resident, form, title):
    """The same form is acknowledged now, and everything is there once."""
    where = resident.person.post("/new/bug/", form)
    resident.filed[title] = int(where.split("/")[2])
    resident.everything_arrived_once()


def test_a_full_disk_under_sqlite_and_attachments(disk, monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    house = House(disk.place)
    try:
        house.begin()
        resident = Resident(house)
        number = resident.file("While there is room")
        resident.everything_arrived_once()
        page = f"/issues/{number}/comment/"
        comment = resident.person.get(f"/issues/{number}/").form_to(page).given
        form = resident._form("/new/bug/", "No room")
        disk.fill()
        fails_until_full(resident)
        big = {"files": ("big.log", b"line\n" * 100_000, "text/plain")}
        with pytest.raises(Away, match="503"):
            resident.person.post(page, comment | {"body": "See the log."}, big)
        assert requests.get(f"{house.url}/healthz", timeout=20).status_code == 200
        left = [path for path in (disk.place / "var" / "attachments").rglob("*") if path.is_file()]
        disk.make_room()
        assert left == []
        house.rise_all()
        goes_on(resident, form, "No room")
    finally:
        house.close()


def test_a_full_disk_under_postgresql(disk, monkeypatch):
    place = disk.place / "postgres"
    place.mkdir()
    server = Postgres(place).start()
    monkeypatch.setenv("DATABASE_URL", server.url)
    try:
        with a_house() as house:
            house.begin()
            resident = Resident(house)
            resident.file("While there is room")
            resident.everything_arrived_once()
            form = resident._form("/new/bug/", "No room")
            disk.fill()
            fails_until_full(resident)
            disk.make_room()
            server.stop()
            server.start()
            goes_on(resident, form, "No room")
    finally:
        server.close()


def fails_until_full(resident):
    """Until the database has used up what it had put aside, forms are still taken; the first that is not gets 503."""
    for number in range(400):
        title = f"Fills it {number}"
        try:
            form = resident._form("/new/bug/", title)
            where = resident.person.post("/new/bug/", form | {"description": "All of it, or nothing. " * 800})
        except Away as away:
            assert "503" in str(away), away
            return
        resident.filed[title] = int(where.split("/")[2])
    pytest.fail("The disk is full, and nobody noticed.")
