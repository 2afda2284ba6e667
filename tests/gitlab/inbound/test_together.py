"""Looks and pushes of one request at the same time: one holds it, nothing is applied twice (rows 31, 33 and 39)."""

import threading

import pytest
from django.db import connections

from tests.factories import Cast, file_request
from tests.gitlab.inbound.looking import change, look, mirror_of, note, push, push_later, shown
from workflow.actions import set_due_date, set_priority, take_step
from workflow.gitlab.models.connection import Budget, Connection
from workflow.gitlab.models.inbound import PendingPull
from workflow.gitlab.pull import look_at
from workflow.gitlab.push import push_issue
from workflow.models import Comment, Event, Issue
from workflow.models.event import CONFLICT
from workflow.states import Source
from workflow.verbs import Verb

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def scene(gitlab):
    """(GitLab, people, a bug in step)."""
    Budget.objects.all().delete()
    Connection.objects.all().delete()
    cast = Cast()
    bug = file_request(cast, title="Views are empty")
    push(bug)
    look(bug)
    return gitlab, cast, bug


def at_once(*deeds):
    """Do all of it at the same time; raises what one of them raised."""
    failures, barrier = [], threading.Barrier(len(deeds))

    def run(deed):
        try:
            barrier.wait()
            deed()
        except Exception as error:  # handed to the test
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.fault(33)
def test_33_many_looks_at_once_apply_a_change_and_a_comment_once(scene):
    gitlab, cast, bug = scene
    change(gitlab, bug, title="Changed there")
    note(gitlab, bug, "And said so.")
    PendingPull.ask(bug.pk, thorough=True)
    at_once(*[lambda: look_at(bug.pk)] * 6)
    assert Event.objects.filter(issue=bug, source=Source.GITLAB).count() == 1
    assert Comment.objects.filter(issue=bug).count() == 1


def test_looks_and_pushes_at_once_leave_both_sides_equal(scene):
    gitlab, cast, bug = scene
    for number in range(3):
        change(gitlab, bug, title=f"Changed {number}", add_labels=f"Foreign {number}")
        set_priority(bug.pk, number + 1, by=cast.ops)
        PendingPull.ask(bug.pk, thorough=True)
        at_once(
            lambda: look_at(bug.pk), lambda: push_issue(bug.pk), lambda: look_at(bug.pk), lambda: push_issue(bug.pk)
        )
    look(bug)
    push_later(bug)
    bug, now = Issue.objects.get(pk=bug.pk), shown(gitlab, bug)
    assert (bug.title, now["title"], bug.priority) == ("Changed 2", "Changed 2", 3)
    assert {"p3", "Foreign 0", "Foreign 1", "Foreign 2"} <= set(now["labels"])
    assert mirror_of(bug).status == "in-step"


@pytest.mark.fault(40)
def test_40_a_push_that_comes_first_gives_way_to_the_newer_change(scene):
    gitlab, cast, bug = scene
    take_step(bug.pk, Verb.EDIT, by=cast.requester, given={"title": "Changed here"})
    change(gitlab, bug, title="Changed there")
    push_later(bug)
    assert (Issue.objects.get(pk=bug.pk).title, shown(gitlab, bug)["title"]) == ("Changed there", "Changed there")
    assert Event.objects.filter(issue=bug, verb=CONFLICT).count() == 1


def test_12_a_push_does_not_lay_open_what_somebody_hid(scene):
    gitlab, cast, bug = scene
    change(gitlab, bug, by="ops", confidential=True)
    set_due_date(bug.pk, None, by=cast.ops)
    set_priority(bug.pk, 1, by=cast.ops)
    push_later(bug)
    assert (shown(gitlab, bug)["confidential"], mirror_of(bug).status) == (True, "parked")


@pytest.mark.fault(21)
def test_21_a_push_does_not_move_back_what_somebody_moved(scene):
    gitlab, cast, bug = scene
    other = file_request(cast, route="fix")
    push(other)
    target = mirror_of(other).project_id
    mirror = mirror_of(bug)
    gitlab.api("POST", f"/projects/{mirror.project_id}/issues/{mirror.iid}/move", sudo="ops", to_project_id=target)
    set_priority(bug.pk, 1, by=cast.ops)
    push_later(bug)
    bug = Issue.objects.get(pk=bug.pk)
    assert (bug.tracker_id, mirror_of(bug).project_id) == (other.tracker_id, target)
    assert "p1" in shown(gitlab, bug)["labels"]
