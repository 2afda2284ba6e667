"""Anybody does anything on both sides, GitLab misbehaves, hints come in any order or not at all: then all is well.

A seeded workload of a few requests; afterwards everything heals and I1 to I5 of reliability.md §2 must hold.
"""

import random
from collections import Counter
from datetime import timedelta

import pytest
import requests
from django.utils import timezone

from supportops.accounts.models import User
from tests.factories import file_request, step
from tests.gitlab.inbound.looking import change, mirror_of, note, push_later, shown
from workflow.actions import Incomplete, Refused, assign, comment, set_due_date, set_priority, take_step
from workflow.catalogue.kinds import Kind
from workflow.gitlab.escaping import noted
from workflow.gitlab.models import GitLabLink, OutgoingNote
from workflow.gitlab.models.connection import Budget, Connection
from workflow.gitlab.models.inbound import ImportedNote, PendingPull
from workflow.gitlab.operations import resume, retry
from workflow.gitlab.poll import poll_all
from workflow.gitlab.pull import look_at
from workflow.gitlab.push import push_issue
from workflow.gitlab.reconcile import reconcile
from workflow.models import ApprovalRound, Comment, Event, Issue
from workflow.states import State
from workflow.verbs import Verb

pytestmark = pytest.mark.django_db
PEOPLE = ("requester", "colleague", "ops", "lead", "manager")
STAGES = ("Triage", "Design", "Planning", "Development", "Validation", "Completed", "Blocked", "Backlogged")
LABELS = (
    "p1",
    "p2",
    "p3",
    "Priority::4",
    "Customer::Field",
    "Customer::Support",
    "Zendesk",
    "Zapier",
    "Foreign",
    "feature",
)
FAULTS = ("apply_then_timeout", "server_error", "cut_reply", "html_instead_of_json", "rate_limited")


class Workload:
    """Everything people and machines do, by one source of chance."""

    def __init__(self, gitlab, cast, issues, seed):
        self.gitlab, self.cast, self.issues, self.chance = gitlab, cast, issues, random.Random(seed)
        self.said = Counter()
        self.deeds = [name for name in dir(self) if name.startswith("do_")]

    def run(self, times):
        """Do so many things."""
        for number in range(times):
            deed, issue = self.chance.choice(self.deeds), self.chance.choice(self.issues)
            try:
                getattr(self, deed)(issue, number)
            except (Refused, Incomplete, requests.HTTPError):
                continue  # refused on either side: nothing happened

    def _person(self):
        return getattr(self.cast, self.chance.choice(PEOPLE))

    def _name(self):
        return self.chance.choice(PEOPLE)

    # In the portal --------------------------------------------------------------------------------------------------

    def do_comment_here(self, issue, number):
        comment(issue.pk, f"Here {number}", by=self._person())
        self.said[issue.pk, f"Here {number}"] += 1

    def do_edit(self, issue, number):
        take_step(issue.pk, Verb.EDIT, by=self._person(), given={"title": f"Title {number} of the portal"})

    def do_prioritise(self, issue, number):
        set_priority(issue.pk, self.chance.choice([None, 1, 2, 3, 4]), by=self._person())

    def do_assign(self, issue, number):
        assign(issue.pk, self.chance.choice([None, self.cast.ops, self.cast.lead]), by=self._person())

    def do_due_date(self, issue, number):
        set_due_date(issue.pk, timezone.localdate() + timedelta(days=number), by=self._person())

    def do_step(self, issue, number):
        issue = Issue.objects.get(pk=issue.pk)
        verb = self.chance.choice([verb for verb in Verb if issue.can(verb)] or [Verb.EDIT])
        given = {"kind": issue.kind, "customer": "Field", "system": "Zapier", "priority": 2, "confirmed_valid": True}
        step(
            issue,
            verb,
            self._person(),
            text="So be it.",
            blocked_by="IT",
            unblock_when="soon",
            outcome="invalid",
            **given,
        )

    # In GitLab ------------------------------------------------------------------------------------------------------

    def do_retitle_there(self, issue, number):
        change(self.gitlab, issue, by=self._name(), title=f"Title {number} of GitLab")

    def do_label_there(self, issue, number):
        which = self.chance.choice(["add_labels", "remove_labels"])
        change(self.gitlab, issue, by=self._name(), **{which: self.chance.choice(LABELS)})

    def do_stage_there(self, issue, number):
        by = self._name()
        if self.chance.random() < 0.6:
            note(self.gitlab, issue, f"There {number}", by=by)
            self.said[issue.pk, f"There {number}"] += 1
        change(self.gitlab, issue, by=by, add_labels=f"Stage::{self.chance.choice(STAGES)}")

    def do_close_there(self, issue, number):
        change(self.gitlab, issue, by=self._name(), state_event=self.chance.choice(["close", "reopen"]))

    def do_comment_there(self, issue, number):
        note(self.gitlab, issue, f"There {number}", by=self._name())
        self.said[issue.pk, f"There {number}"] += 1

    def do_describe_there(self, issue, number):
        description = shown(self.gitlab, issue)["description"]
        change(self.gitlab, issue, by=self._name(), description=f"{description}\n\nBelow {number}")

    def do_wreck_the_block(self, issue, number):
        change(self.gitlab, issue, by=self._name(), description=f"Wrecked {number}")

    # Machines -------------------------------------------------------------------------------------------------------

    def do_hint(self, issue, number):
        PendingPull.ask(issue.pk, thorough=self.chance.random() < 0.5)

    def do_look(self, issue, number):
        PendingPull.objects.filter(pk=issue.pk, due_at__isnull=False).update(due_at=timezone.now())
        look_at(issue.pk)

    def do_push(self, issue, number):
        push_issue(issue.pk)

    def do_poll(self, issue, number):
        poll_all()

    def do_misbehave(self, issue, number):
        name, method = self.chance.choice(FAULTS), self.chance.choice(["GET", "PUT", "POST"])
        self.gitlab.fail(name, method=method, path=r"/issues/", times=1, seconds=0, retry_after=1, after=0)
        self.chance.choice([self.do_look, self.do_push, self.do_poll, self.do_let_time_pass])(issue, number)
        self.gitlab.heal()

    def do_let_time_pass(self, issue, number):
        push_later(issue)


def heal(gitlab, issues):
    """GitLab behaves, everything that waits is due, until nothing is left to do."""
    gitlab.heal()
    Budget.objects.all().delete()
    ops = User.objects.get(username="ops")
    resume(by=ops)
    past = timezone.now() - timedelta(minutes=10)
    OutgoingNote.objects.filter(posting_since__isnull=False).update(posting_since=past)
    for issue in issues:
        if mirror_of(issue).status == GitLabLink.Status.PARKED:
            retry(issue.pk, by=ops)
    for _ in range(6):
        poll_all()
        PendingPull.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
        for number in PendingPull.due_numbers():
            look_at(number)
        for issue in issues:
            push_later(issue)


@pytest.mark.parametrize("seed", range(4))
def test_both_sides_come_to_agree_and_nothing_is_lost_or_doubled(cast, mirrored, seed):
    issues = [file_request(cast, kind) for kind in (Kind.BUG, Kind.FEATURE, Kind.ADMINISTRATIVE)]
    for issue in issues:
        push_issue(issue.pk)
    workload = Workload(mirrored, cast, issues, seed)
    workload.run(90)
    heal(mirrored, issues)

    assert not Connection.load().paused
    for issue in issues:
        mirror = mirror_of(issue)
        assert (mirror.status, mirror.last_error) == ("in-step", "")
        assert len(mirrored.with_marker(mirror)) == 1
        check_comments(mirrored, issue, workload.said)
        check_life(issue)
    assert reconcile("all").findings == []


def check_comments(gitlab, issue, said):
    """Each comment once on each side."""
    wanted = {words for number, words in said if number == issue.pk}
    here = Counter(Comment.objects.filter(issue=issue).values_list("body", flat=True))
    assert here == Counter(wanted)
    there = gitlab.notes(mirror_of(issue))
    written = Counter(note["body"] for note in there if noted(note["body"]) is None)
    carried = Counter(
        line.removeprefix("> ") for note in there if " wrote:" in note["body"] for line in note["body"].splitlines()
    )
    assert {words: written[words] + carried[words] for words in wanted} == dict.fromkeys(wanted, 1)
    marks = Counter(noted(note["body"]) for note in there if noted(note["body"]))
    assert set(marks.values()) <= {1}
    assert ImportedNote.objects.filter(comment__issue=issue).count() == sum(
        noted(note["body"]) is None for note in there
    )


def check_life(issue):
    """The story is a path: each event begins where the last one ended; nobody approved by a label."""
    events = list(Event.objects.filter(issue=issue).order_by("pk"))
    for earlier, later in zip(events, events[1:], strict=False):
        assert later.from_state == earlier.to_state
    assert Issue.objects.get(pk=issue.pk).state == events[-1].to_state
    assert not ApprovalRound.objects.filter(issue=issue, outcome="approved").exists()
    if State.COMPLETED in {event.to_state for event in events}:
        assert any(event.verb == Verb.COMPLETE for event in events)
