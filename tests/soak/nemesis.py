"""What goes wrong: each blow a pair of a beginning and, some seconds later, an end that puts it right again."""

import heapq
import os
import random
import signal
import sqlite3
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from itertools import count

import requests
from redis import RedisError

from tests.soak.house import WORKERS
from workflow.gitlab_sandbox.seed import BOT

WRITES = {"method": "POST", "path": "/(issues|notes)$"}


class Nemesis(threading.Thread):
    """Carries the plan's blows out, in one thread. ``counts``: what was done; ``missed``: what could not be done."""

    def __init__(self, house, blows):
        super().__init__(name="nemesis", daemon=True)
        self.house, self.counts, self.missed = house, Counter(), Counter()
        self._blows, self._ending, self._order = blows, threading.Event(), count()
        self._due = []

    def run(self):
        """Strike when the time has come."""
        began = time.monotonic()
        for blow in self._blows:
            self._later(blow.at, lambda blow=blow: self._strike(blow, began))
        while self._due and not self._ending.is_set():
            at, _, act = heapq.heappop(self._due)
            if not self._ending.wait(max(0, began + at - time.monotonic())):
                act()

    def end(self):
        """No more blows; wait for the one that is under way."""
        self._ending.set()
        self.join(90)

    def _later(self, at, act):
        heapq.heappush(self._due, (at, next(self._order), act))

    def _strike(self, blow, began):
        try:
            put_right = getattr(self, blow.name)(random.Random(blow.dice))
            self.counts[blow.name] += 1
        except (requests.RequestException, RedisError, OSError, sqlite3.OperationalError):
            self.missed[blow.name] += 1
            return
        if put_right:
            self._later(time.monotonic() - began + blow.seconds, lambda: self._put_right(put_right))

    def _put_right(self, put_right):
        with suppress(requests.RequestException, sqlite3.Error):  # gone with the process it was in
            put_right()

    # Processes ------------------------------------------------------------------------------------------------------

    def _kill(self, name, number=signal.SIGKILL):
        self.house.strike(name, number)
        return lambda: self.house.rise(name)

    def kill_worker(self, chance):
        """kill -9, pool and all."""
        return self._kill(chance.choice(WORKERS))

    def kill_pool_process(self, chance):
        """kill -9 one process of a pool; its parent lives and starts another."""
        children = self.house.children_of(chance.choice(WORKERS))
        if not children:
            raise ProcessLookupError("The worker is just starting.")
        os.kill(chance.choice(children), signal.SIGKILL)

    def stop_worker(self, chance):
        """SIGTERM, as a deployment does; it may finish what it has."""
        return self._kill(chance.choice(WORKERS), signal.SIGTERM)

    def kill_beat(self, chance):
        """kill -9."""
        return self._kill("beat")

    def kill_web(self, chance):
        """kill -9, all of it."""
        return self._kill("web")

    def kill_gitlab(self, chance):
        """kill -9; it keeps what it had answered."""
        return self._kill("gitlab")

    # GitLab misbehaves towards the portal -----------------------------------------------------------------------------

    def _fault(self, name, match=None, **how):
        sent = {"name": name, "match": {"user": BOT, **(match or {})}, "times": None, **how}
        added = self.house.gitlab("POST", "/sandbox/faults", sent)
        return lambda: self.house.gitlab("DELETE", f"/sandbox/faults/{added['id']}")

    def hang(self, chance):
        """Takes requests and never answers."""
        return self._fault("hang", seconds=30)

    def drip(self, chance):
        """Answers one byte a second."""
        return self._fault("slow_drip", seconds=1, bytes=chance.choice((1, 50)))

    def reset(self, chance):
        """Does it and cuts the answer."""
        return self._fault("cut_reply", reset=chance.random() < 0.5)

    def server_error(self, chance):
        """500, 502 or 503, and nothing done."""
        return self._fault("server_error", status=chance.choice((500, 502, 503)))

    def failed_but_applied(self, chance):
        """The same words, but it was done."""
        return self._fault("server_error", status=chance.choice((500, 502, 503)), apply=True)

    def rate_limit(self, chance):
        """429 with so many seconds, or with something that is no time."""
        return self._fault("rate_limited", retry_after=chance.choice((1, 2, 4)))

    def apply_then_timeout(self, chance):
        """Does it, then holds the line."""
        return self._fault("apply_then_timeout", WRITES if chance.random() < 0.7 else None, seconds=5)

    def commit_late(self, chance):
        """Hangs up, and does it three seconds later."""
        return self._fault("commit_late", WRITES if chance.random() < 0.7 else None, seconds=3)

    def html(self, chance):
        """200 and a sign-in page; half the time it was done."""
        return self._fault("html_instead_of_json", apply=chance.random() < 0.5)

    def wrong_types(self, chance):
        """JSON of the wrong kind."""
        return self._fault("wrong_types")

    def busy(self, chance):
        """409, a resource lock."""
        return self._fault("conflict", message="409 Conflict: Resource lock")

    def stale_lists(self, chance):
        """Lists do not show what is young."""
        return self._fault("stale_list", {"method": "GET"}, seconds=5)

    def _spoil(self, mischief):
        self.house.spoil_hooks(mischief)
        return lambda: self.house.spoil_hooks(None)

    def lose_hooks(self, chance):
        """Webhooks reach nobody."""
        return self._spoil("lose")

    def double_hooks(self, chance):
        """Webhooks come twice."""
        return self._spoil("double")

    def reorder_hooks(self, chance):
        """Webhooks come newest first."""
        return self._spoil("reorder")

    def revoke_token(self, chance):
        """401 for everything, until an operator has put the token right; the connection is resumed by a person."""
        self.house.set_token(revoked=True)
        return lambda: self.house.set_token(revoked=False)

    # What the portal stands on --------------------------------------------------------------------------------------

    def lose_messages(self, chance):
        """Whatever waits in the broker is gone."""
        self.house.lose_messages()

    def kill_broker(self, chance):
        """kill -9, and everything it held is gone; not where somebody else's broker was named."""
        if self.house.broker_port is None:
            return self.lose_messages(chance)
        return self._kill("broker")

    def hold_database(self, chance):
        """SQLite: somebody else writes for a while. PostgreSQL: every connection is cut."""
        if not self.house.on_sqlite:
            self.house.cut_connections()
            return None
        holding = closing(self.house.hold_database())
        holding.__enter__()
        return lambda: holding.__exit__(None, None, None)
