"""Alarms: every fact of reliability.md §4 raises one, once; people are told; it clears itself."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from supportops.portal import tasks as portal_tasks
from supportops.portal.watch import stand_in_for_beat, watch
from tests.factories import file_request, restrict
from workflow.actions import comment
from workflow.gitlab import alarms
from workflow.gitlab import tasks as gitlab_tasks
from workflow.gitlab.alarms import NEXT_STEP, Finding, alarms_for, raise_alarm
from workflow.gitlab.models import GitLabLink, OutgoingNote
from workflow.gitlab.models.alarms import Alarm, Behind, GitLabCheck, Heartbeat, Kind
from workflow.gitlab.models.connection import Connection
from workflow.gitlab.models.inbound import PendingPull, PollCursor, Reconciliation
from workflow.notifications.models import Channel, ChannelState, Notice

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock():
    """Time, which moves only when a test moves it."""
    with time_machine.travel("2026-03-10T09:00:00Z", tick=False) as traveller:
        yield traveller


@pytest.fixture
def bug(clock, cast):
    """A bug in step with GitLab."""
    issue = file_request(cast)
    GitLabLink.objects.filter(pk=issue.pk).update(status="in-step", due_at=None, iid=5, project_id=1, pushed_version=1)
    return issue


def later(clock, **span):
    """So much time passes, and beat, which lives, runs its watch."""
    clock.shift(timedelta(**span))
    Heartbeat.beat()
    watch()


def minutes_pass(clock, number):
    """The same, every minute."""
    for _ in range(number):
        later(clock, minutes=1)


def kinds():
    """Kinds of the open alarms."""
    return sorted(Alarm.objects.open().values_list("kind", flat=True))


def told(person):
    """What stands unread in the person's inbox because of alarms."""
    unread = Notice.objects.filter(person=person, news__isnull=False, read_at=None)
    return list(unread.values_list("news__title", flat=True))


def mirror(bug, **fields):
    return GitLabLink.objects.filter(pk=bug.pk).update(**fields)


def look(bug, **fields):
    return PendingPull.objects.update_or_create(pk=bug.pk, defaults=fields)


def connection(**fields):
    Connection.load()
    return Connection.objects.update(**fields)


def channel(paused_at):
    return ChannelState.objects.update_or_create(
        channel=Channel.EMAIL, defaults={"paused_at": paused_at, "reason": "The mail server refuses the password."}
    )


def cursor(bug, **fields):
    return PollCursor.objects.update_or_create(tracker=bug.tracker, defaults=fields)


def check(name, problem, tracker=None):
    found = {"problem": problem, "tracker": tracker, "checked_at": timezone.now()}
    return GitLabCheck.objects.update_or_create(pk=name, defaults=found)


def compared(**found):
    return Reconciliation.objects.create(
        scope="open", checked=9, finished_at=timezone.now(), **found, started_at=timezone.now()
    )


def long_ago():
    return timezone.now() - timedelta(hours=1)


FACTS = {
    Kind.AWAY: (lambda bug: connection(away_since=long_ago()), lambda bug: connection(away_since=None)),
    Kind.PAUSED: (lambda bug: Connection.load().pause("401."), lambda bug: Connection.load().resume()),
    Kind.WAITING: (
        lambda bug: mirror(bug, status="behind", due_at=timezone.now(), wanted_version=2),
        lambda bug: mirror(bug, status="in-step", due_at=None, pushed_version=2),
    ),
    Kind.UNKNOWN: (
        lambda bug: mirror(bug, status="unknown"),
        lambda bug: mirror(bug, status="in-step"),
    ),
    Kind.DEAD: (
        lambda bug: mirror(bug, status="parked", parked=True, last_error="GitLab answered 400."),
        lambda bug: mirror(bug, status="in-step", parked=False),
    ),
    Kind.GONE: (
        lambda bug: mirror(bug, status="orphaned", parked=True, due_at=None),
        lambda bug: mirror(bug, parked=False),
    ),
    Kind.SILENT: (lambda bug: cursor(bug, silent_since=long_ago()), lambda bug: cursor(bug, silent_since=None)),
    Kind.HOOK: (lambda bug: check("hook 1", "Switched off.", bug.tracker), lambda bug: check("hook 1", "")),
    Kind.TOKEN: (
        lambda bug: connection(token_expires_at=timezone.localdate() + timedelta(days=29)),
        lambda bug: connection(token_expires_at=timezone.localdate() + timedelta(days=300)),
    ),
    Kind.LOOP: (lambda bug: look(bug, frozen_at=timezone.now()), lambda bug: look(bug, frozen_at=None)),
    Kind.DRIFT: (lambda bug: compared(drifted=1), lambda bug: compared()),
    Kind.BEAT: (
        lambda bug: Heartbeat.objects.update(at=timezone.now() - timedelta(seconds=61)),
        lambda bug: Heartbeat.beat(),
    ),
    Kind.MISMATCH: (
        lambda bug: (
            mirror(bug, status="parked", parked=True)
            and raise_alarm(Finding(Kind.MISMATCH, bug.reference, "Shown to all.", str(bug.pk), bug.pk))
        ),
        lambda bug: mirror(bug, status="in-step", parked=False),
    ),
    Kind.TWIN: (
        lambda bug: raise_alarm(Finding(Kind.TWIN, bug.reference, "#5 and #6.", f"{bug.pk} 1 6", bug.pk)),
        None,
    ),
    Kind.MESSAGES: (lambda bug: channel(timezone.now()), lambda bug: channel(None)),
}
"""{kind: (what makes the fact, what ends it)}"""
UNTIL = {Kind.WAITING: 8, Kind.UNKNOWN: 11}
"""Minutes until a fact is an alarm; the others are one at once."""


def test_every_kind_has_a_next_step_and_a_test():
    assert set(Kind) == set(NEXT_STEP) == set(FACTS)


@pytest.mark.parametrize("kind", list(Kind))
def test_a_fact_raises_one_alarm_tells_once_and_clears_itself(clock, cast, bug, kind):
    begins, ends = FACTS[kind]
    watch()
    assert kinds() == []

    begins(bug)
    if kind != Kind.BEAT:
        minutes_pass(clock, UNTIL.get(kind, 1))
    watch()
    watch()
    assert kinds() == [kind]
    assert len(told(cast.ops)) == len(told(cast.lead)) == 1
    assert told(cast.requester) == told(cast.admin) == []

    if ends is None:
        later(clock, days=1, minutes=1)
    else:
        ends(bug)
        watch()
    assert (kinds(), told(cast.ops)) == ([], [])
    assert Alarm.objects.get().cleared_at == timezone.now()


@pytest.mark.parametrize(("kind", "soon"), [(Kind.WAITING, 5), (Kind.UNKNOWN, 9)])
def test_what_settles_soon_enough_is_no_alarm(clock, cast, bug, kind, soon):
    begins, ends = FACTS[kind]
    begins(bug)
    minutes_pass(clock, soon)
    assert kinds() == []
    ends(bug)
    watch()
    assert not Alarm.objects.exists()


def test_one_that_is_pushed_now_and_then_does_not_wait(clock, cast, bug):
    mirror(bug, status="behind", due_at=timezone.now(), wanted_version=99)
    for version in range(2, 6):
        minutes_pass(clock, 3)
        mirror(bug, pushed_version=version)
    assert kinds() == []


def test_a_comment_that_is_not_sent_is_an_alarm_too(clock, cast, bug):
    comment(bug.pk, "Seen here too", by=cast.requester)
    mirror(bug, status="in-step", due_at=None)
    assert OutgoingNote.objects.get().due_at is not None
    minutes_pass(clock, 8)
    assert kinds() == [Kind.WAITING]


def test_what_only_follows_from_an_outage_is_no_second_alarm(clock, cast, bug):
    FACTS[Kind.WAITING][0](bug)
    connection(away_since=timezone.now())
    minutes_pass(clock, 12)
    assert kinds() == [Kind.AWAY]


def test_an_alarm_that_stands_is_told_again_after_a_day_and_not_before(clock, cast, bug):
    FACTS[Kind.DEAD][0](bug)
    watch()
    Notice.objects.update(read_at=timezone.now())
    later(clock, hours=23, minutes=59)
    assert told(cast.ops) == []
    later(clock, minutes=1)
    watch()
    assert told(cast.ops) == [f"Needs a person: {bug.reference}"]


def test_one_that_flickers_is_one_alarm_and_fills_no_inbox(clock, cast, bug):
    for _ in range(5):
        connection(away_since=long_ago())
        later(clock, minutes=15)
        connection(away_since=None)
        later(clock, minutes=15)
    assert Alarm.objects.count() == 1
    assert Notice.objects.filter(person=cast.ops, news__isnull=False).count() == 1


def test_who_may_not_have_heard_of_a_flicker_is_told_when_it_comes_back(clock, cast, bug):
    connection(away_since=long_ago())
    watch()
    connection(away_since=None)
    minutes_pass(clock, 1)
    connection(away_since=long_ago())
    minutes_pass(clock, 1)
    assert len(told(cast.ops)) == 1


def test_requests_refused_for_the_same_reason_are_one_alarm(clock, cast, bug):
    issues = [bug, *(file_request(cast) for _ in range(4))]
    for issue in issues:
        mirror(issue, status="parked", parked=True, due_at=None, last_error=f"Issue {issue.pk}: the title is too long.")
    watch()
    (alarm,) = Alarm.objects.open()
    assert alarm.place == f"SO-{issues[0].pk}, SO-{issues[1].pk}, SO-{issues[2].pk} and 2 more"
    assert "the title is too long." in alarm.reason


def test_everything_that_can_be_parked_raises_an_alarm(clock, cast, bug):
    comment(bug.pk, "Seen here too", by=cast.requester)
    mirror(bug, due_at=None, status="in-step")
    OutgoingNote.objects.update(parked=True, due_at=None, last_error="Too long.")
    look(bug, due_at=None, last_error="The portal failed.")
    watch()
    assert sorted(Alarm.objects.open().values_list("reason", flat=True)) == ["The portal failed.", "Too long."]


# Whoever raises one may die over it -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Kind.TWIN, Kind.MISMATCH])
def test_one_that_was_noticed_and_never_opened_is_opened_and_told(clock, cast, bug, kind):
    mirror(bug, status="parked", parked=True)
    Alarm.objects.create(kind=kind, key="left behind", issue=bug, place=bug.reference, reason="Look at both.")
    later(clock, days=2)
    assert kind in kinds()
    assert f"{kind.label}: {bug.reference}" in told(cast.ops)


def test_one_that_waits_for_nothing_is_open_from_the_moment_it_is_written(clock, cast, bug, monkeypatch):
    monkeypatch.setattr(alarms, "_open", lambda *_: None)  # the worker dies before it comes so far
    raise_alarm(Finding(Kind.TWIN, bug.reference, "#5 and #6.", "twin", bug.pk))
    raise_alarm(Finding(Kind.WAITING, "Everywhere", "Since nine.", patience=timedelta(minutes=1)))
    assert kinds() == [Kind.TWIN]


# Restricted requests -------------------------------------------------------------------------------------------------


@pytest.fixture
def secret(clock, cast):
    """A restricted request whose mirror waits for a person; among ops nobody may see it."""
    issue = restrict(file_request(cast, title="Canary"))
    mirror(issue, status="parked", parked=True, due_at=None, last_error="Canary is no label.")
    return issue


def test_of_a_restricted_request_only_its_number_is_told_and_only_to_who_may_see_it(clock, cast, secret):
    cast.ops.groups.add(secret.restricted_to)
    watch()
    assert told(cast.ops) == [f"{secret.reference}: needs a look at its GitLab issue"]
    assert told(cast.lead) == []
    news = Notice.objects.get(person=cast.ops, news__isnull=False).news
    assert (news.text, news.path.split("#")[0]) == ("", f"/issues/{secret.pk}/sync/")
    assert "Canary" not in Alarm.objects.get().reason


def test_where_no_ops_may_see_it_its_group_is_told(clock, cast, secret):
    cast.colleague.groups.add(secret.restricted_to)
    watch()
    assert (len(told(cast.colleague)), told(cast.ops)) == (1, [])


def test_its_alarm_is_shown_to_who_may_see_it(clock, cast, secret):
    watch()
    open_to = {name: len(alarms_for(getattr(cast, name))[0]) for name in ("ops", "lead", "requester")}
    assert open_to == {"ops": 0, "lead": 0, "requester": 1}


# Beat ----------------------------------------------------------------------------------------------------------------


@pytest.mark.fault(32)
def test_a_worker_raises_the_alarm_that_beat_is_dead(clock, cast, bug):
    Heartbeat.beat()
    stand_in_for_beat()
    assert kinds() == []
    clock.shift(61)
    stand_in_for_beat()
    assert (kinds(), len(told(cast.ops))) == ([Kind.BEAT], 1)


@pytest.mark.fault(32)
def test_a_beat_that_never_ran_is_late_a_minute_after_it_was_missed(clock, cast, bug):
    assert (Heartbeat.last(), Heartbeat.is_late()) == (None, False)
    clock.shift(61)
    assert Heartbeat.is_late()


# What the database holds ---------------------------------------------------------------------------------------------


def test_the_database_refuses_a_second_alarm_for_the_same_place(clock, cast):
    raise_alarm(Finding(Kind.AWAY, "Here", "Away."))
    with pytest.raises(IntegrityError), transaction.atomic():
        Alarm.objects.create(kind=Kind.AWAY, place="Here", reason="Again.")


def test_old_alarms_are_forgotten_after_a_year(clock, cast):
    raise_alarm(Finding(Kind.AWAY, "Here", "Away."))
    watch()
    later(clock, days=366)
    assert not Alarm.objects.exists()


def test_since_when_a_request_is_behind_is_forgotten_once_it_is_not(clock, cast, bug):
    FACTS[Kind.WAITING][0](bug)
    watch()
    assert Behind.objects.get().since == timezone.now()
    FACTS[Kind.WAITING][1](bug)
    watch()
    assert not Behind.objects.exists()


@pytest.mark.fault(32)
def test_beats_task_shows_that_it_lives_and_pushing_notices_when_it_does_not(clock, cast, bug):
    portal_tasks.show_life()
    gitlab_tasks.push_issue(bug.pk)
    assert kinds() == []
    clock.shift(61)
    gitlab_tasks.push_issue(bug.pk)
    assert kinds() == [Kind.BEAT]
    portal_tasks.show_life()
    portal_tasks.watch()
    assert kinds() == []
