"""What happens to a request shows on its GitLab issue, with one PUT at most, and nothing of other people's is lost."""

from datetime import date

import pytest
from django.utils import timezone

from supportops.accounts.models import User
from tests.factories import accept, file_request, milestone_for, request_at, restrict, step
from tests.gitlab.pushing import minutes_after_it_was_not_found, push, push_later
from workflow.actions import assign, comment, set_due_date, set_priority, watch
from workflow.actions.calendar import replan_lost
from workflow.catalogue.kinds import Kind
from workflow.gitlab.models import GitLabLink, TrackerWait
from workflow.gitlab.models.connection import Budget, Connection, LabelScheme
from workflow.models import Issue, Milestone
from workflow.states import Outcome, State
from workflow.verbs import Verb

pytestmark = pytest.mark.django_db
ISSUE = r"/issues/\d+$"


@pytest.fixture
def bug(cast, mirrored):
    """A bug whose GitLab issue is there; the log is empty."""
    issue = file_request(cast, Kind.BUG, title="Views are empty")
    push(issue)
    mirrored.forget()
    return issue


def use_scheme(name):
    """Make another label scheme the active one."""
    LabelScheme.objects.update(is_active=False)
    LabelScheme.objects.filter(name=name).update(is_active=True)


def change_in_gitlab(gitlab, issue, *, by="ops", **fields):
    """A person changes the issue in GitLab."""
    mirror = GitLabLink.objects.get(pk=issue.pk)
    gitlab.api("PUT", f"/projects/{mirror.project_id}/issues/{mirror.iid}", sudo=by, **fields)


def test_many_steps_while_behind_cost_one_get_and_one_put(cast, mirrored, bug):
    accept(bug, cast)
    step(bug, Verb.SUBMIT_GAMEPLAN, cast.ops, text="First this.")
    set_priority(bug.pk, 1, by=cast.ops)
    step(bug, Verb.REQUEST_VALIDATION, cast.ops, text="Look here.")
    push(bug)
    assert [m for m, path in mirrored.calls() if "/notes" not in path and "/users" not in path] == ["GET", "PUT"]


def test_a_change_that_shows_nowhere_costs_no_call(cast, mirrored, bug):
    watch(bug.pk, True, by=cast.colleague)
    GitLabLink.objects.get(pk=bug.pk).want_push()
    mirror = push(bug)
    assert mirrored.calls() == []
    assert (mirror.status, mirror.pushed_version) == ("in-step", mirror.wanted_version)


def test_what_gitlab_shows_already_costs_no_put(cast, mirrored, bug):
    GitLabLink.objects.filter(pk=bug.pk).update(last_synced={})
    GitLabLink.objects.get(pk=bug.pk).want_push()
    push(bug)
    assert [method for method, _ in mirrored.calls()] == ["GET"]


def test_labels_follow_the_state_and_the_old_stage_goes(cast, mirrored, bug):
    accept(bug, cast)
    assert mirrored.issue(push(bug))["labels"] == ["Customer::Support", "Stage::Design", "Zendesk", "bug", "p2"]


def test_the_active_scheme_decides_how_labels_are_spelt(cast, mirrored):
    use_scheme("2026")
    issue = request_at(State.VALIDATION, Kind.BUG, cast=cast)
    assert mirrored.issue(push(issue))["labels"] == [
        "Customer::Support",
        "Priority::2",
        "RequestType::Bug",
        "Stage::Validation",
        "Validation::Awaiting",
        "Zendesk",
    ]


def test_another_scheme_replaces_the_spellings_of_the_first(cast, mirrored, bug):
    use_scheme("2026")
    accept(bug, cast)
    assert mirrored.issue(push(bug))["labels"] == [
        "Customer::Support",
        "Priority::2",
        "RequestType::Bug",
        "Stage::Planning",
        "Zendesk",
    ]


def test_labels_of_other_people_stay(cast, mirrored, bug):
    change_in_gitlab(mirrored, bug, add_labels="keep me,roadmap_item")
    accept(bug, cast)
    assert {"keep me", "roadmap_item"} <= set(mirrored.issue(push(bug))["labels"])


def test_a_second_stage_label_put_on_by_hand_goes(cast, mirrored, bug):
    change_in_gitlab(mirrored, bug, add_labels="Stage::Development")
    accept(bug, cast)
    labels = mirrored.issue(push(bug))["labels"]
    assert [name for name in labels if name.startswith("Stage::")] == ["Stage::Design"]


def test_siblings_of_a_scope_go_even_if_no_scheme_knows_them(cast, mirrored, bug):
    change_in_gitlab(mirrored, bug, add_labels="Stage::Somewhere")
    accept(bug, cast)
    assert "Stage::Somewhere" not in mirrored.issue(push(bug))["labels"]


def test_text_below_the_managed_block_stays(cast, mirrored, bug):
    before = mirrored.issue(GitLabLink.objects.get(pk=bug.pk))["description"]
    change_in_gitlab(mirrored, bug, description=f"{before}\n\nSeen on Friday, too.")
    step(bug, Verb.ASK, cast.ops, text="Which view?")
    after = mirrored.issue(push(bug))["description"]
    assert after.endswith("<!-- supportops:end -->\n\nSeen on Friday, too.")
    assert "Waits for the requester" in after


def test_a_managed_block_that_was_removed_comes_back_above_what_is_there(cast, mirrored, bug):
    change_in_gitlab(mirrored, bug, description="I rewrote this.")
    accept(bug, cast)
    description = mirrored.issue(push(bug))["description"]
    assert description.startswith("<!-- supportops:begin")
    assert description.endswith("I rewrote this.")


def test_a_title_changed_in_gitlab_waits_for_the_merge(cast, mirrored, bug):
    change_in_gitlab(mirrored, bug, title="Views are empty since Friday")
    accept(bug, cast)
    assert mirrored.issue(push(bug))["title"] == "Views are empty since Friday"


def test_a_title_changed_in_the_portal_shows(cast, mirrored, bug):
    step(bug, Verb.EDIT, cast.requester, title="All views are empty")
    assert mirrored.issue(push(bug))["title"] == "All views are empty"


def test_due_date_and_milestone_are_set_and_cleared(cast, mirrored):
    issue = request_at(State.PLANNING, Kind.FEATURE, cast=cast)
    mirror = push(issue)
    there = mirrored.api("GET", f"/projects/{mirror.project_id}/milestones?include_ancestors=true&state=active")[0]
    milestone = Milestone.objects.create(tracker=issue.tracker, gitlab_id=there["id"], title=there["title"])
    step(issue, Verb.SCHEDULE, cast.ops, milestone=milestone)
    set_due_date(issue.pk, date(2999, 5, 1), by=cast.ops)
    shown = mirrored.issue(push(issue))
    assert (shown["milestone"]["id"], shown["due_date"]) == (there["id"], "2999-05-01")
    Milestone.objects.filter(pk=milestone.pk).update(state=Milestone.CLOSED)
    replan_lost()
    set_due_date(issue.pk, None, by=cast.ops)
    shown = mirrored.issue(push(issue))
    assert (shown["milestone"], shown["due_date"]) == (None, None)


def test_a_milestone_of_another_tracker_is_not_sent(cast, mirrored, bug):
    other = Issue.objects.get(pk=file_request(cast, Kind.ADMINISTRATIVE).pk).tracker
    Issue.objects.filter(pk=bug.pk).update(milestone=milestone_for(other))
    GitLabLink.objects.get(pk=bug.pk).want_push()
    assert push(bug).last_error == ""


def test_the_assignee_is_found_by_the_name_an_administrator_gave(cast, mirrored, bug):
    assign(bug.pk, cast.ops, by=cast.lead)
    shown = mirrored.issue(push(bug))
    assert [person["username"] for person in shown["assignees"]] == ["ops"]
    assert User.objects.get(pk=cast.ops.pk).gitlab_id == shown["assignees"][0]["id"]


def test_nobody_assigned_in_the_portal_is_nobody_in_gitlab(cast, mirrored, bug):
    assign(bug.pk, cast.ops, by=cast.lead)
    push(bug)
    assign(bug.pk, None, by=cast.lead)
    assert mirrored.issue(push(bug))["assignees"] == []


@pytest.mark.fault(49)
def test_an_assignee_gitlab_does_not_know_is_named_in_the_text_and_nobody_else_is_assigned(cast, mirrored, bug):
    User.objects.filter(pk=cast.other_ops.pk).update(gitlab_username="no-such-person")
    assign(bug.pk, User.objects.get(pk=cast.other_ops.pk), by=cast.lead)
    shown = mirrored.issue(push(bug))
    assert shown["assignees"] == []
    assert "**Other\\_ops**, who has no account here" in shown["description"]


def test_what_ends_closes_and_what_reopens_opens_the_same_issue(cast, mirrored, bug):
    step(bug, Verb.CLOSE, cast.ops, text="Works for me.", outcome=Outcome.INVALID)
    closed = mirrored.issue(push(bug))
    step(bug, Verb.REOPEN, cast.ops, text="It does not.")
    opened = mirrored.issue(push(bug))
    assert (closed["state"], closed["labels"]) == ("closed", ["Customer::Support", "bug"])
    assert (opened["state"], opened["iid"]) == ("opened", closed["iid"])


def test_a_completed_request_is_closed_with_its_stage(cast, mirrored):
    issue = request_at(State.COMPLETED, Kind.BUG, cast=cast)
    shown = mirrored.issue(push(issue))
    assert shown["state"] == "closed"
    assert "Stage::Completed" in shown["labels"]


def test_a_request_that_became_restricted_becomes_confidential(cast, mirrored, bug):
    restrict(bug)
    GitLabLink.objects.get(pk=bug.pk).want_push()
    assert mirrored.issue(push(bug))["confidential"] is True


def make_the_bot_a_guest(gitlab):
    """From now on GitLab drops silently most of what the bot sets."""
    gitlab.api("PUT", f"/groups/gitlab-com/members/{gitlab.bot_id}", access_level=10)


def test_what_gitlab_drops_silently_is_remembered_in_words_and_not_sent_for_ever(cast, mirrored, bug):
    make_the_bot_a_guest(mirrored)
    assign(bug.pk, cast.ops, by=cast.lead)
    mirror = push(bug)
    assert mirrored.issue(mirror)["assignees"] == []
    assert (mirror.status, mirror.last_error.count("assignee")) == ("in-step", 1)
    mirrored.forget()
    mirror.want_push()
    assert (push(bug).last_error.count("assignee"), mirrored.calls()) == (1, [])


def test_a_confidentiality_that_gitlab_drops_stops_everything_about_that_request(cast, mirrored, bug):
    make_the_bot_a_guest(mirrored)
    restrict(bug)
    comment(bug.pk, "The canary sings at noon.", by=cast.requester)
    GitLabLink.objects.get(pk=bug.pk).want_push()
    mirror = push(bug)
    assert mirror.status == "parked"
    assert "confidential" in mirror.last_error
    push_later(bug)
    assert mirrored.notes(mirror) == []


def test_more_wanted_while_pushing_is_pushed_as_well(cast, mirrored, bug, monkeypatch):
    from workflow.gitlab import converge

    real, once = converge.wanted, []

    def wanted(run, **how):
        if not once:
            once.append(True)
            found = real(run, **how)
            set_priority(bug.pk, 1, by=cast.ops)
            return found
        return real(run, **how)

    accept(bug, cast)
    monkeypatch.setattr(converge, "wanted", wanted)
    mirror = push(bug)
    assert "p1" in mirrored.issue(mirror)["labels"]
    assert (mirror.status, mirror.pushed_version) == ("in-step", mirror.wanted_version)


@pytest.mark.fault(19)
def test_a_deleted_issue_is_orphaned_when_it_is_absent_twice_and_never_made_anew(cast, mirrored, bug):
    mirror = GitLabLink.objects.get(pk=bug.pk)
    mirrored.api("DELETE", f"/projects/{mirror.project_id}/issues/{mirror.iid}")
    accept(bug, cast)
    mirror = push(bug)
    assert (mirror.status, mirror.attempts, mirror.due_at is None) == ("behind", 0, False)
    minutes_after_it_was_not_found(bug)
    mirror = push_later(bug)
    assert (mirror.status, mirror.due_at) == ("orphaned", None)
    mirror.wake()
    assert push_later(bug).status == "orphaned"


@pytest.mark.fault(19)
def test_a_project_out_of_sight_is_not_taken_for_a_deleted_issue(cast, mirrored, bug):
    mirrored.fail("missing", method="GET", path="/projects/", times=2)
    accept(bug, cast)
    mirror = push(bug)
    assert (mirror.status, mirror.parked, mirror.absent_since) == ("behind", False, None)
    assert TrackerWait.objects.get(tracker=bug.tracker).readable is False


@pytest.mark.fault(15)
@pytest.mark.parametrize("fault", ["server_error", "hang", "html_instead_of_json", "wrong_types", "cut_reply"])
def test_a_put_that_fails_is_tried_again_and_arrives(cast, mirrored, bug, fault):
    accept(bug, cast)
    mirrored.fail(fault, method="PUT", path=ISSUE, **({"seconds": 0} if fault == "hang" else {}))
    mirror = push(bug)
    assert mirror.status == "behind"
    assert mirror.due_at is not None
    assert "Stage::Design" in mirrored.issue(push_later(bug))["labels"]


@pytest.mark.fault(50)
def test_gitlab_away_and_back_shows_in_the_connection(cast, mirrored, bug):
    accept(bug, cast)
    mirrored.fail("server_error", method="GET", path=ISSUE)
    push(bug)
    assert Connection.load().away_since is not None
    push_later(bug)
    assert Connection.load().away_since is None


@pytest.mark.fault(16)
@pytest.mark.parametrize(
    ("retry_after", "least", "most"), [(120, 115, 121), (None, 55, 61), ("garbage", 55, 61), (99999, 3590, 3601)]
)
def test_a_429_sets_the_due_time_and_sleeps_nowhere(cast, mirrored, bug, retry_after, least, most):
    accept(bug, cast)
    mirrored.fail("rate_limited", method="GET", path=ISSUE, retry_after=retry_after)
    began = timezone.now()
    mirror = push(bug)
    waits = [(mirror.due_at - moment).total_seconds() for moment in (began, timezone.now())]
    assert least <= waits[0] and waits[1] <= most
    assert mirror.attempts == 0


@pytest.mark.fault(16)
def test_after_a_429_nobody_else_asks_either(cast, mirrored, bug):
    accept(bug, cast)
    mirrored.fail("rate_limited", method="GET", path=ISSUE, retry_after=60)
    push(bug)
    mirrored.forget()
    other = push(file_request(cast, Kind.BUG))
    assert (mirrored.calls(), other.status) == ([], "behind")
    Budget.objects.update(blocked_until=None)
    assert push_later(bug).status == "in-step"
