"""Being an administrator, a lead or ops is no right to read a restricted request, in the administration neither."""

import re

import pytest
from django.contrib.contenttypes.models import ContentType

from intake.models import Draft
from tests.admin.rows import REQUEST_OF, address, row_of
from workflow.catalogue.models import Entry, Route
from workflow.gitlab.models import OutgoingLink, OutgoingNote
from workflow.models import Attachment, Comment, Issue

OUTSIDERS = ("ops", "lead", "admin")
MISSING = 987_654_321


def _plain(answer):
    """What a page says, without the number that was asked for and without tokens."""
    text = re.sub(r"csrfmiddlewaretoken[^>]*>|X-CSRFToken[^}]*}", "", answer.content.decode())
    return answer.status_code, re.sub(r"\d+", "", text)


def _shown(client, model, **query):
    return [row.pk for row in client.get(address(model, "changelist"), query).context["cl"].result_list]


@pytest.mark.parametrize("outsider", OUTSIDERS)
def test_its_rows_stand_in_no_list(outsider, visit, staff, hidden_story):
    client = visit(getattr(staff, outsider))

    shown = {model: _shown(client, model) for model in REQUEST_OF}

    assert all(row_of(model, hidden_story) for model in REQUEST_OF)
    assert shown == {model: [] for model in REQUEST_OF}


@pytest.mark.parametrize("page", ["change", "history", "delete"])
@pytest.mark.parametrize("outsider", OUTSIDERS)
def test_its_pages_answer_like_a_number_never_given_out(outsider, page, visit, staff, hidden_story):
    client = visit(getattr(staff, outsider))

    for model in REQUEST_OF:
        hidden = client.get(address(model, page, row_of(model, hidden_story).pk))
        missing = client.get(address(model, page, MISSING))

        assert hidden.status_code == 404, model
        assert _plain(hidden) == _plain(missing), model


@pytest.mark.parametrize("outsider", OUTSIDERS)
def test_view_on_site_does_not_tell_that_it_is_there(outsider, visit, staff, hidden_story):
    client = visit(getattr(staff, outsider))
    type_ = ContentType.objects.get_for_model(Issue).pk

    hidden, missing = client.get(f"/admin/r/{type_}/{hidden_story.pk}/"), client.get(f"/admin/r/{type_}/{MISSING}/")

    assert hidden.status_code == 404
    assert _plain(hidden) == _plain(missing)


def test_view_on_site_leads_to_the_page_of_a_request_one_may_see(visit, staff, full_story):
    type_ = ContentType.objects.get_for_model(Issue).pk

    answer = visit(staff.ops).get(f"/admin/r/{type_}/{full_story.pk}/")

    assert answer["Location"] == full_story.get_absolute_url()


@pytest.mark.parametrize("unknown", ["/admin/r/999999/1/", "/admin/r/1/nobody/", "/admin/r/1/99999999999999999999999/"])
def test_view_on_site_of_nothing_is_not_found(unknown, visit, staff):
    assert visit(staff.admin).get(unknown).status_code == 404


@pytest.mark.parametrize("outsider", OUTSIDERS)
def test_the_search_does_not_find_it(outsider, visit, staff, hidden_story):
    client = visit(getattr(staff, outsider))

    assert [_shown(client, Issue, q=words) for words in ("Canary", str(hidden_story.pk))] == [[], []]


@pytest.mark.parametrize("outsider", OUTSIDERS)
def test_a_link_to_it_is_not_shown_on_a_request_one_may_see(outsider, visit, staff, full_story):
    target = full_story.links_out.get().target
    group = Route.objects.get(key="macros-us-federal").restricted_to
    Issue.objects.filter(pk=target.pk).update(restricted_to=group, title="Canary behind a link")
    client = visit(getattr(staff, outsider))

    page = client.get(address(Issue, "change", full_story.pk)).content.decode()

    assert "Spun off into" not in page
    assert _shown(client, OutgoingLink) == []


def test_a_member_of_its_group_reads_all_of_it(visit, staff, hidden_story):
    client = visit(staff.federal)

    pages = {model: client.get(address(model, "change", row_of(model, hidden_story).pk)) for model in REQUEST_OF}

    assert [model for model, page in pages.items() if page.status_code != 200] == []


@pytest.mark.parametrize(
    ("model", "lookup"), [(Comment, "internal"), (Attachment, "internal"), (OutgoingNote, "comment__internal")]
)
def test_internal_notes_are_not_for_administrators(model, lookup, visit, staff, full_story):
    internal = model.objects.filter(**{lookup: True}).get()

    pages = [visit(person).get(address(model, "change", internal.pk)) for person in (staff.ops, staff.admin)]

    assert [page.status_code for page in pages] == [200, 404]


def test_files_of_a_draft_are_nobodys_business(visit, staff, full_story):
    Attachment.objects.update(issue=None, comment=None)

    assert _shown(visit(staff.ops), Attachment) == []


def test_no_page_before_a_deletion_lists_requests(visit, staff, hidden_story):
    """Django names there every row that stands in the way, restricted ones too."""
    client = visit(staff.admin)
    route = hidden_story.route
    rows = [hidden_story.requester, hidden_story.restricted_to, hidden_story.tracker, route, route.entry]

    assert [client.get(address(type(row), "delete", row.pk)).status_code for row in rows] == [403] * 5


def test_a_draft_shows_neither_its_title_nor_the_request_it_became(visit, staff, hidden_story):
    written_by = {"entry": Entry.objects.get(route__key="bug"), "owner": staff.requester, "originator": staff.requester}
    draft = Draft.objects.create(**written_by, data={"title": ["Canary"]})
    Draft.objects.create(**written_by, issue=hidden_story)
    client = visit(staff.admin)

    assert _shown(client, Draft) == [draft.pk]
    assert b"Canary" not in client.get(address(Draft, "changelist")).content
    assert client.get(address(Draft, "change", draft.pk)).status_code == 404


@pytest.mark.parametrize("person", ["requester", "manager", "other_ops"])
def test_the_administration_is_for_staff(person, visit, staff):
    client = visit(getattr(staff, person))

    answer = client.get("/admin/", follow=True)

    assert answer.status_code == 403


def test_who_has_not_signed_in_is_asked_to(client, staff):
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/accounts/login/")
