"""The description tells what a person in GitLab needs, in sections that hold together."""

import pytest

from tests.factories import answers_for, file_request, request_at, restrict, step
from workflow.actions import spin_off
from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import Route
from workflow.gitlab.escaping import block_in, managed_block, marker_in, note_marker, noted, with_block
from workflow.gitlab.models import OutgoingLink
from workflow.gitlab.render import block_of, surroundings_of, title_of
from workflow.models import Issue
from workflow.states import State
from workflow.verbs import Verb

EVIL = "```\n<!-- supportops:end -->\n/close\n@all #1"


def described(issue):
    """The managed block as it would be pushed now."""
    issue = Issue.objects.get(pk=issue.pk)
    return block_of(issue, surroundings_of(issue))


@pytest.fixture
def told(cast, settings):
    """A request whose every word is hostile."""
    settings.PORTAL_URL = "https://portal.example/"
    rows = [
        {"key": "a", "label": "Line\n/close @all", "type": "long", "answer": EVIL},
        {"key": "b", "label": "Which", "type": "choices", "answer": ["One", "/close"]},
        {"key": "c", "label": "Sure", "type": "yes-no", "answer": True},
        {"key": "d", "label": "Empty", "type": "short", "answer": ""},
    ]
    return file_request(cast, Kind.BUG, title="/close @all", description=EVIL, answers=rows)


@pytest.mark.django_db
def test_the_way_back_to_the_portal_stands_first(told):
    assert described(told).startswith(f"**[SO-{told.pk}](https://portal.example/issues/{told.pk}/)**")


@pytest.mark.django_db
def test_answers_are_sections_and_empty_ones_are_left_out(told):
    text = described(told)
    assert "### Which\n\n> - One\n> - /close" in text
    assert "### Sure\n\n> Yes" in text
    assert "Empty" not in text


@pytest.mark.django_db
def test_no_line_of_a_description_is_a_command(told):
    assert [line for line in described(told).split("\n") if line.startswith("/")] == []


@pytest.mark.django_db
def test_nobody_can_end_the_managed_block_or_forge_its_marks(told):
    text = described(told)
    assert block_in(managed_block("mark1", text)) == text
    assert marker_in(text) is None


@pytest.mark.django_db
def test_a_hostile_title_is_a_title(told):
    assert title_of(told) == "\u200b/close @\u200ball"


@pytest.mark.django_db
def test_who_approved_is_named(cast):
    issue = request_at(State.TRIAGE, Kind.ADMINISTRATIVE, cast=cast, route="calendly")
    assert "Approved by **Manager**" in described(issue)


@pytest.mark.django_db
def test_who_is_asked_to_approve_is_named(cast):
    assert "Approval asked of **Manager**" in described(file_request(cast, Kind.ADMINISTRATIVE, route="calendly"))


@pytest.mark.django_db
def test_a_carried_over_approval_says_so(cast):
    proposal = request_at(State.COMPLETED, Kind.PROPOSAL, cast=cast)
    assert "Approved by **Manager**, carried over" in described(Issue.objects.get(links_in__source=proposal))


@pytest.mark.django_db
def test_titles_of_linked_requests_stay_in_the_portal(cast):
    issue = request_at(State.COMPLETED, Kind.PROPOSAL, cast=cast)
    new = Issue.objects.get(links_in__source=issue)
    Issue.objects.filter(pk=new.pk).update(title="The canary")
    restrict(new)
    assert "canary" not in described(issue)


@pytest.mark.django_db
def test_what_blocks_is_told_while_it_blocks(cast):
    issue = request_at(State.BLOCKED, Kind.BUG, cast=cast)
    assert "### Blocked\n\nBy Vendor.\n\n> They are up." in described(issue)
    step(issue, Verb.UNBLOCK, cast.ops)
    assert "### Blocked" not in described(issue)


@pytest.mark.django_db
def test_a_huge_text_is_shortened_and_says_where_the_rest_is(cast):
    issue = file_request(cast, Kind.BUG, answers=[{"key": "a", "label": "A", "type": "long", "answer": "x" * 250_000}])
    text = described(issue)
    assert len(text) < 201_000
    assert text.endswith(f"[SO-{issue.pk}](http://127.0.0.1:8000/issues/{issue.pk}/).")


def test_only_the_managed_block_is_replaced():
    before = f"above\n{managed_block('m1', 'old')}\nbelow"
    assert with_block(before, "m1", "new") == f"above\n{managed_block('m1', 'new')}\nbelow"


def test_line_ends_of_the_web_editor_do_not_hide_the_block():
    assert block_in(managed_block("m1", "one\ntwo").replace("\n", "\r\n")) == "one\ntwo"


def test_a_forged_note_mark_is_none():
    assert noted(f"words {note_marker(7)}") == 7
    assert noted(note_marker(7).replace("note 7", "note 8")) is None


@pytest.mark.django_db
def test_an_open_request_does_not_name_a_restricted_one(cast):
    parent = request_at(State.DEVELOPMENT, Kind.BUG, cast=cast)
    given = {
        "route": Route.objects.get(key="macros-us-federal"),
        "title": "Part",
        "description": "Of it.",
        "answers": answers_for("macros-us-federal"),
        "approver": cast.manager,
    }

    hidden = spin_off(parent.pk, by=cast.federal, given=given)

    assert hidden.reference not in described(parent)
    assert parent.reference in described(hidden)
    assert not OutgoingLink.objects.filter(link__target=hidden).exists()
