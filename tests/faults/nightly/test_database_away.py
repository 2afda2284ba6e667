"""The database is stopped, or drops its connections, under a running portal; and many processes write to SQLite at once
(rows 26 to 29)."""

import json
import signal
import subprocess
import sys
import threading
import time

import psycopg
import pytest
import requests

from tests.faults.nightly.resident import Away, Resident
from tests.faults.nightly.servers import until
from tests.faults.portal import ROOT

pytestmark = pytest.mark.nightly
AWAY_SECONDS = 60
WRITERS, EACH = 8, 200


def status(house, path, **how):
    """What the portal answers there; requests' own exception if nobody does."""
    return requests.get(house.url + path, timeout=20, allow_redirects=False, **how).status_code


def hook(house):
    """The answer to a webhook that GitLab signed."""
    from tests.gitlab.inbound.hooks import issue_body, signed

    body = json.dumps(issue_body()).encode()
    headers = {"X-Gitlab-Event": "Issue Hook", **signed(body, token=house._signing, key=f"key-{time.time()}")}
    return requests.post(f"{house.url}/hooks/gitlab/", body, headers=headers, timeout=20).status_code


@pytest.mark.fault(27)
def test_a_minute_without_the_database_is_a_minute_of_503_and_nothing_else(postgres, house_on_postgres):
    house = house_on_postgres
    house.begin()
    resident = Resident(house)
    resident.file("Before")
    assert hook(house) == 200

    postgres.stop()
    try:
        assert (status(house, "/healthz"), status(house, "/readyz")) == (200, 503)
        with pytest.raises(Away, match="503"):
            resident.person.get("/issues/")
        assert hook(house) == 503, "GitLab is told to come again, not that all is well"
        waiting = threading.Thread(target=resident.file, args=("Meanwhile",), kwargs={"patience": 600})
        waiting.start()
        time.sleep(AWAY_SECONDS)
        alive = {name: process.poll() for name, process in house.processes.items()}
    finally:
        postgres.start()
    waiting.join()

    assert set(alive.values()) == {None}, "nobody died of it"
    resident.file("Afterwards")
    assert (status(house, "/readyz"), hook(house)) == (200, 200)
    resident.everything_arrived_once()


@pytest.mark.fault(26)
def test_connections_dropped_all_the_time_lose_and_double_nothing(house_on_postgres):
    house = house_on_postgres
    house.begin()
    resident = Resident(house)
    cutting, cuts = threading.Event(), []

    def cut():
        while not cutting.wait(0.7):
            house.cut_connections()
            cuts.append(time.monotonic())

    thread = threading.Thread(target=cut)
    thread.start()
    try:
        for number in range(20):
            resident.file(f"While it is cut {number}")
    finally:
        cutting.set()
        thread.join()
    assert len(cuts) >= 5
    resident.everything_arrived_once(patience=300)
    parked = [row for row in house.mirrors().values() if row[0] == "parked"]
    assert parked == []


WRITER = """
import django; django.setup()
import sys
from supportops.accounts.models import User
from workflow.actions import comment
from workflow.models import Issue
by, number = User.objects.get(username="requester"), Issue.objects.first().pk
for count in range(int(sys.argv[1])):
    comment(number, f"{sys.argv[2]}: {count}", by=by)
"""


@pytest.mark.fault(28)
def test_eight_processes_write_to_one_database_and_lose_nothing(house):
    house.run("-m", "tests.soak.stage")
    file_one = WRITER.split("by, number")[0] + (
        "from tests.factories import answers_for\n"
        "from workflow.actions import open_issue\n"
        "from workflow.catalogue.models import Route\n"
        "by = User.objects.get(username='requester')\n"
        "open_issue(by=by, route=Route.objects.get(key='bug'), title='One', answers=answers_for('bug'))\n"
    )
    house.run("-c", file_one)
    quiet = house.environment(CELERY_BROKER_URL="memory://localhost/")
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(EACH), str(number)], cwd=ROOT, env=quiet, stderr=subprocess.PIPE
        )
        for number in range(WRITERS)
    ]
    failures = [writer.communicate()[1].decode()[-2000:] for writer in writers]

    assert [writer.returncode for writer in writers] == [0] * WRITERS, failures
    counted = house.run(
        "-c", "import django; django.setup()\nfrom workflow.models import Comment\nprint(Comment.objects.count())"
    )
    assert int(counted.split()[-1]) == WRITERS * EACH


CLASH = """
import django; django.setup()
import threading
from django.db import connection, transaction
from workflow.actions.locking import again_after_a_clash
from workflow.catalogue.models import Tracker
first, second = Tracker.objects.order_by("pk").values_list("pk", flat=True)[:2]
both, runs = threading.Barrier(2), []

@again_after_a_clash
def lock(one, other):
    runs.append(one)
    with transaction.atomic():
        Tracker.objects.select_for_update().get(pk=one)
        if len(runs) <= 2:
            both.wait()
        Tracker.objects.select_for_update().get(pk=other)
    return one

done = []
def run(one, other):
    try:
        done.append(lock(one, other))
    finally:
        connection.close()

threads = [threading.Thread(target=run, args=pair) for pair in ((first, second), (second, first))]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print("done", len(done), "runs", len(runs))
"""


@pytest.mark.fault(29)
def test_two_transactions_that_wait_for_each_other_are_both_done_in_the_end(house_on_postgres):
    house_on_postgres.run("-m", "tests.soak.stage")
    assert house_on_postgres.run("-c", CLASH).split()[-4:] == ["done", "2", "runs", "3"]


def test_the_server_of_these_tests_is_their_own(postgres):
    """Whoever stops a server had better be sure whose it is."""
    with psycopg.connect(postgres.url.replace("postgres://", "postgresql://")) as connection:
        (place,) = connection.execute("SHOW data_directory").fetchone()
    assert place.startswith(str(postgres.folder))
    postgres.stop(signal.SIGINT)
    until(lambda: not postgres._answers(), 30, "It still answers.")
