"""Deploys end every process again and again while people file: all is acknowledged in the end, done once (row 9)."""

import itertools
import signal
import threading

import pytest

from tests.faults.nightly.resident import Resident

pytestmark = [pytest.mark.nightly, pytest.mark.fault(9)]
REQUESTS = 24


def test_a_restart_loop_under_load_loses_and_doubles_nothing(house):
    house.begin()
    people = [Resident(house, name) for name in ("requester", "colleague")]
    threads = [threading.Thread(target=file_all, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    exits = []
    for name in itertools.cycle(("worker-1", "web", "worker-2", "beat")):
        process = house.processes[name]
        house.strike(name, signal.SIGTERM)
        exits.append((name, process.returncode))
        house.rise(name)
        if len(exits) >= 8 and not any(thread.is_alive() for thread in threads):
            break
    for thread in threads:
        thread.join()
    for person in people:
        person.everything_arrived_once()
    assert {code for _, code in exits} <= {0, -signal.SIGTERM}, "every process ended by itself when it was asked to"


def file_all(person):
    for number in range(REQUESTS // 2):
        person.file(f"{person.person.username} in a deploy {number}")
