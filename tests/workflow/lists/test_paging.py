"""Pages by key: nothing twice, nothing lost, whatever comes and goes meanwhile."""

import pytest

from tests.workflow.lists.population import many
from workflow.models import Issue
from workflow.pages.paging import page_of
from workflow.queues import in_order

KEYS = ("rank", "state_since", "number")


def turned_through(size, *, meanwhile=lambda: None):
    """The numbers on all pages in turn; ``meanwhile`` happens after the first page."""
    numbers, query, first = [], {}, True
    while True:
        page = page_of(in_order(Issue.objects.all()), KEYS, query, size=size)
        numbers.append([row.number for row in page.rows])
        if first:
            meanwhile()
            first = False
        if page.after is None:
            return numbers
        query = {"after": page.after}


def test_every_row_comes_once_in_order(cast):
    many(7, cast.requester, title="Low", priority=4)
    many(7, cast.requester, title="High", priority=1)
    many(3, cast.requester, title="None")
    pages = turned_through(4)
    assert sum(pages, []) == list(in_order(Issue.objects.all()).values_list("number", flat=True))
    assert [len(page) for page in pages] == [4, 4, 4, 4, 1]


def test_rows_that_moved_at_the_same_moment_are_neither_lost_nor_shown_twice(cast):
    issues = many(9, cast.requester)
    Issue.objects.update(state_since=issues[0].state_since)
    assert sum(turned_through(2), []) == [issue.number for issue in issues]


def test_a_row_that_goes_does_not_hide_the_next(cast):
    issues = many(6, cast.requester)
    pages = turned_through(3, meanwhile=lambda: Issue.objects.filter(pk=issues[0].pk).delete())
    assert sum(pages, []) == [issue.number for issue in issues]


def test_the_page_before_is_the_page_that_was(cast):
    many(9, cast.requester)
    first = page_of(in_order(Issue.objects.all()), KEYS, {}, size=3)
    second = page_of(in_order(Issue.objects.all()), KEYS, {"after": first.after}, size=3)
    third = page_of(in_order(Issue.objects.all()), KEYS, {"after": second.after}, size=3)
    assert page_of(in_order(Issue.objects.all()), KEYS, {"before": third.before}, size=3).rows == second.rows
    back = page_of(in_order(Issue.objects.all()), KEYS, {"before": second.before}, size=3)
    assert (back.rows, back.before) == (first.rows, None)


@pytest.mark.parametrize(
    "cursor",
    ["", "1", "1.2", "1.2.3.4", "a.b.c", "1.2.-3", "1.2.3;", "9" * 400, "1..3", "١.٢.٣", "1.99999999999999999.3"],
)
@pytest.mark.parametrize("way", ["after", "before"])
def test_a_forged_cursor_is_no_error(cast, cursor, way):
    many(2, cast.requester)
    page = page_of(in_order(Issue.objects.all()), KEYS, {way: cursor}, size=3)
    assert len(page.rows) in {0, 2}
