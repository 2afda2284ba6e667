"""The portal itself moves an issue: what hangs on it in GitLab has other numbers there, and is still known."""

import pytest

from tests.factories import answers_for, file_request
from tests.gitlab.inbound.looking import change, filed, look, mirror_of, note, push, push_later, sync
from workflow.actions import comment, move, take_step
from workflow.catalogue.models import Route, Tracker
from workflow.gitlab.models import OutgoingNote
from workflow.gitlab.reconcile import reconcile
from workflow.models import Comment, Event
from workflow.models.event import UNDONE
from workflow.verbs import Verb

pytestmark = pytest.mark.django_db
MOVE = r"/move$"


@pytest.fixture
def bug(cast, mirrored):
    """A bug with a comment from each side, known on both."""
    issue = filed(cast)
    comment(issue.pk, "From the portal.", by=cast.requester)
    note(mirrored, issue, "From GitLab.", by="colleague")
    return sync(issue)


@pytest.fixture
def elsewhere(mirrored, cast, bug):
    """Another open tracker whose number is known."""
    push(file_request(cast, route="fix"))
    return Tracker.objects.get(path="gitlab-com/support/support-ops/support-ops-project")


def check_that_every_comment_is_known(gitlab, bug):
    look(bug)
    bodies = sorted(Comment.objects.filter(issue=bug, deleted_at=None).values_list("body", flat=True))
    assert bodies == ["From GitLab.", "From the portal."]
    assert not Comment.objects.filter(issue=bug, deleted_at__isnull=False).exists()
    there = {one["id"] for one in gitlab.notes(mirror_of(bug))}
    assert set(OutgoingNote.objects.filter(issue=bug).values_list("note_id", flat=True)) <= there
    assert reconcile("all").findings == []


def test_a_move_doubles_no_comment_and_forgets_none(cast, mirrored, bug, elsewhere):
    move(bug.pk, elsewhere, by=cast.ops)
    push_later(bug)
    assert mirror_of(bug).project_id == elsewhere.project_id
    check_that_every_comment_is_known(mirrored, bug)


def test_nor_does_one_of_which_there_was_no_answer(cast, mirrored, bug, elsewhere):
    move(bug.pk, elsewhere, by=cast.ops)
    mirrored.fail("apply_then_timeout", path=MOVE)
    push_later(bug)
    push_later(bug)
    assert mirror_of(bug).project_id == elsewhere.project_id
    check_that_every_comment_is_known(mirrored, bug)


def test_nor_does_one_after_which_the_comments_could_not_be_read(cast, mirrored, bug, elsewhere):
    move(bug.pk, elsewhere, by=cast.ops)
    mirrored.fail("server_error", method="GET", path=r"/notes$")
    push_later(bug)
    push_later(bug)
    assert mirror_of(bug).project_id == elsewhere.project_id
    check_that_every_comment_is_known(mirrored, bug)


def test_a_comment_that_was_edited_meanwhile_stays_one(cast, mirrored, bug, elsewhere):
    mirror = mirror_of(bug)
    theirs = next(one for one in mirrored.notes(mirror) if one["body"] == "From GitLab.")
    place = f"/projects/{mirror.project_id}/issues/{mirror.iid}/notes/{theirs['id']}"
    mirrored.api("PUT", place, sudo="colleague", body="Edited in GitLab.")
    move(bug.pk, elsewhere, by=cast.ops)
    push_later(bug)
    look(bug)
    bodies = sorted(Comment.objects.filter(issue=bug).values_list("body", flat=True))
    assert bodies == ["Edited in GitLab.", "From the portal."]


@pytest.mark.parametrize("fault", [None, "apply_then_timeout"])
def test_labels_of_peoples_own_come_along(cast, mirrored, bug, elsewhere, fault):
    change(mirrored, bug, by="colleague", add_labels="only of the first project")
    look(bug)
    move(bug.pk, elsewhere, by=cast.ops)
    if fault:
        mirrored.fail(fault, path=MOVE)
        push_later(bug)
    push_later(bug)
    assert mirror_of(bug).project_id == elsewhere.project_id
    assert "only of the first project" in mirrored.issue(mirror_of(bug))["labels"]


def test_what_was_heard_before_the_move_is_not_heard_again(cast, mirrored, bug, elsewhere):
    change(mirrored, bug, by="requester", add_labels="Stage::Completed")
    sync(bug)
    move(bug.pk, elsewhere, by=cast.ops)
    push_later(bug)
    sync(bug)
    assert Event.objects.filter(issue=bug, verb=UNDONE).count() == 1


def test_what_people_did_before_the_move_is_taken_in_first(cast, mirrored, bug, elsewhere):
    change(mirrored, bug, by="ops", title="Renamed in GitLab")
    move(bug.pk, elsewhere, by=cast.ops)
    push_later(bug)
    push_later(bug)
    bug.refresh_from_db()
    shown = mirrored.issue(mirror_of(bug))
    assert (bug.title, shown["title"]) == ("Renamed in GitLab", "Renamed in GitLab")
    assert mirror_of(bug).project_id == elsewhere.project_id


def test_a_look_lets_a_request_be_moved_into_a_restricted_tracker(cast, mirrored, bug):
    secret = Tracker.objects.get(confidential_only=True)
    project = mirrored.api("GET", f"/projects/{secret.path.replace('/', '%2F')}")["id"]
    Tracker.objects.filter(pk=secret.pk).update(project_id=project)
    secret.refresh_from_db()
    take_step(bug.pk, Verb.RECLASSIFY, by=cast.federal, given=macros("macros-us-federal"))
    note(mirrored, bug, "Still in the open.", by="colleague")
    look(bug)
    push_later(bug)
    mirror = mirror_of(bug)
    assert (mirror.status, mirror.last_error, mirror.project_id) == ("in-step", "", project)
    assert mirrored.issue(mirror)["confidential"]


def macros(route):
    """What reclassifying into this route must be given."""
    return {"route": Route.objects.get(key=route), "text": "It is about macros.", "answers": answers_for(route)}
