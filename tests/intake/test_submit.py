"""Filing: invalid, twice, forged, with files."""

import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from intake.models import Draft, DraftAttachment
from tests.factories import file_request, without_savepoints
from workflow.models import Attachment, Issue
from workflow.states import State


def text_file(name="log.txt", content=b"It broke."):
    return SimpleUploadedFile(name, content, "text/plain")


def test_an_invalid_form_keeps_every_answer(requester, fill_in):
    posted = fill_in("bug", title="", steps="1. Open it\n2. Look", since="Monday", system="Zapier")

    page = requester.post("/new/bug/", posted)

    assert page.status_code == 422
    assert not Issue.objects.exists()
    for name in ("steps", "since", "expected", "impact"):
        assert posted[name].replace("\n", "\r\n") in page.text or posted[name] in page.text
    assert '<option value="Zapier" selected' in page.text
    assert 'href="#id_title"' in page.text, "the summary leads to the field"


def test_an_invalid_form_is_kept_as_a_draft(requester, fill_in):
    requester.post("/new/bug/", fill_in("bug", title="", steps="One two three"))

    assert Draft.objects.get().data["steps"] == ["One two three"]


def test_an_invalid_form_keeps_its_files_and_files_them_the_next_time(requester, fill_in):
    posted = fill_in("bug", title="")
    page = requester.post("/new/bug/", posted | {"attachments": [text_file("a.txt"), text_file("b.txt")]})
    assert "a.txt" in page.text
    assert "b.txt" in page.text

    requester.post("/new/bug/", posted | {"title": "Now with a title", "draft_version": "1"})

    assert sorted(Issue.objects.get().attachments.values_list("name", flat=True)) == ["a.txt", "b.txt"]
    assert not DraftAttachment.objects.exists()


def test_a_kept_file_can_be_removed(requester, fill_in):
    posted = fill_in("bug", title="")
    requester.post("/new/bug/", posted | {"attachments": text_file()})
    kept = Attachment.objects.get()

    answer = requester.post("/new/bug/", posted | {"remove": kept.pk, "since": "Monday"})

    assert answer.url == f"/drafts/{posted['submission']}/"
    assert not Attachment.objects.exists()
    assert Draft.objects.get().data["since"] == ["Monday"], "what was typed meanwhile is saved"


def test_a_file_of_somebody_elses_draft_cannot_be_removed(requester, cast, entry, fill_in):
    theirs = Draft.objects.create(entry=entry("bug"), owner=cast.colleague, originator=cast.colleague)
    kept = Attachment.objects.create(name="x.txt", content_type="text/plain", size=1, uploaded_by=cast.colleague)
    DraftAttachment.objects.create(draft=theirs, attachment=kept)

    requester.post("/new/bug/", fill_in("bug", remove=kept.pk))

    assert Attachment.objects.filter(pk=kept.pk).exists()


@pytest.mark.parametrize(
    "wrong", [text_file("run.exe"), text_file("picture.png", b"no picture")], ids=["a type", "a disguise"]
)
def test_a_file_that_may_not_be_attached_is_named_and_the_rest_is_kept(requester, fill_in, wrong):
    page = requester.post("/new/bug/", fill_in("bug") | {"attachments": [wrong, text_file("fine.txt")]})

    assert page.status_code == 422
    assert wrong.name in str(page.context["form"].errors["attachments"])
    assert Attachment.objects.get().name == "fine.txt"


def test_a_request_takes_twenty_files(requester, fill_in):
    page = requester.post("/new/bug/", fill_in("bug") | {"attachments": [text_file(f"{n}.txt") for n in range(21)]})

    assert page.status_code == 422
    assert Attachment.objects.count() == 20


@pytest.mark.fault(44)
def test_sent_twice_there_is_one_request(requester, fill_in):
    posted = fill_in("bug")

    first, second = requester.post("/new/bug/", posted), requester.post("/new/bug/", posted)

    assert first.url == second.url
    assert Issue.objects.count() == 1


def test_sent_again_with_other_words_nothing_changes(requester, fill_in):
    posted = fill_in("bug", title="First")
    requester.post("/new/bug/", posted)

    answer = requester.post("/new/bug/", posted | {"title": "Second"})

    assert answer.status_code == 302
    assert Issue.objects.get().title == "First"


def test_a_filed_draft_keeps_no_text_of_its_own(requester, fill_in):
    requester.post("/new/bug/", fill_in("bug"))

    draft = Draft.objects.get()
    assert draft.data == {}
    assert draft.issue == Issue.objects.get()


FORGED = {
    "state": "completed",
    "requester": "1",
    "requester_id": "1",
    "filed_by": "1",
    "by": "1",
    "number": "999999",
    "pk": "999999",
    "outcome": "completed",
    "priority": "1",
    "assignee": "1",
    "restricted_to": "1",
    "kind": "feature",
    "version": "77",
    "tracker": "1",
    "milestone": "1",
    "validation_asked": "on",
    "return_to": "design",
    "created_at": "2001-01-01",
    "answers": "[]",
    "owner": "1",
    "originator": "1",
}


def test_names_that_the_form_does_not_ask_for_are_ignored(requester, cast, fill_in):
    requester.post("/new/other/", fill_in("other") | FORGED)

    issue = Issue.objects.get()
    assert (issue.state, issue.requester, issue.filed_by) == (State.TRIAGE, cast.requester, None)
    assert (issue.kind, issue.priority, issue.assignee, issue.milestone) == ("administrative", None, None, None)
    assert (issue.restricted_to, issue.version, issue.outcome) == (None, 1, "")
    assert timezone.now() - issue.created_at < timedelta(minutes=1)
    assert issue.answers


def test_an_approver_cannot_be_forged_where_none_is_chosen(requester, cast, fill_in):
    requester.post("/new/calendly/", fill_in("calendly", approver=cast.standin.pk))

    assert Issue.objects.get().approvers == [cast.manager]


def test_a_form_without_its_marks_is_filed_all_the_same(requester, fill_in):
    answer = requester.post("/new/bug/", fill_in("bug", submission=None, page=None, draft_version=None, action=None))

    assert answer.status_code == 302


def test_the_mark_of_somebody_elses_request_gives_nothing_away(requester, cast, fill_in):
    mark = uuid.uuid4()
    theirs = file_request(cast, requester=cast.colleague, submission=mark, confidential=True, title="Their secret")

    answer = requester.post("/new/bug/", fill_in("bug", submission=mark))

    assert answer.status_code == 403
    assert "Location" not in answer.headers
    assert theirs.title not in answer.text
    assert Issue.objects.count() == 1


def test_filing_takes_few_statements(requester, fill_in):
    posted = fill_in("bug")
    requester.get("/new/bug/")

    with CaptureQueriesContext(connection) as asked:
        assert requester.post("/new/bug/", posted).status_code == 302

    assert Issue.objects.count() == 1
    assert len(without_savepoints(asked)) <= 20
