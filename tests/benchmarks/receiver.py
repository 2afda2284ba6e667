"""``make receiver-load``: 50 webhooks a second for a minute while GitLab answers nothing it is asked.

Real: gunicorn as in operating.md, two Celery workers and beat, GitLab as a process whose every GET hangs. Each
delivery hints at a change by somebody else, so each asks for a look. How long one took is counted from when it was to
be sent, so that a receiver that keeps others waiting is not flattered. Exit code 1 unless all were stored and answered
with 2xx, and 99 of 100 within 200 ms (reliability.md §4).
"""

import argparse
import json
import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import local

import requests

from tests.benchmarks.grounds import HOOK_SECRET, database_name, grounds

PROMISED = 0.2
REQUESTS = 20


def main(rate, seconds):
    """Measure, print, and say whether the promise was kept."""
    with grounds() as scene:
        places = _requests_in_gitlab()
        scene.begin_to_ring()
        web = scene.start_web()
        for name in ("first", "second"):
            scene.start_celery(name)
        scene.start_beat()
        scene.gitlab("POST", "/sandbox/faults", {"name": "hang", "match": {"method": "GET"}, "times": None})
        _deliver(web, places, rate, 5)  # warm: imports, connections, first pages of memory
        before, busy = resident(scene.web.pid), processor_time(scene.web.pid)
        answers = _deliver(web, places, rate, seconds)
        after, busy = resident(scene.web.pid), processor_time(scene.web.pid) - busy
        scene.gitlab("DELETE", "/sandbox/faults")
        return _judge(answers, before, after, busy)


def _requests_in_gitlab():
    from tests.factories import Cast, file_request
    from workflow.gitlab.models import GitLabLink
    from workflow.gitlab.push import push_issue

    cast = Cast()
    for _ in range(REQUESTS):
        push_issue(file_request(cast).pk)
    return list(GitLabLink.objects.values_list("project_id", "iid"))


def _deliver(web, places, rate, seconds):
    """[(status, seconds since it was to be sent)] of so many deliveries a second, whatever becomes of them."""
    sessions, began, run = local(), time.perf_counter() + 0.5, time.time_ns()

    def one(number):
        due = began + number / rate
        time.sleep(max(0, due - time.perf_counter()))
        sessions.kept = getattr(sessions, "kept", None) or requests.Session()
        headers = {
            "X-Gitlab-Event": "Issue Hook",
            "X-Gitlab-Token": HOOK_SECRET,
            "Idempotency-Key": f"{run}-{number}",
            "Content-Type": "application/json",
        }
        try:
            status = sessions.kept.post(f"{web}/hooks/gitlab/", _body(places, number), headers=headers, timeout=30)
            return status.status_code, time.perf_counter() - due
        except requests.RequestException:
            return 0, time.perf_counter() - due

    with ThreadPoolExecutor(64) as senders:
        return list(senders.map(one, range(rate * seconds)))


def _body(places, number):
    project_id, iid = places[number % len(places)]
    return json.dumps(
        {
            "object_kind": "issue",
            "event_type": "issue",
            "user": {"id": 1, "username": "root"},
            "project": {"id": project_id},
            "object_attributes": {
                "id": 1,
                "iid": iid,
                "project_id": project_id,
                "action": "update",
                "description": "Words as long as people write them. " * 60,
            },
        }
    )


def _judge(answers, before, after, busy):
    from workflow.gitlab.models.inbound import WebhookDelivery

    times = sorted(seconds for _, seconds in answers)
    good = sum(200 <= status < 300 for status, _ in answers)
    worst = times[int(len(times) * 0.99)]
    stored = WebhookDelivery.objects.count()
    understood = WebhookDelivery.objects.filter(due_at=None).count()
    print(
        f"{database_name()}: {len(answers)} deliveries, {good / len(answers):.2%} answered 2xx; half within "
        f"{statistics.median(times) * 1000:.0f} ms, 99 % within {worst * 1000:.0f} ms, all within "
        f"{times[-1] * 1000:.0f} ms."
    )
    print(
        f"Stored {stored}, understood meanwhile {understood}. Memory {before:.0f} MB before, {after:.0f} MB after; "
        f"{busy / len(answers) * 1000:.1f} ms of processor time each."
    )
    return 0 if good == len(answers) <= stored and worst <= PROMISED else 1


def processor_time(pid):
    """Seconds of processor time a process and its children used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK") + sum(processor_time(child) for child in _children(pid))


def _children(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def resident(pid):
    """MB that a process and its children hold."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    own = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
    return own / 1024 + sum(resident(child) for child in _children(pid))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=50, help="deliveries a second")
    parser.add_argument("--seconds", type=int, default=60)
    given = parser.parse_args()
    raise SystemExit(main(given.rate, given.seconds))
