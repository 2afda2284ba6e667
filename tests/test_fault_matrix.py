"""Every row of the fault matrix has a test, or says that it has none, and every mark names a row."""

import pytest

from tests.fault_matrix import ROWS, UNTESTED, rows_of, shown_by_row

SHOWN = shown_by_row()


def test_the_matrix_is_whole():
    assert sorted(ROWS) == list(range(1, 69))


def test_a_row_is_read_with_its_title_and_whether_it_has_tests():
    text = "| 7 | killed | goes on | |\n| 8 | cut off | waits | no test yet |\n"
    assert rows_of(text) == ({7: "killed: goes on", 8: "cut off: waits"}, {8})


@pytest.mark.parametrize("row", sorted(ROWS.keys() - UNTESTED))
def test_the_row_has_a_test(row):
    assert SHOWN.get(row), f"No test is marked with pytest.mark.fault({row}): {ROWS[row]}"


@pytest.mark.parametrize("row", sorted(UNTESTED))
def test_a_row_said_to_have_no_test_has_none(row):
    assert not SHOWN.get(row), f"Row {row} is shown by now: take “no test yet” off it in docs/reliability.md."


def test_no_mark_names_a_row_that_does_not_exist():
    strays = {row: [str(test) for test in tests] for row, tests in SHOWN.items() if row not in ROWS}
    assert strays == {}
