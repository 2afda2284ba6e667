"""Workers that run out of memory, or hang in a call that drips: the work is done by another one, or quarantined when it
is the work itself that kills (rows 10 and 11)."""

import re
import subprocess
import sys

import pytest

from tests.faults.nightly.resident import Resident
from tests.faults.nightly.servers import until
from tests.faults.portal import ROOT

pytestmark = pytest.mark.nightly
PATIENCE = 400
LEASE = {"GITLAB_LEASE_SECONDS": "5"}


def without_workers(house):
    """A house whose workers the test starts itself."""
    house.begin()
    for name in ("worker-1", "worker-2"):
        house.strike(name)
    return Resident(house)


def worker(house, module="tests.soak.worker", *more, **changes):
    """A worker of the test's own on the house's broker."""
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "INFO")
    command = [sys.executable, "-m", "celery", "-A", module, "worker", "-c", "2", *quiet, *more]
    log = house._stack.enter_context((house.folder / f"{module}.log").open("w"))
    process = subprocess.Popen(command, cwd=ROOT, env=house.environment(**changes), stdout=log, stderr=log)
    house._stack.callback(end, process)
    return process


def end(process):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.mark.fault(10)
@pytest.mark.parametrize("hunger", ["limit", "kernel"])
def test_what_eats_all_memory_is_quarantined_after_three_deaths_and_holds_up_nothing(house, hunger):
    resident = without_workers(house)
    poison = resident.file("Poison")
    del resident.filed["Poison"]
    eater = worker(house, "tests.faults.nightly.hungry", HUNGER=hunger, **LEASE)
    for number in range(5):
        resident.file(f"Goes on {number}")

    until(lambda: house.mirrors()[poison][0] == "parked", PATIENCE, resident._behind)

    assert "3 workers in a row died" in house.mirrors()[poison][2]
    resident.everything_arrived_once()
    assert eater.poll() is None, "the pool replaced what died"
    assert resident.titles_in_gitlab()["Poison"] == 0


@pytest.mark.fault(11)
def test_a_call_that_drips_for_ever_ends_at_the_tasks_hard_limit_and_another_worker_goes_on(house):
    resident = without_workers(house)
    house.gitlab(
        "POST",
        "/sandbox/faults",
        {"name": "slow_drip", "match": {"method": "POST", "path": "/issues$"}, "times": 1, "seconds": 1},
    )
    number = resident.file("Dripped")
    limits = ("--time-limit", "6", "--soft-time-limit", "600")
    patient = {**LEASE, "GITLAB_TIMEOUT_SECONDS": "600"}
    killed = worker(house, "tests.soak.worker", *limits, **patient)

    resident.everything_arrived_once()

    log = (house.folder / "tests.soak.worker.log").read_text()
    first, *_ = re.findall(r"push_issue\[(\S+)\] received", log)
    assert first not in re.findall(r"push_issue\[(\S+)\] succeeded", log), "the one that hung was ended"
    assert (killed.poll(), house.mirrors()[number][0]) == (None, "in-step")
