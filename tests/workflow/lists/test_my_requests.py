"""A person's own page."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import file_request, request_at, restrict
from tests.workflow.lists.population import many
from workflow.actions import assign, delegate, watch
from workflow.catalogue.kinds import Kind
from workflow.models import Watch
from workflow.pages.my_requests import WATCHES_READ
from workflow.states import State


def page_of(client, person):
    client.force_login(person)
    return client.get("/mine/")


def waiting(response):
    return {group["queue"].name: [row["title"] for row in group["rows"]] for group in response.context["waiting"]}


def titles(response, section):
    return [row["title"] for row in response.context[section]]


def test_what_waits_for_the_requester_comes_first(client, cast):
    asked = request_at(State.NEEDS_INFO, cast=cast)
    ready = request_at(State.VALIDATION, cast=cast)
    file_request(cast)
    assert waiting(page_of(client, cast.requester)) == {"waiting": [asked.title], "validation": [ready.title]}


def test_approvals_wait_for_the_manager(client, cast):
    asked = file_request(cast, Kind.ADMINISTRATIVE, route="calendly")
    assert waiting(page_of(client, cast.manager)) == {"approvals": [asked.title]}


def test_a_delegated_validation_waits_for_the_delegate(client, cast):
    ready = request_at(State.VALIDATION, cast=cast)
    delegate(ready.pk, cast.colleague, by=cast.requester)
    assert waiting(page_of(client, cast.colleague)) == {"validation": [ready.title]}


def test_open_and_ended_requests_of_the_person_stand_apart(client, cast):
    open_one, ended = file_request(cast), request_at(State.CLOSED, cast=cast)
    file_request(cast, requester=cast.colleague)
    response = page_of(client, cast.requester)
    assert (titles(response, "open"), titles(response, "ended")) == ([open_one.title], [ended.title])


def test_what_is_assigned_to_me_is_for_support_operations(client, cast):
    issue = file_request(cast)
    assign(issue.pk, cast.ops, by=cast.ops)
    assert titles(page_of(client, cast.ops), "assigned") == [issue.title]
    assert "Assigned to you" not in page_of(client, cast.requester).content.decode()


def test_what_is_watched_shows_until_it_is_hidden(client, cast):
    issue = file_request(cast)
    watch(issue.pk, True, by=cast.colleague)
    assert titles(page_of(client, cast.colleague), "watched") == [issue.title]
    restrict(issue)
    assert titles(page_of(client, cast.colleague), "watched") == []


def test_with_nothing_there_the_page_says_what_would_be_there(client, cast):
    page = page_of(client, cast.requester).content.decode()
    assert "Nothing waits for you" in page
    assert "You have no open requests" in page


@pytest.mark.parametrize("who", ["requester", "ops"])
def test_the_page_takes_as_many_queries_with_many_rows_as_with_few(client, cast, who):
    client.force_login(getattr(cast, who))
    numbers = []
    for title, number in (("Few", 5), ("Many", 200)):
        for state in (State.TRIAGE, State.NEEDS_INFO, State.COMPLETED):
            many(number, getattr(cast, who), state=state, title=f"{title} {state}", assignee=cast.ops)
        client.get("/mine/")
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/mine/").status_code == 200
        numbers.append(len(queries))
    assert numbers[0] == numbers[1] <= 12


def test_a_part_of_many_rows_ends_with_a_link_to_all_and_hides_no_other_part(client, cast):
    many(30, cast.requester, state=State.NEEDS_INFO, title="Asked")
    ready = request_at(State.VALIDATION, cast=cast)

    page = page_of(client, cast.requester)

    assert {name: len(rows) for name, rows in waiting(page).items()} == {"waiting": 25, "validation": 1}
    assert ready.title in waiting(page)["validation"]
    assert 'href="/queues/waiting/"' in page.text[page.text.index("<main") :]
    assert "All of “To answer”" in page.text and "All of “To validate”" not in page.text
    assert len(titles(page, "open")) == 10 and 'href="/issues/?mine=on&amp;state=open"' in page.text


def test_where_more_is_watched_than_is_read_a_link_leads_to_all(client, cast):
    opened = file_request(cast)
    watch(opened.pk, True, by=cast.colleague)
    ended = many(WATCHES_READ, cast.requester, state=State.COMPLETED)
    Watch.objects.bulk_create(Watch(issue=issue, person=cast.colleague) for issue in ended)

    page = page_of(client, cast.colleague)

    assert titles(page, "watched") == []
    assert 'href="/issues/?watching=on&amp;state=open"' in page.text
    assert "None of what you began to watch lately is open." in page.text
