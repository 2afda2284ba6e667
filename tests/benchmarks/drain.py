"""``make benchmark``: 1,000 changes on their way to GitLab, by the portal and by a bare python-gitlab loop.

The loop repeats the very calls the portal made (verb, path, parameters, in order) on a copy of the same sandbox GitLab,
and keeps no record of anything; a second loop, on another copy, commits a row before and after each POST, which is what
never doubling costs at least. Each uses one connection and one thread. The sandbox answers in a millisecond or two, a
GitLab over a network does not: ``--latency 0.1`` lets it take its time, which is the same for all. With ``--workers 4``
one worker drains the same, then four at once. ``python -m tests.benchmarks.drain --latency 0.1 --workers 4``.
"""

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple

from tests.benchmarks.grounds import database_name, grounds
from tests.faults.portal import BOT

SHARES = {"filed": 4, "edited": 4}
"""One change in so many; comments are the rest."""


def main(changes, latency, workers):
    """Measure, and print the times and their ratios."""
    with grounds() as scene:
        _no_budgets()
        requests = _make_requests(changes // 4)
        _drain()
        copies = [scene.another_gitlab(name) for name in ("copy", "copy-that-commits")]
        for url in (scene.gitlab_url, *copies):
            scene.take_time(url, latency)
        _make_changes(requests, changes)
        with _recorded() as calls:
            ours = _timed(_drain)
        _must_be_in_step()
        bare = _timed(lambda: _replay(copies[0], calls))
        committing = _timed(lambda: _replay(copies[1], calls, commits=True))
        print(
            f"{database_name()}, GitLab {latency * 1000:.0f} ms away: {changes} changes, {len(calls)} calls; "
            f"portal {ours.wall:.1f} s ({changes / ours.wall:.0f} a second); bare loop {bare.wall:.1f} s, "
            f"ratio {ours.wall / bare.wall:.2f}; loop that commits around each POST {committing.wall:.1f} s, ratio "
            f"{ours.wall / committing.wall:.2f} (processor time {ours.cpu:.1f} s and {bare.cpu:.1f} s)"
        )
        if workers > 1:
            rates = [_drained_by(number, requests, changes) for number in (1, workers)]
            print(
                f"One worker {rates[0]:.1f} changes a second, {workers} workers {rates[1]:.1f}, "
                f"{rates[1] / rates[0]:.2f} times as many"
            )


def _drained_by(workers, requests, changes):
    """Changes a second that so many workers bring to GitLab: threads, each with a connection to the database."""
    from django.db import connection

    from workflow.gitlab.push import numbers_with_work, push_issue

    def work(_):
        while left:
            push_issue(left.pop())
        connection.close()

    _make_changes(requests, changes, f" by {workers}")
    left = numbers_with_work(changes)
    with ThreadPoolExecutor(workers) as pool:
        time_taken = _timed(lambda: [*pool.map(work, range(workers))])
    _must_be_in_step()
    return changes / time_taken.wall


def _behind():
    from workflow.gitlab.models import GitLabLink, OutgoingNote

    return GitLabLink.objects.exclude(status="in-step").count() + OutgoingNote.objects.exclude(due_at=None).count()


def _no_budgets():
    from workflow.gitlab.models.connection import Connection

    connection = Connection.load()
    for name in ("requests", "creations", "notes"):
        setattr(connection, f"{name}_per_minute", 1_000_000)
    connection.save()


def _make_requests(count):
    from tests.factories import Cast, file_request

    cast = Cast()
    return cast, [file_request(cast) for _ in range(count)]


def _make_changes(made, changes, mark=""):
    """A quarter new requests, a quarter edits (each of another request, so that none is saved by merging), comments."""
    from tests.factories import file_request, step
    from workflow.actions import comment
    from workflow.verbs import Verb

    cast, requests = made
    new = [file_request(cast) for _ in range(changes // SHARES["filed"])]
    for number, issue in enumerate(requests[: changes // SHARES["edited"]]):
        step(issue, Verb.EDIT, cast.requester, title=f"Edited {number}{mark}")
    for number in range(changes - len(new) - changes // SHARES["edited"]):
        words = f"Comment {number}, " + "with some words. " * 10
        comment(requests[number % len(requests)].pk, words, by=cast.requester)


def _drain():
    from workflow.gitlab.push import numbers_with_work, push_issue

    while numbers := numbers_with_work():
        for number in numbers:
            push_issue(number)


def _must_be_in_step():
    if behind := _behind():
        raise SystemExit(f"{behind} rows are not in step.")


@contextmanager
def _recorded():
    from workflow.gitlab.client import Gateway

    calls, call = [], Gateway._call

    def recording(self, verb, path, *, query=None, data=None, files=None, **how):
        calls.append((verb, path, query, data, files))
        return call(self, verb, path, query=query, data=data, files=files, **how)

    Gateway._call = recording
    try:
        yield calls
    finally:
        Gateway._call = call


def _replay(url, calls, *, commits=False):
    import gitlab
    from django.db import connection

    client = gitlab.Gitlab(url, private_token=BOT, timeout=20)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS kept (number integer PRIMARY KEY, answered integer)")
        for number, (verb, path, query, data, files) in enumerate(calls):
            if commits and verb == "post":
                cursor.execute("INSERT INTO kept (number, answered) VALUES (%s, 0)", [number])
            client.http_request(verb, path, query_data=query, post_data=data, files=files)
            if commits and verb == "post":
                cursor.execute("UPDATE kept SET answered = 1 WHERE number = %s", [number])


class Time(NamedTuple):
    """Seconds something took: by the clock, and of this process's processor time."""

    wall: float
    cpu: float


def _timed(act):
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    return Time(time.perf_counter() - wall, time.process_time() - cpu)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, default=1000)
    parser.add_argument("--latency", type=float, default=0, help="seconds GitLab takes at least to answer")
    parser.add_argument("--workers", type=int, default=1, help="workers that drain the same afterwards")
    given = parser.parse_args()
    main(given.changes, given.latency, given.workers)
