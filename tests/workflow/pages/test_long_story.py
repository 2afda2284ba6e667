"""A long story is told in pages: the newest comments first, the earlier ones a press away."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import accept, file_request
from workflow.models import Comment, Event
from workflow.pages.issue_query import COMMENTS_SHOWN
from workflow.states import Source, State
from workflow.verbs import Act

MORE = COMMENTS_SHOWN + 20


def talk(issue, count, *, after=0, **how):
    """So many comments, a minute apart, from ``after`` minutes from now on."""
    began = timezone.now() + timedelta(minutes=1 + after)
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


def test_every_step_is_told_once_on_whatever_page(visit, cast):
    issue = file_request(cast)
    accept(issue, cast)
    talk(issue, 20)
    moment = timezone.now() + timedelta(minutes=20, seconds=30)
    Event.objects.create(
        issue=issue,
        verb=Act.PRIORITY,
        actor=cast.ops,
        source=Source.PORTAL,
        from_state=State.DESIGN,
        to_state=State.DESIGN,
        version=9,
        at=moment,
    )
    talk(issue, COMMENTS_SHOWN, after=20)

    newest = visit(cast.requester).get(issue)
    earlier = visit(cast.requester).get(issue, query=link(newest, "Earlier comments"))

    told = [entry["id"] for page in (earlier, newest) for entry in page.context["entries"] if entry["type"] == "event"]
    assert told == [f"event-{event.pk}" for event in issue.events.order_by("at", "pk")]
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

    assert shown(page) == shown(asked) == [comment.pk for comment in said]
    assert link(page, "Earlier comments") is None


@pytest.mark.parametrize("upto", ["0", "-1", "9" * 30, "x", "١٢", "%00", "1e3", ""])
def test_a_number_that_is_none_shows_the_newest(visit, cast, long, upto):
    issue, comments = long
    assert shown(visit(cast.requester).get(issue, query=f"?upto={upto}")) == comments[-COMMENTS_SHOWN:]


def test_another_requests_comment_is_no_place_in_this_story(visit, cast, long):
    issue, comments = long
    (other,) = talk(file_request(cast), 1)
    page = visit(cast.requester).get(issue, query=f"?upto={other.pk}")
    assert shown(page) == comments[-COMMENTS_SHOWN:]
    assert link(page, "Newest comments") is None
