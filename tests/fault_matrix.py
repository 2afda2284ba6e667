"""The fault matrix: what may go wrong, by its number, and which tests show it.

A test says ``@pytest.mark.fault(21)``. ``python -m tests.fault_matrix`` prints every row with its tests,
``python -m tests.fault_matrix 21`` one of them.
"""

import ast
import sys
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parent
ROWS = {
    1: "killed before the form's commit: nothing is stored, sending it again works",
    2: "killed after the commit, before the wake-up: the sweep sends it",
    3: "killed after the claim: the lease lapses, another worker goes on",
    4: "killed after “creating”, before the POST: quarantine, then one creation",
    5: "killed after GitLab's reply, before the link: adopted by its mark",
    6: "killed after the link, before the row was done: no second effect",
    7: "killed after the webhook was stored: the sweep understands it",
    8: "killed while comparing: goes on where it stopped",
    9: "a deploy ends every process: drained, or the lease is handed over",
    10: "a worker runs out of memory: the work returns; after three deaths it waits for a person",
    11: "GitLab hangs, or drips: a deadline over the whole call, and the task's hard limit",
    12: "applied, then timed out: one issue",
    13: "committed later than the first look: the quarantine holds",
    14: "a reset after the request, or half a reply: as 12",
    15: "500, 502, 503: backoff; a creation is doubtful",
    16: "429 with whatever Retry-After: a due time, and no worker sleeps",
    17: "401, an expired token: paused at once, resuming loses nothing",
    18: "403, a lowered role: paused",
    19: "404, the issue was deleted: orphaned, never made anew by itself",
    20: "the project was renamed or transferred: works by number",
    21: "the issue was moved: followed, never taken for completed",
    22: "409, duplicated or busy: adopted only with our mark; tried again",
    23: "400 or 422: parked with GitLab's words, the next one flows",
    24: "200 with HTML, wrong types, a huge body: no success, and a cap",
    25: "GitLab's name is not found, or its certificate is bad: backoff, nothing is sent",
    26: "the database drops a transaction: rolled back, no call to GitLab of its own",
    27: "the database is away: 503 for people and for webhooks, then all is well again",
    28: "many write to SQLite at once: nothing is lost",
    29: "a deadlock or serialization failure: done once more, once",
    30: "the broker is away: pages work, the sweep catches up",
    31: "the broker loses or doubles messages: nothing changes",
    32: "two beats, or none: one lease; none is told of",
    33: "the same webhook a hundred times at once: applied once, all answered with success",
    34: "webhooks in another order: the end is what GitLab shows",
    35: "webhooks lost, or the hook switched off: the poller finds it, and it is told",
    36: "forged, replayed or stale webhooks: 401, not stored, counted",
    37: "too large, compressed, too deep, not UTF-8: 413 or 400, fast",
    38: "a webhook before the link: matched by its mark",
    39: "the echo of our own write: nothing goes out",
    40: "both sides change the same field: the newer stays, both are told",
    41: "labels changed on both sides: both survive",
    42: "a comment edited or deleted in GitLab: edited here, or a tombstone",
    43: "two decide at once: one wins, one gets 409",
    44: "sent twice: one request",
    45: "a stale form: 409 with the difference",
    46: "the approver changes between looking and pressing: refused",
    47: "a clock an hour off, and the change of the hour: nothing too early, nothing lost",
    48: "a list that fails, is cut or stale: nothing is taken for absent",
    49: "a person without an account, or who left: named, never mistaken for somebody else",
    50: "GitLab away for an hour: everything follows, once, within its limits (`make outage`)",
    51: "the database is yesterday's: found again by its mark, nothing doubled",
    52: "the disk is full: a clean 503, nothing half-written",
}


@dataclass(frozen=True)
class Shown:
    """A test that shows a row."""

    path: str
    line: int
    name: str

    def __str__(self):
        return f"{self.path}:{self.line} {self.name}"


def shown_by_row():
    """{row: [Shown]} as the marks in the tests' own text say, nightly ones included."""
    found = {}
    for place in sorted(TESTS.rglob("test_*.py")):
        tree = ast.parse(place.read_text())
        everywhere = _rows(
            [one.value for one in tree.body if isinstance(one, ast.Assign) and _names(one) == ["pytestmark"]]
        )
        for test in ast.walk(tree):
            if isinstance(test, ast.FunctionDef) and test.name.startswith("test_"):
                for row in everywhere | _rows(test.decorator_list):
                    shown = Shown(str(place.relative_to(TESTS.parent)), test.lineno, test.name)
                    found.setdefault(row, []).append(shown)
    return found


def _names(assignment):
    return [target.id for target in assignment.targets if isinstance(target, ast.Name)]


def _rows(marked):
    """The numbers of every ``pytest.mark.fault(…)`` in these expressions."""
    calls = [call for one in marked for call in ast.walk(one) if isinstance(call, ast.Call)]
    named = [call for call in calls if ast.unparse(call.func) == "pytest.mark.fault"]
    return {ast.literal_eval(number) for call in named for number in call.args}


def main(asked):
    """Print these rows, or all."""
    shown = shown_by_row()
    for row in asked or ROWS:
        print(f"{row:2}  {ROWS[row]}")
        for test in shown.get(row, ()):
            print(f"      {test}")


if __name__ == "__main__":
    main([int(number) for number in sys.argv[1:]])
