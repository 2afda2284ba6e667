"""Milestones are read from GitLab; what lost its own goes back to planning."""

from datetime import date

import pytest

from tests.factories import file_request, request_at, step
from tests.gitlab.pushing import push
from workflow.catalogue.kinds import Kind
from workflow.gitlab.milestones import sync_milestones
from workflow.models import Issue, Milestone
from workflow.states import State
from workflow.verbs import Verb

pytestmark = pytest.mark.django_db


@pytest.fixture
def planned(cast, mirrored):
    """A feature scheduled for a milestone of its project, which is read already."""
    issue = request_at(State.PLANNING, Kind.FEATURE, cast=cast)
    push(issue)
    issue.tracker.refresh_from_db()
    mirrored.api("POST", f"/projects/{issue.tracker.project_id}/milestones", title="Spring", due_date="2999-05-01")
    sync_milestones()
    return step(issue, Verb.SCHEDULE, cast.ops, milestone=Milestone.objects.get(tracker=issue.tracker, title="Spring"))


def remote(gitlab, issue):
    """Address of the milestone there."""
    return f"/projects/{issue.tracker.project_id}/milestones/{issue.milestone.gitlab_id}"


def test_their_dates_are_gitlabs(planned, mirrored):
    mirrored.api("PUT", remote(mirrored, planned), start_date="2999-04-01", due_date="2999-04-30", title="Late spring")
    sync_milestones()
    read = Milestone.objects.get(pk=planned.milestone_id)
    assert (read.title, read.start_date, read.due_date) == ("Late spring", date(2999, 4, 1), date(2999, 4, 30))


@pytest.mark.parametrize("how", ["closed", "deleted"])
def test_what_lost_its_milestone_is_planned_anew(planned, mirrored, how):
    if how == "closed":
        mirrored.api("PUT", remote(mirrored, planned), state_event="close")
    else:
        mirrored.api("DELETE", remote(mirrored, planned))
    sync_milestones()
    assert Issue.objects.get(pk=planned.pk).state == State.PLANNING
    assert Milestone.objects.get(title="Spring", tracker=planned.tracker).state == how


def test_a_list_that_fails_deletes_nothing(planned, mirrored):
    mirrored.fail("server_error", method="GET", path="/milestones", times=None)
    sync_milestones()
    assert Milestone.objects.get(title="Spring", tracker=planned.tracker).state == Milestone.ACTIVE


def test_a_tracker_never_talked_to_costs_no_call(cast, mirrored):
    file_request(cast, Kind.BUG)
    sync_milestones()
    assert mirrored.calls() == []
