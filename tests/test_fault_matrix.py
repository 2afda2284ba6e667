"""Every row of the fault matrix has a test, and every mark names a row."""

import pytest

from tests.fault_matrix import ROWS, shown_by_row

SHOWN = shown_by_row()


def test_the_matrix_is_whole():
    assert sorted(ROWS) == list(range(1, 53))


@pytest.mark.parametrize("row", ROWS)
def test_the_row_has_a_test(row):
    assert SHOWN.get(row), f"No test is marked with pytest.mark.fault({row}): {ROWS[row]}"


def test_no_mark_names_a_row_that_does_not_exist():
    strays = {row: [str(test) for test in tests] for row, tests in SHOWN.items() if row not in ROWS}
    assert strays == {}
