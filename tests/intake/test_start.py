"""The start page: the catalogue as cards, and its search."""

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from intake.models import Draft
from workflow.catalogue.models import Entry, Route
from workflow.catalogue.shipped import ENTRIES


def titles(page):
    return [card["title"] for card in page.context["cards"]]


def test_every_entry_has_its_card(requester):
    page = requester.get("/")

    for spec in ENTRIES:
        assert f'href="/new/{spec.key}/"' in page.text


def test_the_guide_is_offered_first(requester):
    page = requester.get("/").text

    assert page.index('href="/guide/"') < page.index('href="/new/bug/"')


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("macro", "Change macros in Zendesk Global"),
        ("broken", "Get something fixed"),
        ("calendar", "Change my Calendly"),
        ("BUG", "Report a bug"),
        ("federal macro", "Change macros in Zendesk US Federal"),
        ("rfc", "Propose a change"),
    ],
)
def test_the_search_finds_by_name_and_other_words(requester, query, first):
    assert titles(requester.get("/", {"q": query}))[0] == first


def test_a_search_that_finds_nothing_says_so_and_goes_on(requester):
    page = requester.get("/", {"q": "xylophone"})

    assert "Nothing found for “xylophone”" in page.text
    assert 'href="/guide/"' in page.text


def test_what_is_not_offered_has_no_card(requester):
    Entry.objects.filter(route__key="fix").update(is_active=False)

    assert "Get something fixed" not in titles(requester.get("/"))


def test_a_card_says_why_one_may_not_file(requester):
    Entry.objects.get(route__key="bug").may_file.add(Group.objects.get(name="ops"))

    assert "Only members of Support Operations may file this." in requester.get("/").text


def test_drafts_are_pointed_out(cast, requester):
    Draft.objects.create(entry=Entry.objects.get(route__key="bug"), owner=cast.requester, originator=cast.requester)

    assert "You have 1 draft<" in requester.get("/").text


def test_more_entries_need_no_more_queries(requester):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as taken:
            requester.get("/")
        return len(taken)

    before = queries()
    for number in range(10):
        route = Route.objects.create(key=f"more-{number}", kind="question")
        entry = Entry.objects.create(route=route, name=f"More {number}", summary="More.")
        entry.may_file.add(Group.objects.get(name="ops"))

    assert queries() <= before + 1, "the person's groups are read once, when some entry asks for them"
    assert before <= 12
