"""What will be done to the portal and against it: drawn from the seed alone, so that the same seed is the same plan.

What a deed leads to depends on what it meets when its turn comes; which deeds, in which order, with which dice, and
which blows at which second, does not.
"""

import hashlib
import random
from dataclasses import dataclass
from itertools import islice

DEEDS = {
    "file": 10,
    "comment": 14,
    "move_on": 30,
    "any_step": 8,
    "edit": 7,
    "attach": 3,
    "set_aside": 6,
    "comment_there": 12,
    "edit_note_there": 4,
    "delete_note_there": 3,
    "retitle_there": 5,
    "describe_there": 3,
    "label_there": 6,
    "foreign_label_there": 3,
    "stage_there": 8,
    "close_there": 4,
    "reopen_there": 3,
    "milestone_there": 3,
    "due_date_there": 3,
    "assign_there": 3,
    "approve_there": 3,
}
"""What people do, and how often in comparison. ``…_there``: in GitLab."""

BLOWS = {
    "kill_worker": (6, 0, 3),
    "kill_pool_process": (3, 0, 0),
    "stop_worker": (3, 0, 2),
    "kill_beat": (3, 0, 6),
    "kill_web": (4, 0, 2),
    "kill_gitlab": (4, 1, 8),
    "hang": (4, 2, 8),
    "drip": (3, 3, 8),
    "reset": (3, 3, 8),
    "server_error": (5, 3, 10),
    "failed_but_applied": (4, 4, 10),
    "rate_limit": (4, 2, 6),
    "apply_then_timeout": (5, 4, 10),
    "commit_late": (4, 4, 10),
    "html": (3, 3, 8),
    "wrong_types": (2, 3, 6),
    "busy": (2, 3, 6),
    "stale_lists": (2, 5, 10),
    "lose_hooks": (4, 5, 15),
    "double_hooks": (3, 5, 15),
    "reorder_hooks": (3, 5, 15),
    "revoke_token": (3, 3, 8),
    "lose_messages": (3, 0, 0),
    "kill_broker": (3, 0, 4),
    "hold_database": (2, 1, 3),
}
"""What goes wrong: how often in comparison, and how many seconds it lasts at least and at most."""


@dataclass(frozen=True)
class Deed:
    """One thing a person does; ``dice`` decides everything else about it."""

    number: int
    name: str
    dice: int


@dataclass(frozen=True)
class Blow:
    """One thing that goes wrong, ``at`` so many seconds after the beginning, for so many ``seconds``."""

    at: float
    name: str
    seconds: float
    dice: int


class Plan:
    """Everything a seed stands for."""

    def __init__(self, seed, seconds):
        self.seed, self.seconds = seed, seconds
        self.blows = tuple(self._blows())

    def deeds(self):
        """What people do, one after the other, without end."""
        chance, names, weights = random.Random(f"{self.seed} deeds"), list(DEEDS), list(DEEDS.values())
        number = 0
        while True:
            number += 1
            yield Deed(number, chance.choices(names, weights)[0], chance.getrandbits(48))

    def _blows(self):
        chance, at = random.Random(f"{self.seed} blows"), 8.0
        while True:
            at += chance.uniform(2, 9)
            name = chance.choices(list(BLOWS), [weight for weight, _, _ in BLOWS.values()])[0]
            _, least, most = BLOWS[name]
            seconds, dice = chance.uniform(least, most), chance.getrandbits(48)
            if at + seconds > self.seconds:
                return
            yield Blow(round(at, 2), name, round(seconds, 2), dice)

    @property
    def fingerprint(self):
        """Short and the same for the same plan: all blows, and the first thousand deeds."""
        whole = repr((self.blows, tuple(islice(self.deeds(), 1000))))
        return hashlib.sha256(whole.encode()).hexdigest()[:12]
