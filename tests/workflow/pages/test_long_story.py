"""A long story is told in pages: the newest comments first, the earlier ones a press away."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import accept, file_request
from workflow.models import Comment
from workflow.pages.issue_query import COMMENTS_SHOWN

MORE = COMMENTS_SHOWN + 20


def talk(issue, count, **how):
    """So many comments, a minute apart, from now on."""
    began = timezone.now() + timedelta(minutes=1)
    return Comment.objects.bulk_create(
        Comment(issue=issue, author=issue.requester, body=f"Words {n}.", created_at=began + timedelta(minutes=n), **how)
        for n in range(count)
    )


def shown(page):
    """The ids of the comments on the page, in order."""
    return [int(pk) for pk in re.findall(r'id="comment-(\d+)"', page.content.decode())]


def link(page, label):
    """Where a link of this name leads, or None."""
    found = re.search(rf'href="([^"]*)"[^>]*>(?:<[^>]*>)*{label}', page.content.decode())
    return found and found[1].partition("#")[0]


@pytest.fixture
def long(cast):
    """A request whose story has more comments than a page, and the comments."""
    issue = file_request(cast)
    accept(issue, cast)
    return issue, [comment.pk for comment in talk(issue, MORE)]


def test_a_page_tells_the_newest_and_leads_to_the_earlier_ones(visit, cast, long):
    issue, comments = long

    newest = visit(cast.requester).get(issue)
    earlier = visit(cast.requester).get(issue, query=link(newest, "Earlier comments"))

    assert (shown(newest), shown(earlier)) == (comments[-COMMENTS_SHOWN:], comments[:-COMMENTS_SHOWN])
    assert link(newest, "Newest comments") is None and link(earlier, "Earlier comments") is None
    assert link(earlier, "Newest comments") == issue.get_absolute_url()


def test_as_many_as_a_page_holds_need_no_other_page(visit, cast):
    issue = file_request(cast)
    comments = talk(issue, COMMENTS_SHOWN)

    page = visit(cast.requester).get(issue)

    assert shown(page) == [comment.pk for comment in comments]
    assert link(page, "Earlier comments") is None


def test_every_step_is_told_once_with_the_comments_around_it(visit, cast, long):
    issue, _ = long

    newest = visit(cast.requester).get(issue)
    earlier = visit(cast.requester).get(issue, query=link(newest, "Earlier comments"))

    told = [[entry for entry in page.context["entries"] if entry["type"] == "event"] for page in (newest, earlier)]
    assert (len(told[0]), len(told[1])) == (0, issue.events.count())
    assert newest.context["rail"] == earlier.context["rail"]


def test_a_comment_can_be_asked_for_by_its_number(visit, cast, long):
    issue, comments = long
    page = visit(cast.requester).get(issue, query=f"?upto={comments[3]}")
    assert shown(page) == comments[:4]


def test_the_page_costs_no_more_for_a_longer_story(visit, cast, long):
    issue, _ = long
    visit(cast.ops).get(issue)
    statements = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as asked:
            visit(cast.ops).get(issue)
        statements.append(len(asked))
        talk(issue, 300)

    assert statements[0] == statements[1]


def test_internal_notes_count_for_nobody_who_may_not_read_them(visit, cast):
    issue = file_request(cast)
    notes = talk(issue, MORE, internal=True)
    said = talk(issue, 2)

    page = visit(cast.requester).get(issue)
    asked = visit(cast.requester).get(issue, query=f"?upto={notes[0].pk}")

    assert shown(page) == [comment.pk for comment in said]
    assert link(page, "Earlier comments") is None
    assert shown(asked) == []


@pytest.mark.parametrize("upto", ["0", "-1", "9" * 30, "x", "١٢", "%00", "1e3", ""])
def test_a_number_that_is_none_shows_the_newest_or_nothing(visit, cast, long, upto):
    issue, _ = long
    assert visit(cast.requester).get(issue, query=f"?upto={upto}").status_code == 200


def test_another_requests_comment_is_no_place_in_this_story(visit, cast, long):
    issue, _ = long
    (other,) = talk(file_request(cast), 1)
    assert shown(visit(cast.requester).get(issue, query=f"?upto={other.pk}")) == []
