"""What was acknowledged, and so must hold whatever happened afterwards; and what nobody can know."""

import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field

CANARY = "kanarienvogel"
"""Stands in everything that is said about a restricted request, and nowhere else."""
AVIARY = "voliere"
"""Stands beside it, to be searched for: a page may repeat what was looked for, but not tell what it found."""
DONE, REFUSED, UNKNOWN, NOTHING = "done", "refused", "unknown", "nothing to do"
SURE, MAYBE, DELETED = "sure", "maybe", "deleted"


@dataclass
class Filed:
    """A request that was filed."""

    number: int
    by: str
    title: str
    submission: str
    hidden: bool = False


@dataclass
class Said:
    """A comment. ``words`` stand in no other one. ``there``: written in GitLab. ``certainty``: SURE, MAYBE (on both
    sides or on neither) or DELETED."""

    number: int
    words: str
    by: str
    there: bool
    certainty: str = SURE
    note_id: int | None = None
    busy: bool = False


@dataclass(frozen=True)
class Taken:
    """A step that was acknowledged with a redirect."""

    number: int
    verb: str
    by: str


@dataclass
class Ledger:
    """Everything acknowledged so far; safe to write from several threads."""

    filed: dict = field(default_factory=dict)
    unsure_submissions: set = field(default_factory=set)
    said: list = field(default_factory=list)
    taken: list = field(default_factory=list)
    files: list = field(default_factory=list)
    foreign_labels: dict = field(default_factory=lambda: defaultdict(set))
    deleted_marks: set = field(default_factory=set)
    failed_pages: list = field(default_factory=list)
    deeds: Counter = field(default_factory=Counter)
    silences: Counter = field(default_factory=Counter)
    refusals: Counter = field(default_factory=Counter)
    _lock: object = field(default_factory=threading.RLock)

    def file(self, filed):
        """A request is there. The same again is the same."""
        with self._lock:
            self.filed[filed.number] = filed
            self.unsure_submissions.discard(filed.submission)

    def say(self, said):
        """A comment is there, or may be."""
        with self._lock:
            self.said.append(said)
        return said

    def take(self, taken):
        """A step was taken."""
        with self._lock:
            self.taken.append(taken)

    def attach(self, number, name):
        """A file hangs on a request."""
        with self._lock:
            self.files.append((number, name))

    def label(self, number, name):
        """Somebody put a label of their own on the GitLab issue."""
        with self._lock:
            self.foreign_labels[number].add(name)

    def fail(self, what):
        """A page answered with an error that nothing a person sends may cause."""
        with self._lock:
            self.failed_pages.append(what)

    def hear_nothing(self, why):
        """Somebody was not answered, or not so that they know what was done."""
        with self._lock:
            self.silences[why] += 1

    def hear_no(self, why):
        """Somebody was refused, or there was nothing they could have done."""
        with self._lock:
            self.refusals[why] += 1

    def count(self, name, outcome):
        """A deed ended so."""
        with self._lock:
            self.deeds[name, outcome] += 1

    def numbers(self, *, hidden=None):
        """Numbers of the requests filed so far, oldest first; only the restricted ones, or only the others."""
        with self._lock:
            return [filed.number for filed in self.filed.values() if hidden in (None, filed.hidden)]

    def is_hidden(self, number):
        """Whether the request is restricted, as far as the ledger knows."""
        return number in self.filed and self.filed[number].hidden

    def borrow_note(self, chance):
        """A comment in GitLab that is surely there, for one deed alone; None if there is none. Give it back."""
        with self._lock:
            free = [said for said in self.said if said.note_id and said.certainty == SURE and not said.busy]
            if not free:
                return None
            said = chance.choice(free)
            said.busy = True
            return said
