"""While a title is typed: open requests like it, and where it may belong instead."""

import pytest

from tests.factories import file_request, step
from workflow.states import Outcome
from workflow.verbs import Verb


def offered(browser, title, key="bug"):
    return [issue.title for issue in browser.get(f"/new/{key}/similar/", {"title": title}).context["requests"]]


@pytest.fixture
def calendar(cast):
    """An open request about calendars."""
    return file_request(cast, title="Calendar widget shows the wrong week", requester=cast.colleague)


@pytest.mark.parametrize("typed", ["Calendar widget", "the CALENDARS widget is wrong", "widget: calendar"])
def test_open_requests_with_the_same_words_are_offered(requester, calendar, typed):
    assert offered(requester, typed) == [calendar.title]


@pytest.mark.parametrize("typed", ["", "a an of", "Macro titles", "the when with", "week days and hours", "\x00"])
def test_other_words_offer_nothing(requester, calendar, typed):
    assert offered(requester, typed) == []


def test_what_has_ended_is_not_offered(requester, cast, calendar):
    step(calendar, Verb.CLOSE, cast.ops, outcome=Outcome.INVALID, text="No.")

    assert offered(requester, "Calendar widget") == []


def test_what_the_person_may_not_see_is_not_offered(requester, cast, calendar):
    file_request(cast, title="Calendar widget secret", requester=cast.colleague, confidential=True)

    assert offered(requester, "Calendar widget") == [calendar.title]


def test_at_most_five_are_offered_the_best_first(requester, cast, calendar):
    for number in range(7):
        file_request(cast, title=f"Calendar number {number} widget", requester=cast.colleague)

    found = offered(requester, "Calendar widget wrong week")

    assert len(found) == 5
    assert found[0] == calendar.title


def test_it_links_to_the_request(requester, calendar):
    page = requester.get("/new/bug/similar/", {"title": "Calendar widget"})

    assert f'href="/issues/{calendar.pk}/"' in page.text
    assert calendar.reference in page.text


def test_a_better_form_is_pointed_out(requester):
    page = requester.get("/new/bug/similar/", {"title": "My macro has a typo"})

    assert 'href="/new/macros-global/"' in page.text


def test_the_form_itself_is_not_pointed_out(requester):
    page = requester.get("/new/macros-global/similar/", {"title": "My macro has a typo"})

    assert 'href="/new/macros-global/"' not in page.text


def test_more_requests_need_no_more_queries(requester, cast, calendar, django_assert_max_num_queries):
    for number in range(10):
        file_request(cast, title=f"Calendar number {number} widget", requester=cast.colleague)

    with django_assert_max_num_queries(12):
        requester.get("/new/bug/similar/", {"title": "Calendar widget"})


def test_the_title_field_asks_for_it(requester):
    assert 'data-hx-get="/new/bug/similar/"' in requester.get("/new/bug/").text


# Taking up the matter of an earlier request ------------------------------------------------------------------------


def test_a_form_may_begin_from_an_earlier_request(requester, calendar):
    page = requester.get(f"/new/propose-change/?from={calendar.pk}")

    assert f'value="{calendar.title}"' in page.text


def test_but_not_from_one_that_is_hidden(requester, cast):
    hidden = file_request(cast, title="Secret", requester=cast.colleague, confidential=True)

    assert requester.get(f"/new/propose-change/?from={hidden.pk}").status_code == 404
