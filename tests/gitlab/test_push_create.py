"""A new request gets one GitLab issue, whatever GitLab answers (contract C3)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import answers_for, file_request, restrict, step
from tests.gitlab.pushing import out_of_quarantine, push, push_later
from workflow.actions import move
from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import Route, Tracker
from workflow.gitlab.models import GitLabLink, TrackerWait
from workflow.gitlab.models.connection import Connection
from workflow.verbs import Verb

pytestmark = pytest.mark.django_db
ISSUES = r"/projects/\d+/issues$"
UNCERTAIN = {
    "applied, then timed out": ("apply_then_timeout", {}),
    "applied, then a proxy's 502": ("server_error", {"status": 502, "apply": True}),
    "applied, then a sign-in page": ("html_instead_of_json", {"apply": True}),
    "applied, then half a reply": ("cut_reply", {}),
    "applied, then wrong types": ("wrong_types", {}),
    "applied, then a reset": ("apply_then_timeout", {"reset": True}),
}
UNDONE = {
    "500 and nothing done": ("server_error", {"status": 500}),
    "cut off and nothing done": ("hang", {"seconds": 0}),
}


def test_a_new_request_appears_in_its_tracker(cast, mirrored):
    issue = file_request(cast, Kind.BUG, title="Views are empty")
    mirror = push(issue)
    shown = mirrored.issue(mirror)
    assert (mirror.status, mirror.last_error, mirror.due_at) == ("in-step", "", None)
    assert (shown["title"], shown["web_url"], shown["id"]) == ("Views are empty", mirror.web_url, mirror.gitlab_id)
    assert shown["labels"] == ["Customer::Support", "Stage::Triage", "bug"]


def test_a_creation_takes_one_look_at_the_project_and_one_post(cast, mirrored):
    push(file_request(cast, Kind.BUG))
    assert [method for method, _ in mirrored.calls()] == ["GET", "POST"]


def test_default_labels_of_the_route_are_put_on(cast, mirrored):
    Route.objects.filter(key="bug").update(default_labels=["from the portal"])
    assert "from the portal" in mirrored.issue(push(file_request(cast, Kind.BUG)))["labels"]


def test_commands_in_a_request_do_not_run(cast, mirrored):
    issue = file_request(cast, Kind.BUG, title="/close", description="/close\n\r/confidential\n<!--\n/label ~p1\n-->")
    shown = mirrored.issue(push(issue))
    assert (shown["state"], shown["confidential"], "p1" in shown["labels"]) == ("opened", False, False)


def test_a_request_withdrawn_before_it_got_there_is_created_closed(cast, mirrored):
    issue = file_request(cast, Kind.BUG)
    step(issue, Verb.WITHDRAW, cast.requester)
    mirror = push(issue)
    assert mirrored.issue(mirror)["state"] == "closed"
    assert mirror.status == "in-step"


def test_a_restricted_request_is_confidential_from_its_first_moment(cast, mirrored):
    issue = restrict(file_request(cast, Kind.BUG))
    mirror = push(issue)
    assert mirrored.issue(mirror)["confidential"] is True
    assert "confidential" in mirrored.sent("POST", "/issues")
    assert mirrored.calls("PUT") == []


@pytest.mark.fault(12, 14, 15, 24)
@pytest.mark.parametrize(("fault", "how"), UNCERTAIN.values(), ids=UNCERTAIN)
def test_an_unconfirmed_creation_that_happened_is_adopted(cast, mirrored, fault, how):
    issue = file_request(cast, Kind.BUG)
    mirrored.fail(fault, path=ISSUES, **how)
    assert push(issue).status == "unknown"
    mirror = out_of_quarantine(issue)
    assert mirror.status == "in-step"
    assert [found["iid"] for found in mirrored.with_marker(mirror)] == [mirror.iid]


@pytest.mark.fault(14, 15)
@pytest.mark.parametrize(("fault", "how"), UNDONE.values(), ids=UNDONE)
def test_an_unconfirmed_creation_that_did_not_happen_is_repeated_after_two_looks(cast, mirrored, fault, how):
    issue = file_request(cast, Kind.BUG)
    mirrored.fail(fault, path=ISSUES, **how)
    push(issue)
    assert out_of_quarantine(issue).status == "unknown"
    mirror = push_later(issue)
    assert (mirror.status, len(mirrored.with_marker(mirror))) == ("in-step", 1)


@pytest.mark.fault(61)
@pytest.mark.parametrize("years", [73, -57])
def test_61_a_clock_that_was_years_away_once_delays_nothing(cast, mirrored, years):
    issue = file_request(cast, Kind.BUG)
    mirrored.fail("other_date", path=r"/projects/[^/]+$", method="GET", years=years)
    mirrored.fail("other_date", path=ISSUES, years=years, cut=True)
    mirror = push(issue)
    assert mirror.status == "unknown"
    assert mirror.due_at - timezone.now() < timedelta(minutes=10)
    mirror = out_of_quarantine(issue)
    assert (mirror.status, len(mirrored.with_marker(mirror))) == ("in-step", 1)


@pytest.mark.fault(13)
def test_nothing_is_looked_for_before_the_quarantine_is_over(cast, mirrored):
    issue = file_request(cast, Kind.BUG)
    mirrored.fail("commit_late", path=ISSUES, seconds=60)
    push(issue)
    mirrored.forget()
    mirror = push_later(issue)
    assert (mirror.status, mirror.empty_looks) == ("unknown", 0)
    assert [path for _, path in mirrored.calls() if path.endswith("/issues")] == []


@pytest.mark.fault(48)
def test_a_list_that_fails_is_not_an_empty_one(cast, mirrored):
    issue = file_request(cast, Kind.BUG)
    mirrored.fail("apply_then_timeout", path=ISSUES)
    push(issue)
    mirrored.fail("server_error", method="GET", path=ISSUES, status=500, times=2)
    out_of_quarantine(issue)
    push_later(issue)
    mirror = push_later(issue)
    assert (mirror.status, len(mirrored.with_marker(mirror))) == ("in-step", 1)


def test_a_change_during_the_quarantine_waits_and_then_shows(cast, mirrored):
    issue = file_request(cast, Kind.BUG)
    mirrored.fail("apply_then_timeout", path=ISSUES)
    push(issue)
    step(issue, Verb.ASK, cast.ops, text="Which view?")
    assert GitLabLink.objects.get(pk=issue.pk).status == "unknown"
    mirror = out_of_quarantine(issue)
    assert "Waits for the requester" in mirrored.issue(mirror)["description"]
    assert mirror.status == "in-step"


@pytest.mark.parametrize("way", ["reclassified", "moved"])
@pytest.mark.parametrize("fault", UNCERTAIN)
def test_a_request_that_moves_on_while_its_creation_is_uncertain_keeps_the_one_issue(cast, mirrored, fault, way):
    """Found by the soak: it was looked for in the tracker where it belonged by then, and made a second time there."""
    issue = file_request(cast, Kind.BUG)
    name, how = UNCERTAIN[fault]
    mirrored.fail(name, path=ISSUES, **how)
    push(issue)
    there = Route.objects.get(key="team-page")
    if way == "moved":
        move(issue.pk, there.tracker, by=cast.ops)
    else:
        step(issue, Verb.RECLASSIFY, cast.ops, route=there, text="It is.", answers=answers_for(there.key))

    mirror = out_of_quarantine(issue)

    assert (mirror.status, mirror.last_error) == ("in-step", "")
    there.tracker.refresh_from_db()
    assert there.tracker.project_id == mirror.project_id
    assert [one["iid"] for one in mirrored.with_marker(mirror) if not one["moved_to_id"]] == [mirror.iid]


@pytest.mark.fault(22, 23)
@pytest.mark.parametrize("fault", ["unprocessable", "conflict"])
def test_what_gitlab_refuses_is_parked_with_its_words(cast, mirrored, fault):
    issue = file_request(cast, Kind.BUG)
    mirrored.fail(fault, path=ISSUES, message="Title looks like spam")
    mirror = push(issue)
    assert (mirror.status, mirror.parked, mirror.due_at, mirror.creating_since) == ("parked", True, None, None)
    assert "Title looks like spam" in mirror.last_error


def test_a_parked_request_goes_on_when_somebody_retries(cast, mirrored):
    issue = file_request(cast, Kind.BUG)
    mirrored.fail("unprocessable", path=ISSUES)
    push(issue).wake()
    assert push(issue).status == "in-step"


@pytest.mark.fault(23)
def test_a_parked_request_holds_up_no_other(cast, mirrored):
    first, second = file_request(cast, Kind.BUG), file_request(cast, Kind.BUG)
    mirrored.fail("unprocessable", path=ISSUES)
    push(first)
    assert push(second).status == "in-step"


def test_a_tracker_the_bot_cannot_see_waits_and_says_the_way_out(cast, mirrored):
    Tracker.objects.update(project_id=None)
    issue = file_request(cast, Kind.BUG)
    Tracker.objects.filter(pk=issue.tracker_id).update(path="nowhere/at-all")
    mirror = push(issue)
    assert (mirror.status, mirror.parked) == ("behind", False)
    assert "nowhere/at-all" in TrackerWait.objects.get(tracker=issue.tracker).reason


def test_the_number_of_the_tracker_is_found_once_and_kept(cast, mirrored):
    issue = file_request(cast, Kind.BUG)
    push(issue)
    tracker = Tracker.objects.get(pk=issue.tracker_id)
    assert mirrored.api("GET", f"/projects/{tracker.project_id}")["path_with_namespace"] == tracker.path


@pytest.mark.fault(17)
def test_a_refused_token_pauses_the_connection_and_burns_no_attempt(cast, mirrored):
    issue = file_request(cast, Kind.BUG)
    mirrored.fail("unauthorized", path=ISSUES)
    mirror = push(issue)
    assert Connection.load().paused
    assert (mirror.attempts, mirror.status, mirror.creating_since) == (0, "behind", None)


@pytest.mark.fault(17)
def test_after_a_pause_everything_follows(cast, mirrored):
    issue = file_request(cast, Kind.BUG)
    mirrored.fail("unauthorized", path=ISSUES)
    push(issue)
    mirrored.forget()
    push(issue)
    assert mirrored.calls() == []
    Connection.load().resume()
    assert push(issue).status == "in-step"
