"""The menu: the person's places with live counts, cheap, and silent when the database is away."""

from unittest.mock import patch

import pytest
from django.db import OperationalError, connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from supportops.accounts.models import User
from supportops.portal.menu import NUMBERS, menu
from tests.factories import file_request, request_at
from workflow.catalogue.kinds import Kind
from workflow.gitlab.models.connection import Connection
from workflow.states import State


def seen_by(person, path="/"):
    """The menu and banners as a page of this person has them."""
    request = RequestFactory().get(path)
    request.user = User.objects.get(pk=person.pk)
    return menu(request)


def labels(person):
    return [item["label"] for section in seen_by(person)["menu"] for item in section["items"]]


def count_of(person, label):
    return next(i["count"] for s in seen_by(person)["menu"] for i in s["items"] if i["label"] == label)


@pytest.mark.parametrize(
    ("who", "has", "has_not"),
    [
        (
            "requester",
            {"Start", "My requests", "Inbox", "To answer", "To validate"},
            {"Triage", "Reports", "To approve"},
        ),
        ("ops", {"Triage", "Questions", "Design", "Backlog", "GitLab sync", "Reports"}, {"People", "Escalated"}),
        ("admin", {"People", "Administration"}, {"Triage", "Reports"}),
    ],
)
def test_places_by_role(cast, who, has, has_not):
    found = set(labels(getattr(cast, who)))
    assert has <= found
    assert not has_not & found


def test_a_queue_of_few_shows_once_something_is_in_it(cast):
    file_request(cast, Kind.ADMINISTRATIVE, route="calendly")
    request_at(State.ESCALATED, Kind.FEATURE, cast=cast)
    assert count_of(cast.manager, "To approve") == 1
    assert count_of(cast.lead, "Escalated") == 1
    assert "Escalated" not in labels(cast.ops)


def test_counts_follow_at_once(cast):
    assert count_of(cast.ops, "Triage") == 0
    file_request(cast)
    assert count_of(cast.ops, "Triage") == 1


def test_unread_notices_are_counted(cast):
    request_at(State.NEEDS_INFO, cast=cast)
    assert count_of(cast.requester, "Inbox") == 1


def test_four_places_are_for_the_phone(cast):
    sections = seen_by(cast.ops)["menu"]
    assert len([item for section in sections for item in section["items"] if item.get("phone")]) == 4


def test_the_page_one_is_on_is_marked(cast):
    sections = seen_by(cast.ops, "/queues/triage/")["menu"]
    assert [i["label"] for s in sections for i in s["items"] if i["current"]] == ["Triage"]


def test_the_refresh_marks_the_page_it_stands_on(client, cast):
    client.force_login(cast.ops)
    here = {"HX-Request": "true", "HX-Current-URL": "http://testserver/queues/design/?owner=me"}
    page = client.get("/menu/", headers=here)
    assert page.content.decode().count('aria-current="page"') == 1
    assert 'href="/queues/design/" aria-current="page"' in page.content.decode()


def test_the_refresh_brings_the_phones_bar_and_its_count(client, cast):
    client.force_login(cast.requester)
    page = client.get("/mine/").text
    request_at(State.NEEDS_INFO, cast=cast)
    again = client.get("/menu/", headers={"HX-Request": "true"}).text

    assert page.count('id="bottom-bar"') == again.count('id="bottom-bar"') == 1
    assert "data-hx-swap-oob" not in page and 'id="bottom-bar" data-hx-swap-oob="true"' in again
    assert 'class="count' in again[again.index('id="bottom-bar"') :]


def test_nothing_is_read_before_a_page_asks(cast, django_assert_num_queries):
    with django_assert_num_queries(0):
        seen_by_nobody_yet = menu(RequestFactory().get("/"))
    assert not seen_by_nobody_yet["menu"]


def test_menu_and_banners_take_one_query_besides_roles_and_absences(cast):
    request = RequestFactory().get("/")
    request.user = User.objects.get(pk=cast.ops.pk)
    assert request.user.group_names and request.user.group_ids
    assert request.user.stood_in_ids == frozenset()
    found = menu(request)
    NUMBERS.of(request.user)  # on PostgreSQL the first one of a connection is planned besides
    with CaptureQueriesContext(connection) as queries:
        assert list(found["menu"])
        assert list(found["banners"]) == []
    assert len(queries) == 1


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("away_since", "GitLab cannot be reached."),
        ("paused_at", "The exchange with GitLab is paused."),
    ],
)
def test_everybody_is_told_when_gitlab_is_away(client, cast, field, words):
    Connection.load()
    Connection.objects.update(**{field: timezone.now()})
    client.force_login(cast.requester)
    assert f"{words} What you do is saved here and will follow." in client.get("/mine/").content.decode()


def test_without_a_database_a_page_can_still_be_drawn(cast):
    request = RequestFactory().get("/")
    request.user = cast.ops
    with patch.object(connection, "cursor", side_effect=OperationalError("away")):
        found = menu(request)
        assert (list(found["menu"]), list(found["banners"])) == ([], [])
