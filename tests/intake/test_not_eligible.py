"""Who may not file a kind sees why before typing, and can hand the draft to one who may (domain.md §2)."""

import pytest
from django.contrib.auth.models import Group

from intake.models import Draft
from workflow.models import Issue


@pytest.fixture
def only_ops(entry):
    """Bugs may be filed by ops only."""
    bug = entry("bug")
    bug.may_file.add(Group.objects.get(name="ops"))
    return bug


@pytest.fixture
def handed_over(requester, cast, only_ops, fill_in):
    """A draft that the requester handed to ops; what was posted."""
    posted = fill_in("bug", title="Please file this", action="hand-over", person=None)
    assert requester.post("/new/bug/", posted | {"person": cast.ops.pk}).url == "/drafts/"
    return posted


def test_the_reason_stands_before_the_form(requester, only_ops):
    page = requester.get("/new/bug/").text

    assert page.index("Only members of Support Operations may file this.") < page.index('<form class="form"')
    assert 'value="submit"' not in page


def test_the_entrys_own_sentence_is_used(requester, only_ops):
    only_ops.why_not = "Bugs come from Support Operations. Use “Get something fixed”."
    only_ops.save()

    assert "Bugs come from Support Operations." in requester.get("/new/bug/").text


def test_those_who_may_are_offered(requester, cast, only_ops):
    offered = requester.get("/new/bug/").context["hand_over"].fields["person"].queryset

    assert set(offered) == {cast.ops, cast.other_ops, cast.federal}


def test_who_may_file_is_asked_nothing_of_the_kind(cast, browser_of, only_ops):
    page = browser_of(cast.ops).get("/new/bug/").text

    assert "cannot file this yourself" not in page
    assert 'value="submit"' in page


def test_filing_all_the_same_is_refused_and_nothing_is_lost(requester, only_ops, fill_in):
    answer = requester.post("/new/bug/", fill_in("bug", title="Tried"))

    assert answer.status_code == 403
    assert "Only members of Support Operations may file this." in answer.text
    assert not Issue.objects.exists()
    assert Draft.objects.get().title == "Tried"


def test_a_draft_may_be_handed_over_half_written(requester, cast, only_ops):
    requester.post("/new/bug/", {"action": "hand-over", "title": "Half", "person": cast.ops.pk})

    draft = Draft.objects.get()
    assert (draft.owner, draft.originator, draft.title) == (cast.ops, cast.requester, "Half")


def test_whoever_got_it_finds_it_and_sees_for_whom(cast, browser_of, handed_over):
    page = browser_of(cast.ops).get("/drafts/").text

    assert "Please file this" in page
    assert "for Requester" in page


def test_who_handed_it_on_sees_with_whom_it_is(requester, handed_over):
    page = requester.get("/drafts/").text

    assert "Handed on" in page
    assert "Ops files it" in page


def test_both_names_are_kept_when_it_is_filed(cast, browser_of, handed_over, fill_in):
    page = browser_of(cast.ops).get(f"/drafts/{handed_over['submission']}/", follow=True)
    typed = page.context["typed"]

    page.client.post(
        "/new/bug/", fill_in("bug", submission=typed.submission, page=typed.page, draft_version=typed.version)
    )

    issue = Issue.objects.get()
    assert (issue.requester, issue.filed_by) == (cast.requester, cast.ops)
    filed = issue.events.get()
    assert (filed.actor, filed.on_behalf_of) == (cast.ops, cast.requester)
    shown = " ".join(page.client.get(issue.get_absolute_url()).text.split())
    assert "Filed by" in shown
    assert "<strong>Ops</strong> for <strong>Requester</strong> filed this request" in shown


def test_who_handed_it_on_no_longer_writes_in_it(requester, handed_over):
    answer = requester.post("/new/bug/", handed_over | {"action": "draft", "title": "Changed"})

    assert answer.status_code == 403
    assert Draft.objects.get().title == "Please file this"


@pytest.mark.parametrize("who", ["colleague", "requester", ""])
def test_it_is_handed_only_to_somebody_who_may_file_it(requester, cast, only_ops, fill_in, who):
    person = getattr(cast, who).pk if who else ""

    answer = requester.post("/new/bug/", fill_in("bug", action="hand-over") | {"person": person})

    assert answer.status_code == 422
    assert Draft.objects.get().owner == cast.requester
    assert "person" in answer.context["hand_over"].errors


def test_the_approver_is_the_manager_of_who_asked(cast, browser_of, entry, fill_in):
    entry("calendly").may_file.add(Group.objects.get(name="ops"))
    posted = fill_in("calendly")
    browser_of(cast.requester).post("/new/calendly/", posted | {"action": "hand-over", "person": cast.ops.pk})
    page = browser_of(cast.ops).get(f"/drafts/{posted['submission']}/", follow=True)
    typed = page.context["typed"]
    assert "Manager is asked to approve it" in page.text

    page.client.post("/new/calendly/", posted | {"page": typed.page, "draft_version": typed.version})

    assert Issue.objects.get().approvers == [cast.manager]
