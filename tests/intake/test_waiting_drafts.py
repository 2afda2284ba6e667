"""A draft that waits for somebody stands in “Waits for you” and is counted in the menu."""

import pytest

from intake.actions import hand_over
from intake.models import Draft
from tests.factories import file_request, step
from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import Entry, Route
from workflow.verbs import Verb


@pytest.fixture
def carried_on(cast):
    """A question of the requester's that Support Operations carry on, and its draft."""
    question = file_request(cast, Kind.QUESTION, title="How do I get a new trigger?")
    step(question, Verb.CONTINUE_IN, cast.ops, route=Route.objects.get(key="feature"))
    return question, Draft.objects.get()


def counted(page):
    """What the menu says beside Drafts."""
    items = [item for section in page.context["menu"] for item in section["items"]]
    return next(item["count"] for item in items if item["label"] == "Drafts")


def test_a_question_that_goes_on_waits_for_its_requester_and_for_nobody_else(client, cast, carried_on):
    question, draft = carried_on
    client.force_login(cast.requester)
    page = client.get("/mine/")
    assert draft.get_absolute_url() in page.text and draft.title in page.text
    assert f"{question.reference} goes on in it: a few answers are still needed from you." in page.text
    assert "Nothing waits for you" not in page.text and counted(page) == 1
    client.force_login(cast.colleague)
    page = client.get("/mine/")
    assert draft.title not in page.text and counted(page) == 0


def test_a_draft_that_was_handed_over_waits_for_who_got_it(client, cast):
    entry = Entry.objects.get(route__key="bug")
    draft = Draft.objects.create(
        entry=entry, owner=cast.requester, originator=cast.requester, data={"title": ["Half a bug"]}
    )
    hand_over(draft, to=cast.colleague, by=cast.requester)
    client.force_login(cast.colleague)
    page = client.get("/mine/")
    assert "Half a bug" in page.text and "Requester handed it over to you." in page.text and counted(page) == 1


def test_what_one_writes_oneself_or_has_filed_waits_for_nobody(client, cast, carried_on):
    Draft.objects.update(issue=carried_on[0])
    entry = Entry.objects.get(route__key="bug")
    Draft.objects.create(entry=entry, owner=cast.requester, originator=cast.requester, data={"title": ["Mine"]})
    client.force_login(cast.requester)
    page = client.get("/mine/")
    assert "To finish" not in page.text and counted(page) == 0
