"""A request that changes its tracker takes its GitLab issue along; requests that belong together are linked there."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.factories import accept, answers_for, file_request, request_at, step
from tests.gitlab.pushing import push, push_later
from workflow.actions import attach, comment, move, store_file
from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import Route, Tracker
from workflow.gitlab.models import GitLabLink, OutgoingLink
from workflow.models import Issue
from workflow.states import State
from workflow.verbs import Verb

pytestmark = pytest.mark.django_db
MOVE = r"/move$"


@pytest.fixture
def bug(cast, mirrored):
    """A bug whose GitLab issue is there; the log is empty."""
    issue = file_request(cast, Kind.BUG)
    push(issue)
    mirrored.forget()
    return issue


@pytest.fixture
def elsewhere(bug):
    """Another open tracker."""
    return Tracker.objects.get(path="gitlab-com/support/support-ops/support-ops-project")


def test_the_issue_moves_and_keeps_its_labels_and_words(cast, mirrored, bug, elsewhere):
    before = GitLabLink.objects.get(pk=bug.pk)
    move(bug.pk, elsewhere, by=cast.ops)
    mirror = push(bug)
    shown = mirrored.issue(mirror)
    assert mirror.project_id == Tracker.objects.get(pk=elsewhere.pk).project_id != before.project_id
    assert (mirror.status, shown["web_url"], shown["state"]) == ("in-step", mirror.web_url, "opened")
    assert {"bug", "Stage::Triage"} <= set(shown["labels"])
    assert mirrored.issue(before)["moved_to_id"] == mirror.gitlab_id


def test_a_change_after_the_move_goes_to_the_new_place(cast, mirrored, bug, elsewhere):
    move(bug.pk, elsewhere, by=cast.ops)
    accept(bug, cast)
    comment(bug.pk, "Hello there.", by=cast.requester)
    mirror = push(bug)
    assert "Stage::Design" in mirrored.issue(mirror)["labels"]
    assert len(mirrored.notes(mirror)) == 1


@pytest.mark.parametrize("fault", ["apply_then_timeout", "cut_reply"])
def test_an_unconfirmed_move_that_happened_is_followed(cast, mirrored, bug, elsewhere, fault):
    move(bug.pk, elsewhere, by=cast.ops)
    mirrored.fail(fault, path=MOVE)
    assert push(bug).status == "behind"
    mirror = push_later(bug)
    assert mirror.project_id == Tracker.objects.get(pk=elsewhere.pk).project_id
    assert len([path for _, path in mirrored.calls("POST") if path.endswith("/move")]) == 1


@pytest.mark.fault(21)
def test_an_issue_moved_in_gitlab_is_found_again_not_closed(cast, mirrored, bug, elsewhere):
    mirror = GitLabLink.objects.get(pk=bug.pk)
    push(file_request(cast, Kind.BUG, route="fix"))
    target = Tracker.objects.get(pk=elsewhere.pk).project_id
    mirrored.api("POST", f"/projects/{mirror.project_id}/issues/{mirror.iid}/move", sudo="ops", to_project_id=target)
    accept(bug, cast)
    mirror = push(bug)
    assert (mirror.status, mirrored.issue(mirror)["state"]) == ("in-step", "opened")
    assert mirror.project_id == target == Issue.objects.get(pk=bug.pk).tracker.project_id


def test_files_in_the_description_are_uploaded_where_it_moves(cast, mirrored, bug, elsewhere):
    attach(bug.pk, [store_file(SimpleUploadedFile("a.txt", b"words"), by=cast.requester)], by=cast.requester)
    push(bug)
    move(bug.pk, elsewhere, by=cast.ops)
    mirrored.forget()
    mirror = push(bug)
    assert ("POST", f"/projects/{mirror.project_id}/uploads") in mirrored.calls()


def test_a_continued_proposal_and_what_carries_it_on_are_linked(cast, mirrored):
    proposal = request_at(State.TRIAGE, Kind.PROPOSAL, cast=cast)
    push(proposal)
    step(proposal, Verb.CONTINUE_IN, cast.ops, route=Route.objects.get(key="feature"), answers=answers_for("feature"))
    new = Issue.objects.get(links_in__source=proposal)
    push(proposal)
    there, here = push(new), push_later(proposal)
    links = mirrored.api("GET", f"/projects/{here.project_id}/issues/{here.iid}/links")
    assert [(link["project_id"], link["iid"]) for link in links] == [(there.project_id, there.iid)]
    assert OutgoingLink.objects.get(link__source=proposal).due_at is None
    assert f"Continued in [SO-{new.pk}]" in mirrored.issue(here)["description"]
    assert f"Continues [SO-{proposal.pk}]" in mirrored.issue(there)["description"]


def test_a_link_that_is_there_already_is_enough(cast, mirrored):
    proposal = request_at(State.COMPLETED, Kind.PROPOSAL, cast=cast)
    push(Issue.objects.get(links_in__source=proposal))
    mirrored.fail("apply_then_timeout", path=r"/links$")
    push(proposal)
    push_later(proposal)
    row = OutgoingLink.objects.get(link__source=proposal)
    assert (row.due_at, row.parked, row.last_error) == (None, False, "")
