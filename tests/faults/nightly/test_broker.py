"""The broker is stopped, emptied, and told everything twice; beat is doubled, and dead (rows 30 to 32)."""

import subprocess
import sys
import threading
import time

import pytest
import requests

from tests.faults.nightly.resident import Resident
from tests.faults.nightly.servers import until
from tests.faults.portal import ROOT

pytestmark = pytest.mark.nightly
AWAY_SECONDS = 30
A_PAGE_TAKES = 20
"""Seconds a page may take on a busy machine; with kombu's own patience each wake-up alone would cost many more."""
BEAT_IS_MISSED = 240


@pytest.mark.fault(30)
def test_without_the_broker_people_go_on_and_afterwards_everything_follows(redis, house_on_redis):
    house = house_on_redis
    house.begin()
    resident = Resident(house)
    resident.file("Before")
    redis.stop()
    ends, number = time.monotonic() + AWAY_SECONDS, 0
    while time.monotonic() < ends or number < 5:
        resident.file(f"Without the broker {number}", patience=0)
        number += 1
    ready = requests.get(f"{house.url}/readyz", timeout=20)
    redis.start()

    assert (ready.status_code, ready.json()["database"]) == (503, "ok")
    assert resident.slowest < A_PAGE_TAKES
    resident.everything_arrived_once()
    assert {process.poll() for process in house.processes.values()} == {None}


@pytest.mark.fault(31)
def test_a_broker_that_forgets_and_repeats_changes_nothing(redis, house_on_redis):
    house = house_on_redis
    house.begin()
    resident, ended = Resident(house), threading.Event()

    def forget():
        while not ended.wait(1.5):
            redis.forget_all()

    thread = threading.Thread(target=forget)
    thread.start()
    try:
        for number in range(12):
            filed = resident.file(f"Forgotten and repeated {number}")
            for _ in range(5):
                house.send("workflow.gitlab.tasks.push_issue", filed)
    finally:
        ended.set()
        thread.join()
    resident.everything_arrived_once()


def second_beat(house):
    """Another beat on the same broker, as after a careless deploy."""
    place = str(house.folder / "other-beat")
    command = ["-m", "celery", "-A", "tests.soak.worker", "beat", "--schedule", place, "--pidfile=", "-l", "WARNING"]
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=house.environment())
    house._stack.callback(process.wait)
    house._stack.callback(process.kill)
    return process


@pytest.mark.fault(32)
def test_two_beats_do_no_more_than_one_and_none_is_told_of(house):
    house.begin()
    other, resident = second_beat(house), Resident(house)
    for number in range(8):
        resident.file(f"Two beats {number}")
    resident.everything_arrived_once()
    until(lambda: beat(house) == "ok", BEAT_IS_MISSED, "Two beats, and no heart beats.")

    other.kill()
    house.strike("beat")
    until(lambda: beat(house) != "ok", BEAT_IS_MISSED, "Nobody noticed that beat is dead.")

    resident.file("Without beat")
    resident.everything_arrived_once()


def beat(house):
    """What /readyz says about it, and that it says so with success: pages work without it."""
    reply = requests.get(f"{house.url}/readyz", timeout=20)
    assert reply.status_code == 200, reply.text
    return reply.json()["beat"]
