"""``make outage``: GitLab is away for an hour while 500 changes are made; then it is back, with its limits (row 50).

Real: GitLab as a process of its own that hangs, fails and is gone; two Celery workers and beat; the database; a web
server whose pages are measured meanwhile; the drain, by the clock, within GitLab's limits. Simulated: of the hour a
minute and a half is lived (a third each hanging, answering 502, refusing connections); then every waiting time in the
database is moved back by what is missing. Exit code 1 if anything was lost, doubled, slow, or refused too often.
"""

import argparse
import statistics
import time
from collections import Counter
from datetime import timedelta

import requests

from tests.benchmarks.changes import Changes
from tests.benchmarks.grounds import database_name, grounds

HOUR = timedelta(hours=1)
DRAINED_WITHIN = 600
REFUSALS_BORNE = 10
"""429s in a whole drain; each limit may be met once by each worker before all know of it."""
SLOWER = 3
"""How much slower than before a page may be, measured on a machine that does everything else as well."""
PAGES = ("/", "/mine/", "/issues/", "/issues/{number}/", "/queues/triage/")


def main(lived, notes):
    """Play it, print what happened, and say whether all of it is as promised."""
    with grounds() as scene:
        portal = Portal(scene, notes)
        changes = Changes()
        portal.drain()
        before = portal.pages(changes.numbers)
        tried, during = _an_outage(portal, changes, lived)
        _the_rest_of_the_hour(lived)
        portal.gitlab_is_back()
        seconds = portal.drain()
        complaints = [*changes.complaints(scene), *_too_much(portal, before, during, seconds)]
        print(f"{database_name()}: {changes.count} changes on {len(changes.numbers)} requests while GitLab was away.")
        print(f"Calls that reached it meanwhile: {tried}. Pages: {before} before, {during} meanwhile.")
        print(f"Drained in {seconds:.0f} s; GitLab counted {portal.counted()}.")
        print(f"Lost or doubled: {len(complaints)}." if complaints else "Lost: 0. Doubled: 0.")
        for complaint in complaints[:20]:
            print(f"  {complaint}")
        return 1 if complaints else 0


def _an_outage(portal, changes, lived):
    """(calls that reached GitLab, how fast pages were) while it hung, failed and was gone, and people worked."""
    samples, tried, parts = [], 0, list(changes.in_parts(3))
    for begin, end, part in zip(
        (portal.gitlab_hangs, portal.gitlab_fails, portal.gitlab_goes),
        (portal.asked, portal.asked, lambda: 0),
        parts,
        strict=True,
    ):
        begin()
        until = time.monotonic() + lived / 3
        for count, change in enumerate(part):
            change()
            if count % 40 == 0:
                samples += portal.page_times(changes.numbers)
        time.sleep(max(0, until - time.monotonic()))
        tried += end()
    return tried, Pace.of(samples)


def _the_rest_of_the_hour(lived):
    """Move every time somebody waits for back by what is missing of the hour."""
    from django.db.models import F

    from workflow.gitlab.models import GitLabLink, OutgoingLink, OutgoingNote, OutgoingUpload
    from workflow.gitlab.models.connection import Budget, Connection
    from workflow.gitlab.models.inbound import PendingPull, WebhookDelivery
    from workflow.models.lease import Lease

    back = HOUR - timedelta(seconds=lived)
    waits = {
        GitLabLink: ("due_at", "creating_since", "leased_until"),
        OutgoingNote: ("due_at", "posting_since"),
        OutgoingUpload: ("due_at",),
        OutgoingLink: ("due_at",),
        PendingPull: ("due_at",),
        WebhookDelivery: ("due_at",),
        Budget: ("window_start", "blocked_until"),
        Connection: ("away_since",),
        Lease: ("leased_until",),
    }
    for model, fields in waits.items():
        model.objects.update(**{field: F(field) - back for field in fields})


def _too_much(portal, before, during, seconds):
    if seconds > DRAINED_WITHIN:
        yield f"It took {seconds:.0f} s to drain, more than {DRAINED_WITHIN} s."
    if portal.refusals() > REFUSALS_BORNE:
        yield f"GitLab refused {portal.refusals()} calls with 429."
    if during.middle > SLOWER * before.middle + 0.1:
        yield f"Pages became slow: {during} instead of {before}."


class Pace:
    """How fast pages were."""

    def __init__(self, samples):
        self.middle = statistics.median(samples)
        self.slowest = sorted(samples)[int(len(samples) * 0.95)]

    of = classmethod(lambda cls, samples: cls(samples))

    def __str__(self):
        return f"{self.middle * 1000:.0f} ms (95 % within {self.slowest * 1000:.0f} ms)"


class Portal:
    """Web, workers and beat of the scene, and its GitLab with its limits."""

    def __init__(self, scene, notes):
        self.scene = scene
        self.limits = {"api": 2000, "issue_create": 200, "note_create": notes}
        self._keep_within(notes)
        scene.begin_to_ring()
        scene.start_beat()
        for name in ("first", "second"):
            scene.start_celery(name)
        self.web = scene.start_web()
        self.browser = None

    def _keep_within(self, notes):
        from workflow.gitlab.models.connection import Connection

        connection = Connection.load()
        connection.notes_per_minute = int(notes * 0.93)
        connection.save()

    def gitlab_hangs(self):
        """It takes every call and answers none."""
        self._fail("hang", seconds=300)

    def gitlab_fails(self):
        """What stands in front of it answers 502."""
        self._fail("server_error", status=502)

    def gitlab_goes(self):
        """It is gone."""
        self.scene.gitlab_goes()

    def gitlab_is_back(self):
        """It is there again, and keeps to its limits."""
        self.scene.gitlab_comes_back()
        self.scene.gitlab("DELETE", "/sandbox/log")
        self.scene.gitlab("PUT", "/sandbox/limits", self.limits)

    def _fail(self, name, **how):
        self.scene.gitlab("POST", "/sandbox/faults", {"name": name, "match": {"path": "^/api/"}, "times": None, **how})

    def _entries(self):
        return [entry for entry in self.scene.gitlab("GET", "/sandbox/log")["entries"] if entry["username"] != "root"]

    def asked(self):
        """How many calls reached GitLab since it misbehaves, those that still hang among them; then that ends."""
        hits = sum(fault["hits"] for fault in self.scene.gitlab("GET", "/sandbox/faults"))
        self.scene.gitlab("DELETE", "/sandbox/faults")
        return hits

    def counted(self):
        """What GitLab was asked since it is back, in words."""
        kinds = Counter(entry["method"] for entry in self._entries())
        calls = ", ".join(f"{count} {method}" for method, count in sorted(kinds.items()))
        return f"{calls}, and said 429 to {self.refusals()} of them"

    def refusals(self):
        """How many calls it refused as too many."""
        return sum(entry["status"] == 429 for entry in self._entries())

    def drain(self):
        """Wait until nothing is left to send; returns the seconds that took."""
        from workflow.gitlab.models import GitLabLink, OutgoingLink, OutgoingNote, OutgoingUpload

        began = time.monotonic()
        while time.monotonic() - began < 2 * DRAINED_WITHIN:
            hanging = sum(
                rows.objects.exclude(due_at=None).count() for rows in (OutgoingNote, OutgoingUpload, OutgoingLink)
            )
            if not hanging and not GitLabLink.objects.exclude(status="in-step").exists():
                return time.monotonic() - began
            time.sleep(1)
        raise SystemExit(f"Not drained: {Counter(GitLabLink.objects.values_list('status', 'last_error'))}")

    def pages(self, numbers):
        """How fast pages are now."""
        return Pace.of([seconds for _ in range(8) for seconds in self.page_times(numbers)])

    def page_times(self, numbers):
        """Seconds each page took once."""
        self.browser = self.browser or _signed_in(self.web)
        for path in PAGES:
            began = time.perf_counter()
            reply = self.browser.get(self.web + path.format(number=numbers[0]), timeout=60)
            reply.raise_for_status()
            yield time.perf_counter() - began


def _signed_in(web):
    browser = requests.Session()
    browser.get(f"{web}/accounts/login/", timeout=60)
    token = browser.cookies["csrftoken"]
    form = {"login": "ops", "password": "portal", "csrfmiddlewaretoken": token}
    reply = browser.post(f"{web}/accounts/login/", form, headers={"Referer": web}, timeout=60)
    reply.raise_for_status()
    return browser


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lived", type=int, default=90, help="seconds of the hour that are lived")
    parser.add_argument("--notes", type=int, default=300, help="comments a minute GitLab allows")
    given = parser.parse_args()
    raise SystemExit(main(given.lived, given.notes))
