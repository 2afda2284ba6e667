"""Which tests show which row of the fault matrix. The rows, with their titles, stand in docs/reliability.md §2.

A test says ``@pytest.mark.fault(21)``. ``python -m tests.fault_matrix`` prints every row with its tests,
``python -m tests.fault_matrix 21`` one of them.
"""

import ast
import re
import sys
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parent
MATRIX = TESTS.parent / "docs" / "reliability.md"
WITHOUT = "no test yet"
"""What the matrix says in the last column of a row that nothing shows yet."""
_ROW = re.compile(r"^\| (?P<row>\d+) \| (?P<wrong>[^|]+) \| (?P<right>[^|]+) \| *(?P<tests>[^|]*?) *\|$", re.MULTILINE)


def rows_of(text):
    """{row: its title} and the rows that are said to have no test yet, as docs/reliability.md has the matrix."""
    found = list(_ROW.finditer(text))
    titles = {int(row["row"]): f"{row['wrong']}: {row['right']}" for row in found}
    return titles, frozenset(int(row["row"]) for row in found if row["tests"] == WITHOUT)


ROWS, UNTESTED = rows_of(MATRIX.read_text())


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
