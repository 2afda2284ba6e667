"""Drafts: saved, saved by themselves, newer elsewhere, opened, discarded."""

import uuid

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from intake.models import Draft
from workflow.models import Attachment, Issue


@pytest.fixture
def draft(cast, entry):
    """A bug report that the requester has begun."""
    return Draft.objects.create(
        entry=entry("bug"),
        owner=cast.requester,
        originator=cast.requester,
        data={"title": ["Half a thought"], "steps": ["1. Begin"]},
        saved_from=uuid.uuid4(),
    )


def test_save_draft_asks_for_nothing(requester):
    answer = requester.post("/new/bug/", {"action": "draft", "title": "Half a thought"})

    assert answer.url == f"/drafts/{Draft.objects.get().submission}/"
    assert not Issue.objects.exists()


def test_an_opened_draft_fills_the_form(requester, draft):
    page = requester.get(f"/drafts/{draft.submission}/", follow=True)

    assert 'value="Half a thought"' in page.text
    assert "1. Begin</textarea>" in page.text
    assert f'name="submission" value="{draft.submission}"' in page.text


def test_a_draft_brings_back_every_kind_of_answer(requester, entry):
    typed = {
        "title": "T",
        "whose": "Rita",
        "change": "Change an entry",
        "parts": ["Title", "Manager"],
        "values": "Title: X",
        "from_when": "2027-01-02",
        "confidential": "on",
        "action": "draft",
    }
    requester.post("/new/team-page/", typed)

    page = requester.get(f"/drafts/{Draft.objects.get().submission}/", follow=True)

    form = page.context["form"]
    assert form["parts"].value() == ["Title", "Manager"]
    assert 'value="2027-01-02"' in page.text
    assert form["confidential"].value() == "on"


def test_the_list_shows_what_one_writes(requester, draft):
    page = requester.get("/drafts/")

    assert "Half a thought" in page.text
    assert f'href="/drafts/{draft.submission}/"' in page.text


def test_an_empty_list_leads_to_the_catalogue(requester):
    assert "Nothing begun" in requester.get("/drafts/").text


def test_a_new_form_points_at_the_draft_that_was_begun(requester, draft):
    assert f'href="/drafts/{draft.submission}/"' in requester.get("/new/bug/").text


def test_a_draft_is_discarded_with_its_files(requester, django_capture_on_commit_callbacks):
    file = SimpleUploadedFile("a.txt", b"text", "text/plain")
    requester.post("/new/bug/", {"action": "draft", "attachments": file})
    stored = Attachment.objects.get().file.name

    with django_capture_on_commit_callbacks(execute=True):
        requester.post(f"/drafts/{Draft.objects.get().submission}/discard/")

    assert not Draft.objects.exists()
    assert not Attachment.objects.exists()
    assert not default_storage.exists(stored)


@pytest.mark.parametrize("address", ["/drafts/", "/new/bug/?draft={}"])
def test_one_press_discards_nothing(requester, draft, address):
    page = requester.get(address.format(draft.submission)).text

    told, folded, button = (page.index(words) for words in (">Discard<", "Nobody can bring", "Discard the draft"))
    assert told < folded < button < page.index("</details>", told)


@pytest.mark.parametrize("address", ["/drafts/{}/", "/new/bug/?draft={}"])
def test_nobody_opens_another_persons_draft(cast, browser_of, draft, address):
    assert browser_of(cast.colleague).get(address.format(draft.submission)).status_code == 404


def test_nobody_discards_another_persons_draft(cast, browser_of, draft):
    assert browser_of(cast.colleague).post(f"/drafts/{draft.submission}/discard/").status_code == 404
    assert Draft.objects.filter(pk=draft.pk).exists()


def test_nobody_writes_into_another_persons_draft(cast, browser_of, draft, fill_in):
    answer = browser_of(cast.colleague).post("/new/bug/", fill_in("bug", submission=draft.submission))

    draft.refresh_from_db()
    assert answer.status_code == 403
    assert draft.data["title"] == ["Half a thought"]


@pytest.mark.parametrize("mark", ["nonsense", "", "7f1d2f6e-0000-4000-8000-000000000000"])
def test_a_draft_that_does_not_exist_is_not_found(requester, mark):
    assert requester.get(f"/new/bug/?draft={mark}").status_code == 404


def test_looking_saves_nothing(requester):
    requester.get("/new/bug/")

    assert not Draft.objects.exists()


def test_a_draft_at_the_wrong_form_leads_to_its_own(requester, draft):
    assert requester.get(f"/new/fix/?draft={draft.submission}").url == f"/drafts/{draft.submission}/"


def test_the_address_of_a_filed_draft_leads_to_the_request(requester, fill_in):
    posted = fill_in("bug")
    requester.post("/new/bug/", posted)

    issue = Issue.objects.get()
    assert requester.get(f"/drafts/{posted['submission']}/").url == f"/issues/{issue.pk}/"
    assert requester.get(f"/new/bug/?draft={posted['submission']}").url == f"/issues/{issue.pk}/"
    assert requester.post(f"/drafts/{posted['submission']}/discard/").url == f"/issues/{issue.pk}/"


# Saving by itself ----------------------------------------------------------------------------------------------------


@pytest.fixture
def marks():
    """What one page carries."""
    return {"submission": str(uuid.uuid4()), "page": str(uuid.uuid4()), "draft_version": "0"}


def test_typing_saves_itself(requester, marks):
    answer = requester.post("/new/bug/autosave/", marks | {"title": "Typing"})

    assert answer.json() == {"version": 1}
    assert str(Draft.objects.get().submission) == marks["submission"]


def test_a_page_that_did_not_hear_of_its_own_saving_is_not_too_old(requester, marks):
    requester.post("/new/bug/autosave/", marks | {"title": "One"})

    answer = requester.post("/new/bug/autosave/", marks | {"title": "Two"})

    assert answer.json() == {"version": 2}
    assert Draft.objects.get().title == "Two"


def test_a_page_learns_that_another_one_has_saved_since(requester, marks):
    requester.post("/new/bug/autosave/", marks | {"title": "On the phone", "page": str(uuid.uuid4())})

    answer = requester.post("/new/bug/autosave/", marks | {"title": "At the desk"})

    assert answer.status_code == 409
    assert Draft.objects.get().title == "On the phone"


def test_filing_from_an_older_page_shows_both_ways_on_and_loses_nothing(requester, draft, fill_in):
    posted = fill_in("bug", title="At the desk", submission=draft.submission)

    page = requester.post("/new/bug/", posted)

    assert page.status_code == 409
    assert "newer on another device" in page.text
    assert 'value="At the desk"' in page.text
    assert not Issue.objects.exists()


def test_what_stands_on_the_older_page_may_be_kept(requester, draft, fill_in):
    posted = fill_in("bug", title="At the desk", submission=draft.submission, action="keep")

    answer = requester.post("/new/bug/", posted)

    draft.refresh_from_db()
    assert answer.url == f"/drafts/{draft.submission}/"
    assert draft.title == "At the desk"


def test_an_opened_draft_is_of_the_present_version(requester, draft, fill_in):
    page = requester.get(f"/drafts/{draft.submission}/", follow=True)
    typed = page.context["typed"]

    answer = requester.post(
        "/new/bug/", fill_in("bug", submission=typed.submission, page=typed.page, draft_version=typed.version)
    )

    assert answer.url == f"/issues/{Issue.objects.get().pk}/"


def test_nothing_saves_itself_after_filing(requester, marks, fill_in):
    requester.post("/new/bug/", fill_in("bug", **marks))

    assert requester.post("/new/bug/autosave/", marks | {"title": "Late"}).status_code == 409
    assert Draft.objects.get().data == {}


def test_a_draft_grows_only_so_far(requester, marks):
    answer = requester.post("/new/bug/autosave/", marks | {"steps": "x" * 600_000})

    assert answer.status_code == 422
    assert not Draft.objects.exists()


def test_saving_is_a_post(requester):
    assert requester.get("/new/bug/autosave/").status_code == 405


def test_more_drafts_need_no_more_queries(requester, cast, entry, django_assert_max_num_queries):
    for number in range(20):
        Draft.objects.create(
            entry=entry("bug"), owner=cast.requester, originator=cast.colleague, data={"title": [f"Draft {number}"]}
        )

    with django_assert_max_num_queries(8):
        requester.get("/drafts/")
