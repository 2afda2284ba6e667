"""What the state machine guards is only read in the administration, by everybody, by every method."""

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.admin.rows import REQUEST_OF, address, row_of
from tests.factories import file_request
from workflow.models import Event, Issue
from workflow.states import State

READERS = ("ops", "lead", "admin")


def _columns(issue):
    return {model: model.objects.filter(pk=row_of(model, issue).pk).values().get() for model in REQUEST_OF}


def _answers(ask):
    """{model: status} of asking about every model."""
    return {model.__name__: ask(model).status_code for model in REQUEST_OF}


def _everywhere(status):
    return {model.__name__: status for model in REQUEST_OF}


@pytest.mark.parametrize("reader", READERS)
def test_staff_open_every_list(reader, visit, staff, full_story):
    client = visit(getattr(staff, reader))

    assert _answers(lambda model: client.get(address(model, "changelist"))) == _everywhere(200)


@pytest.mark.parametrize("reader", READERS)
def test_staff_open_every_page_and_find_no_button_to_save(reader, visit, staff, full_story):
    client = visit(getattr(staff, reader))

    pages = {model: client.get(address(model, "change", row_of(model, full_story).pk)) for model in REQUEST_OF}

    assert {model.__name__: page.status_code for model, page in pages.items()} == _everywhere(200)
    assert [model for model, page in pages.items() if b'name="_save"' in page.content] == []


@pytest.mark.parametrize("reader", READERS)
def test_staff_read_the_gate_as_it_was_answered(reader, visit, staff, gated):
    path = gated.gate_paths.get()
    client = visit(getattr(staff, reader))

    listed, page = client.get(address(type(path), "changelist")), client.get(address(type(path), "change", path.pk))

    assert listed.status_code == 200
    assert path.answers.get().text in page.content.decode()


@pytest.mark.parametrize("reader", READERS)
def test_nobody_adds_anything(reader, visit, staff, full_story):
    client = visit(getattr(staff, reader))

    assert _answers(lambda model: client.get(address(model, "add"))) == _everywhere(403)
    assert _answers(lambda model: client.post(address(model, "add"), {"title": "Forged"})) == _everywhere(403)


@pytest.mark.parametrize("reader", READERS)
def test_nobody_deletes_anything(reader, visit, staff, full_story):
    client = visit(getattr(staff, reader))
    before = _columns(full_story)

    answers = _answers(
        lambda model: client.post(address(model, "delete", row_of(model, full_story).pk), {"post": "yes"})
    )

    assert answers == _everywhere(403)
    assert _columns(full_story) == before


@pytest.mark.parametrize("reader", READERS)
def test_a_forged_post_changes_nothing(reader, visit, staff, full_story):
    client = visit(getattr(staff, reader))
    before = _columns(full_story)

    def forge(model):
        forged = {field.name: "1" for field in model._meta.concrete_fields}
        forged |= {"state": State.COMPLETED, "outcome": "completed", "_fsm_transition_to": "complete", "_save": "Save"}
        return client.post(address(model, "change", row_of(model, full_story).pk), forged)

    assert _answers(forge) == _everywhere(403)
    assert _columns(full_story) == before


def test_a_forged_bulk_deletion_deletes_nothing(visit, staff, full_story):
    client = visit(staff.admin)
    before = _columns(full_story)

    for model in REQUEST_OF:
        chosen = {"action": "delete_selected", "_selected_action": row_of(model, full_story).pk}
        client.post(address(model, "changelist"), chosen)

    assert _columns(full_story) == before


def test_no_list_of_the_administration_offers_to_delete_in_bulk(rf, staff):
    request = rf.get("/")
    request.user = staff.admin

    offering = [
        model.__name__ for model, page in admin.site._registry.items() if "delete_selected" in page.get_actions(request)
    ]

    assert offering == []


def test_the_list_edits_no_cell(visit, staff, full_story):
    before = _columns(full_story)
    forged = {
        "form-TOTAL_FORMS": "1",
        "form-INITIAL_FORMS": "1",
        "form-0-number": full_story.pk,
        "form-0-state": State.CLOSED,
        "_save": "Save",
    }

    visit(staff.admin).post(address(Issue, "changelist"), forged)

    assert _columns(full_story) == before


def test_the_page_of_a_request_tells_its_story(visit, staff, full_story):
    page = visit(staff.ops).get(address(Issue, "change", full_story.pk)).content.decode()

    told = [full_story.get_absolute_url(), "Manager: approved", "Spun off into", "Colleague"]
    told += [event.label for event in Event.objects.filter(issue=full_story)]
    assert [words for words in told if words not in page] == []


@pytest.mark.parametrize("written", ["SO-{}", "so-{}", "{}"])
def test_a_request_is_found_by_its_number(written, visit, staff):
    issue, _ = file_request(staff, title="This one"), file_request(staff, title="Another")

    page = visit(staff.ops).get(address(Issue, "changelist"), {"q": written.format(issue.pk)})

    assert [found.pk for found in page.context["cl"].result_list] == [issue.pk]


def test_more_requests_need_no_more_queries(visit, staff):
    client = visit(staff.ops)
    file_request(staff)
    few = _queries(client, address(Issue, "changelist"))
    for _ in range(10):
        file_request(staff)

    assert _queries(client, address(Issue, "changelist")) == few


def _queries(client, page):
    client.get(page)
    with CaptureQueriesContext(connection) as seen:
        client.get(page)
    return len(seen)
