"""GitLab refuses something: whom that is about is asked, only that waits and says why, and everything else goes on."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from tests.factories import accept, file_request, request_at
from tests.gitlab.inbound.looking import change, filed, look, note, sync
from tests.gitlab.pushing import push, push_later
from tests.gitlab.test_push_notes import a_file
from workflow.actions import attach, comment
from workflow.catalogue.kinds import Kind
from workflow.gitlab import poll, pull, reconcile, tracker_labels
from workflow.gitlab.alarms import settle_alarms
from workflow.gitlab.failures import ask_waiting_trackers
from workflow.gitlab.models import GitLabLink, OutgoingNote, OutgoingUpload, PendingPull, TrackerLabels, TrackerWait
from workflow.gitlab.models.alarms import Alarm, Heartbeat
from workflow.gitlab.models.alarms import Kind as AlarmKind
from workflow.gitlab.models.connection import Budget, Connection
from workflow.gitlab.monitoring import findings, health
from workflow.gitlab.operations import retry
from workflow.gitlab.push import numbers_with_work
from workflow.gitlab.retry import ABSENT_FOR
from workflow.gitlab.status import ledger_of
from workflow.models import Comment, Issue
from workflow.states import State

pytestmark = pytest.mark.django_db
BOT = "support-bot"


@pytest.fixture
def bug(cast, mirrored):
    """A bug in step with GitLab."""
    return filed(cast, title="Views are empty")


@pytest.fixture
def elsewhere(cast, mirrored):
    """A request in step with GitLab, in another tracker."""
    return look(push_first(file_request(cast, Kind.BUG, route="fix")))


def push_first(issue):
    push(issue)
    return issue


def archive(gitlab, issue):
    """The project of the issue is archived: to be read, and nothing else."""
    project = GitLabLink.objects.get(pk=issue.pk).project_id
    archived = gitlab.api("GET", f"/projects/{project}") | {"archived": True}
    gitlab.fail("wrong_types", method="GET", path=rf"/projects/{project}$", user=BOT, times=None, body=archived)
    for method in ("POST", "PUT", "DELETE"):
        gitlab.fail("forbidden", method=method, path=f"/projects/{project}/", user=BOT, times=None)
    return gitlab.heal


def lower_role(gitlab, issue):
    """The bot becomes a guest of the issue's project."""
    project = GitLabLink.objects.get(pk=issue.pk).project_id
    shown = gitlab.api("GET", f"/projects/{project}")
    guest = shown | {"permissions": {"project_access": {"access_level": 10}, "group_access": None}}
    gitlab.fail("wrong_types", method="GET", path=rf"/projects/{project}$", user=BOT, times=None, body=guest)
    for method in ("POST", "PUT", "DELETE"):
        gitlab.fail("forbidden", method=method, path=f"/projects/{project}/", user=BOT, times=None)
    return gitlab.heal


def throw_out(gitlab, issue):
    """The bot is no member of the issue's private project any more: nothing of it is there."""
    project = GitLabLink.objects.get(pk=issue.pk).project_id
    gitlab.fail("missing", method="", path=rf"/projects/{project}(/|$)", user=BOT, times=None)
    return gitlab.heal


def block_there(gitlab, issue):
    """Whatever the bot asks of the issue's project is refused."""
    project = GitLabLink.objects.get(pk=issue.pk).project_id
    gitlab.fail("forbidden", method="", path=rf"/projects/{project}(/|$)", user=BOT, times=None)
    return gitlab.heal


WAYS = {
    archive: "is archived in GitLab",
    lower_role: "role in gitlab-com/",
    throw_out: "shows the bot no project",
    block_there: "is closed to the bot",
}


def reword(issue, cast, text="More words."):
    """Something to push."""
    comment(issue.pk, text, by=cast.requester)
    accept(issue, cast)
    return issue


def asked_again():
    """The waiting trackers' time has come."""
    TrackerWait.objects.update(next_try_at=timezone.now())
    ask_waiting_trackers()


def alarms():
    """Reasons of the open alarms, by kind."""
    Heartbeat.beat()
    settle_alarms(list(findings()))
    return dict(Alarm.objects.open().values_list("kind", "reason"))


@pytest.mark.fault(18, 56)
@pytest.mark.parametrize("way", WAYS)
def test_a_closed_tracker_waits_with_its_reason_and_everything_else_goes_on(cast, mirrored, bug, elsewhere, way):
    way(mirrored, bug)
    mirror = push(reword(bug, cast))
    wait = TrackerWait.objects.get()
    assert (wait.tracker, WAYS[way] in wait.reason, Connection.load().paused) == (bug.tracker, True, False)
    assert (mirror.parked, mirror.attempts, mirror.status) == (False, 0, "behind")
    assert push(reword(elsewhere, cast)).status == "in-step"


@pytest.mark.fault(18, 56)
@pytest.mark.parametrize("way", WAYS)
def test_when_the_tracker_answers_again_all_it_kept_follows_once(cast, mirrored, bug, way):
    opens = way(mirrored, bug)
    push(reword(bug, cast, "While it was closed."))
    opens()
    asked_again()
    assert (TrackerWait.objects.count(), numbers_with_work()) == (0, [bug.pk])
    mirror = push(bug)
    assert mirror.status == "in-step"
    assert ["While it was closed." in one["body"] for one in mirrored.notes(mirror)].count(True) == 1


@pytest.mark.fault(56)
def test_nothing_is_asked_of_a_tracker_that_waits_until_its_time_has_come(cast, mirrored, bug):
    second = filed(cast)
    archive(mirrored, bug)
    push(reword(bug, cast))
    mirrored.forget()
    push(reword(second, cast))
    ask_waiting_trackers()
    assert (mirrored.calls(), numbers_with_work()) == ([], [])


@pytest.mark.fault(56)
def test_a_tracker_that_stays_closed_is_asked_less_often(cast, mirrored, bug):
    archive(mirrored, bug)
    push(reword(bug, cast))
    asked_again()
    asked_again()
    wait = TrackerWait.objects.get()
    assert wait.attempts == 3
    assert wait.next_try_at - timezone.now() > timedelta(minutes=3)


@pytest.mark.fault(56)
def test_what_people_wrote_is_still_read_in_a_tracker_that_takes_no_changes(cast, mirrored, bug):
    note(mirrored, bug, "Written before.", by="colleague")
    archive(mirrored, bug)
    push(reword(bug, cast))
    look(bug)
    assert Comment.objects.filter(issue=bug, body="Written before.").exists()


@pytest.mark.fault(18)
def test_a_tracker_that_may_not_be_read_is_not_read_in_vain(cast, mirrored, bug, elsewhere):
    throw_out(mirrored, bug)
    look(bug)
    look(elsewhere)
    for issue in (bug, elsewhere):
        PendingPull.ask(issue.pk, thorough=True)
    assert pull.numbers_to_look_at() == [elsewhere.pk]
    assert GitLabLink.objects.get(pk=bug.pk).status == "in-step"


@pytest.mark.fault(18)
def test_polls_and_comparisons_of_other_trackers_go_on(cast, mirrored, bug, elsewhere):
    throw_out(mirrored, bug)
    change(mirrored, elsewhere, title="Heard all the same")
    assert poll.poll_all() >= 1
    look(elsewhere)
    assert Issue.objects.get(pk=elsewhere.pk).title == "Heard all the same"
    row = reconcile.reconcile("open")
    assert (row.finished_at is None, row.missing) == (False, 0)
    assert [wait.tracker for wait in TrackerWait.objects.closed()] == [bug.tracker]


@pytest.mark.fault(18, 56)
def test_operators_see_what_waits_why_and_what_to_do_and_it_clears_itself(cast, mirrored, bug):
    opens = archive(mirrored, bug)
    push(reword(bug, cast))
    assert "Unarchive it" in alarms()[AlarmKind.TRACKER]
    assert [wait.tracker for wait in health(cast.ops).closed] == [bug.tracker]
    assert AlarmKind.WAITING not in alarms()
    opens()
    asked_again()
    push(bug)
    assert alarms() == {}


@pytest.mark.fault(18)
def test_a_retry_by_hand_has_the_tracker_asked_at_once(cast, mirrored, bug):
    opens = archive(mirrored, bug)
    push(reword(bug, cast))
    opens()
    retry(bug.pk, by=cast.ops)
    ask_waiting_trackers()
    assert push(bug).status == "in-step"


@pytest.mark.fault(18, 56)
def test_only_the_comment_waits_where_a_discussion_is_locked(cast, mirrored, bug):
    other, mirror = filed(cast), GitLabLink.objects.get(pk=bug.pk)
    mirrored.fail("forbidden", path=rf"/issues/{mirror.iid}/notes$", user=BOT, times=None)
    comment(bug.pk, "Into a locked room.", by=cast.requester)
    accept(bug, cast)
    mirror = push(bug)
    row = OutgoingNote.objects.filter(issue=bug, due_at__isnull=False).first()
    assert "unlock it" in row.last_error
    assert (row.parked, row.refused_since is None, Connection.load().paused) == (False, False, False)
    assert (mirror.status, TrackerWait.objects.exists()) == ("in-step", False)
    assert "Stage::Design" in mirrored.issue(mirror)["labels"]
    comment(other.pk, "Next door.", by=cast.requester)
    assert len(mirrored.notes(push(other))) == 1


@pytest.mark.fault(56)
def test_once_the_discussion_is_open_its_comments_follow_once_and_in_order(cast, mirrored, bug):
    mirrored.fail("forbidden", path=r"/notes$", user=BOT, times=None)
    comment(bug.pk, "First.", by=cast.requester)
    comment(bug.pk, "Second.", by=cast.requester)
    push(bug)
    assert "unlock it" in alarms()[AlarmKind.REFUSED]
    mirrored.heal()
    said = [one["body"] for one in mirrored.notes(push_later(bug))]
    assert [("First." in words, "Second." in words) for words in said] == [(True, False), (False, True)]
    assert (alarms(), OutgoingNote.objects.filter(refused_since__isnull=False).exists()) == ({}, False)


@pytest.mark.fault(18)
def test_the_ledger_names_the_comment_that_waits(cast, mirrored, bug):
    mirrored.fail("forbidden", path=r"/notes$", user=BOT, times=None)
    comment(bug.pk, "Into a locked room.", by=cast.requester)
    push(bug)
    ledger = ledger_of(Issue.objects.get(pk=bug.pk))
    assert [(row.what, "locked" in row.last_error, row.parked) for row in ledger.hanging] == [
        ("A comment", True, False)
    ]
    assert ledger.stuck is None


@pytest.mark.fault(18)
def test_an_issue_that_may_not_be_changed_waits_alone(cast, mirrored, bug):
    other, mirror = filed(cast), GitLabLink.objects.get(pk=bug.pk)
    mirrored.fail("forbidden", method="PUT", path=rf"/issues/{mirror.iid}$", user=BOT, times=None)
    mirror = push(reword(bug, cast))
    assert (mirror.parked, mirror.refused_since is None, mirror.due_at is None) == (False, False, False)
    assert "See what its role may do" in mirror.last_error
    assert push(reword(other, cast)).status == "in-step"
    mirrored.heal()
    mirror = push_later(bug)
    assert (mirror.status, mirror.refused_since) == ("in-step", None)


@pytest.mark.fault(18)
def test_a_link_that_is_refused_waits_alone(cast, mirrored):
    proposal = request_at(State.COMPLETED, Kind.PROPOSAL, cast=cast)
    push(Issue.objects.get(links_in__source=proposal))
    mirrored.fail("forbidden", path="/links$", user=BOT, times=None)
    mirror = push(proposal)
    (row,) = ledger_of(Issue.objects.get(pk=proposal.pk)).hanging
    assert (mirror.status, row.what, "relate the two issues" in row.last_error) == ("in-step", "A link", True)
    mirrored.heal()
    push_later(proposal)
    assert ledger_of(Issue.objects.get(pk=proposal.pk)).hanging == ()


@pytest.mark.fault(18)
def test_a_file_that_is_refused_waits_alone(cast, mirrored, bug):
    mirrored.fail("forbidden", path="/uploads$", user=BOT, times=None)
    attach(bug.pk, [a_file(cast)], by=cast.requester)
    mirror = push(reword(bug, cast))
    (row,) = ledger_of(Issue.objects.get(pk=bug.pk)).hanging
    assert (mirror.status, row.what, row.parked) == ("in-step", "A file: trace.txt", False)
    mirrored.heal()
    assert "](/uploads/" in mirrored.issue(push_later(bug))["description"]


@pytest.mark.fault(18)
def test_labels_that_may_not_be_read_keep_nothing_else_waiting(cast, mirrored, bug):
    mirrored.fail("forbidden", method="GET", path=r"/labels", user=BOT, times=None)
    TrackerLabels.objects.all().delete()
    tracker_labels.read_labels()
    assert set(TrackerWait.objects.values_list("what", flat=True)) == {"labels"}
    assert "Labels cannot be read there" in alarms()[AlarmKind.TRACKER]
    assert push(reword(bug, cast)).status == "in-step"
    mirrored.heal()
    tracker_labels.read_labels()
    assert not TrackerWait.objects.exists()


@pytest.mark.fault(17, 18)
def test_a_blocked_account_pauses_the_connection_and_burns_no_attempt(cast, mirrored, bug, elsewhere):
    mirrored.fail("forbidden", method="", user=BOT, times=None, message="403 Forbidden - Your account has been blocked")
    mirror = push(reword(bug, cast))
    connection = Connection.load()
    assert (connection.paused, "account is blocked" in connection.paused_reason) == (True, True)
    assert (mirror.attempts, mirror.parked, TrackerWait.objects.exists()) == (0, False, False)
    mirrored.heal()
    connection.resume()
    assert push(bug).status == "in-step"


@pytest.mark.fault(18)
def test_a_role_too_low_to_see_a_confidential_issue_makes_no_orphan_of_it(cast, mirrored, bug):
    lower_role(mirrored, bug)
    mirrored.fail("missing", method="GET", path=rf"/issues/{GitLabLink.objects.get(pk=bug.pk).iid}$", user=BOT, times=9)
    look(bug)
    GitLabLink.objects.update(absent_since=timezone.now() - timedelta(hours=1))
    look(bug)
    assert GitLabLink.objects.get(pk=bug.pk).status == "in-step"


@pytest.mark.fault(19)
def test_an_orphan_that_answers_again_with_our_mark_goes_on_by_itself(cast, mirrored, bug):
    hide(mirrored, bug)
    mirrored.heal()
    reword(bug, cast)
    change(mirrored, bug, title="Back again")
    reconcile.reconcile("open")
    pull.look_at(bug.pk)
    push_later(bug)
    mirror = GitLabLink.objects.get(pk=bug.pk)
    assert (mirror.status, mirror.parked, len(mirrored.with_marker(mirror))) == ("in-step", False, 1)
    assert Issue.objects.get(pk=bug.pk).title == "Back again"


@pytest.mark.fault(19)
def test_what_answers_there_without_our_mark_is_not_taken_for_the_orphan(cast, mirrored, bug):
    hide(mirrored, bug)
    mirrored.heal()
    change(mirrored, bug, description="Somebody else's words.")
    sync(bug)
    assert GitLabLink.objects.get(pk=bug.pk).status == "orphaned"


def hide(gitlab, issue):
    """The issue is not found twice, minutes apart; its project is there."""
    gitlab.fail(
        "missing", method="", path=rf"/issues/{GitLabLink.objects.get(pk=issue.pk).iid}(/|$)", user=BOT, times=None
    )
    look(issue)
    GitLabLink.objects.update(absent_since=timezone.now() - timedelta(minutes=10))
    look(issue)
    assert GitLabLink.objects.get(pk=issue.pk).status == "orphaned"


EVERYTHING = {
    "an ingress without a backend": ("html_instead_of_json", {"status": 404}),
    "a maintenance page": ("html_instead_of_json", {}),
    "a firewall": ("html_instead_of_json", {"status": 403}),
    "a gate that asks for a password": ("html_instead_of_json", {"status": 401}),
    "a GitLab that finds nothing": ("missing", {}),
    "a proxy without a backend": ("server_error", {"status": 503}),
}


@pytest.mark.fault(54)
@pytest.mark.parametrize("what", EVERYTHING)
def test_while_something_else_answers_for_everything_nothing_is_parked(cast, mirrored, bug, what):
    fault, params = EVERYTHING[what]
    fresh = file_request(cast)
    comment(bug.pk, "In the meantime.", by=cast.requester)
    mirrored.fail(fault, method="", user=BOT, times=None, **params)
    for _ in range(3):
        push_later(bug)
        push_later(fresh)
        look(bug)
        poll.poll_all()
        reconcile.reconcile("open")
    assert not GitLabLink.objects.filter(parked=True).exists()
    assert not OutgoingNote.objects.filter(parked=True).exists()
    assert (Connection.load().paused, TrackerWait.objects.closed().exists()) == (False, False)
    assert set(GitLabLink.objects.values_list("absent_since", flat=True)) == {None}


@pytest.mark.fault(54)
@pytest.mark.parametrize("what", EVERYTHING)
def test_when_gitlab_itself_answers_again_everything_follows_once(cast, mirrored, bug, what, settings):
    fault, params = EVERYTHING[what]
    fresh = file_request(cast)
    comment(bug.pk, "In the meantime.", by=cast.requester)
    mirrored.fail(fault, method="", user=BOT, times=None, **params)
    push_later(bug)
    push_later(fresh)
    mirrored.heal()
    settings.GITLAB_QUARANTINE_SECONDS = 0
    for _ in range(3):
        Connection.load().mark_back()
        found = push_later(bug), push_later(fresh)
    assert [mirror.status for mirror in found] == ["in-step", "in-step"]
    assert len(mirrored.with_marker(found[1])) == 1
    assert len(mirrored.notes(found[0])) == 1


def gone(gitlab, issue):
    """Somebody deletes the GitLab issue while it is in step; the log of calls is emptied."""
    mirror = GitLabLink.objects.get(pk=issue.pk)
    gitlab.api("DELETE", f"/projects/{mirror.project_id}/issues/{mirror.iid}")
    gitlab.forget()


def say_something(cast, issue):
    """A comment, which alone makes no difference between the two issues."""
    comment(issue.pk, "Any news?", by=cast.requester)


def attach_something(cast, issue):
    """A comment with a file."""
    comment(issue.pk, "See the trace.", by=cast.requester, files=[a_file(cast)])


@pytest.mark.fault(19)
@pytest.mark.parametrize("hang_on", [say_something, attach_something])
def test_what_hangs_on_a_deleted_issue_waits_with_it_and_asks_nothing_meanwhile(cast, mirrored, bug, hang_on):
    gone(mirrored, bug)
    hang_on(cast, bug)
    push(bug)
    mirrored.forget()
    push(bug)
    assert (mirrored.calls(), numbers_with_work()) == ([], [])


@pytest.mark.fault(19)
@pytest.mark.parametrize("hang_on", [say_something, attach_something])
def test_a_deleted_issue_is_orphaned_although_there_is_only_a_comment_to_tell_it(cast, mirrored, bug, hang_on):
    gone(mirrored, bug)
    hang_on(cast, bug)
    assert push(bug).absent_since is not None
    with time_machine.travel(timezone.now() + ABSENT_FOR + timedelta(seconds=1)):
        mirror = push(bug)
    assert (mirror.status, mirror.due_at) == ("orphaned", None)


@pytest.mark.fault(19)
def test_a_comment_on_an_issue_that_is_found_after_all_arrives_once(cast, mirrored, bug):
    iid = GitLabLink.objects.get(pk=bug.pk).iid
    mirrored.fail("missing", method="", path=rf"/issues/{iid}(/|$)", user=BOT, times=None)
    say_something(cast, bug)
    push(bug)
    mirrored.heal()
    with time_machine.travel(timezone.now() + ABSENT_FOR + timedelta(seconds=1)):
        mirror = push(bug)
    assert (mirror.status, mirror.absent_since) == ("in-step", None)
    assert len([found for found in mirrored.notes(mirror) if "Any news?" in found["body"]]) == 1


@pytest.mark.parametrize("rows", [OutgoingNote, OutgoingUpload])
def test_a_refusal_that_is_not_about_the_piece_costs_it_no_attempt(cast, mirrored, bug, rows):
    mirrored.fail("rate_limited", method="POST", path=r"/(notes|uploads)$", retry_after=60, times=None)
    attach_something(cast, bug)
    for _ in range(3):
        Budget.objects.update(blocked_until=None)
        push_later(bug)
    assert list(rows.objects.filter(due_at__isnull=False).values_list("attempts", flat=True)) == [0]
