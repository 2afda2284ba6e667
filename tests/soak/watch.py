"""Looks at the portal's rows while everything goes on: what only ever may grow, and what may never change."""

import hashlib
import threading

from django.db import DatabaseError, InterfaceError, connection

from workflow.gitlab.models import GitLabLink
from workflow.models import Event

OVERLAP = 500
"""How many of the newest known events are read again: transactions need not end in the order of their numbers."""
FIELDS = (
    "issue_id", "verb", "actor_id", "on_behalf_of_id", "source", "from_state", "to_state", "text", "data", "version",
    "at",
)  # fmt: skip


def fingerprint(row):
    """Of an event's columns."""
    return hashlib.sha256(repr([row[name] for name in FIELDS]).encode()).hexdigest()


class Watch(threading.Thread):
    """Every second: which versions GitLab was given, and which events there are."""

    def __init__(self):
        super().__init__(name="watch", daemon=True)
        self.versions, self.went_back, self.events = {}, [], {}
        self._ending = threading.Event()

    def run(self):
        """Look until it is over; a database that is away is looked at the next time."""
        while not self._ending.wait(1):
            try:
                self.look()
            except (DatabaseError, InterfaceError):
                connection.close()
        connection.close()

    def end(self):
        """Look no more."""
        self._ending.set()
        self.join(30)

    def look(self):
        """Once."""
        for number, wanted, pushed in GitLabLink.objects.values_list("pk", "wanted_version", "pushed_version"):
            before = self.versions.get(number, (0, 0))
            if wanted < before[0] or pushed < before[1]:
                self.went_back.append(f"SO-{number}: {before} was followed by {(wanted, pushed)}")
            self.versions[number] = (wanted, pushed)
        newest = max(self.events, default=0)
        for row in Event.objects.filter(pk__gt=newest - OVERLAP).order_by("pk").values("pk", *FIELDS):
            self.events.setdefault(row["pk"], fingerprint(row))
