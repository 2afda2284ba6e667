"""``make benchmark``: 1,000 changes on their way to GitLab, by the portal and by a bare python-gitlab loop.

The loop repeats the very calls the portal made (verb, path, parameters, in order) on a copy of the same sandbox GitLab,
and keeps no record of anything: what the portal takes longer is what its promises cost. Both use one connection and one
thread. The sandbox answers in a millisecond or two, a GitLab over a network does not: ``--latency 0.1`` lets it take
its time, which is the same for both. ``python -m tests.benchmarks.drain --changes 1000 --latency 0.1``.
"""

import argparse
import time
from contextlib import contextmanager
from typing import NamedTuple

from tests.benchmarks.grounds import database_name, grounds
from tests.faults.portal import BOT

SHARES = {"filed": 4, "edited": 4}
"""One change in so many; comments are the rest."""


def main(changes, latency):
    """Measure, and print both times and their ratio."""
    with grounds() as scene:
        _no_budgets()
        requests = _make_requests(changes // 4)
        _drain()
        copy = scene.second_gitlab()
        for url in (scene.gitlab_url, copy):
            scene.take_time(url, latency)
        _make_changes(requests, changes)
        with _recorded() as calls:
            ours = _timed(_drain)
        _must_be_in_step()
        bare = _timed(lambda: _replay(copy, calls))
        print(
            f"{database_name()}, GitLab {latency * 1000:.0f} ms away: {changes} changes, {len(calls)} calls; "
            f"portal {ours.wall:.1f} s ({changes / ours.wall:.0f} a second), "
            f"bare python-gitlab loop {bare.wall:.1f} s, ratio {ours.wall / bare.wall:.2f} "
            f"(processor time {ours.cpu:.1f} s and {bare.cpu:.1f} s)"
        )


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


def _make_changes(made, changes):
    """A quarter new requests, a quarter edits (each of another request, so that none is saved by merging), comments."""
    from tests.factories import file_request, step
    from workflow.actions import comment
    from workflow.verbs import Verb

    cast, requests = made
    new = [file_request(cast) for _ in range(changes // SHARES["filed"])]
    for number, issue in enumerate(requests[: changes // SHARES["edited"]]):
        step(issue, Verb.EDIT, cast.requester, title=f"Edited {number}")
    for number in range(changes - len(new) - changes // SHARES["edited"]):
        words = f"Comment {number}, " + "with some words. " * 10
        comment(requests[number % len(requests)].pk, words, by=cast.requester)


def _drain():
    from workflow.gitlab.push import numbers_with_work, push_issue

    while numbers := numbers_with_work():
        for number in numbers:
            push_issue(number)


def _must_be_in_step():
    from workflow.gitlab.models import GitLabLink, OutgoingNote

    behind = GitLabLink.objects.exclude(status="in-step").count() + OutgoingNote.objects.exclude(due_at=None).count()
    if behind:
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


def _replay(url, calls):
    import gitlab

    client = gitlab.Gitlab(url, private_token=BOT, timeout=20)
    for verb, path, query, data, files in calls:
        client.http_request(verb, path, query_data=query, post_data=data, files=files)


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
    given = parser.parse_args()
    main(given.changes, given.latency)
