"""Whoever delegates, takes back, leaves, owns or presses, in whatever order: nobody validates without a right to it.

The right is kept here a second time, as plain sets, and compared with what the doors, pages and queues say.
"""

import os
from datetime import UTC, datetime, timedelta

import time_machine
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from supportops.accounts.models import User
from tests.factories import Cast, request_at, restrict, step
from workflow.actions import Incomplete, Refused, Stale, assign, delegate, take_back, take_step
from workflow.clock import working_time
from workflow.models import Issue
from workflow.permissions import may_see, refusal
from workflow.queues import QUEUES
from workflow.states import State
from workflow.verbs import Verb

NAMES = ("requester", "colleague", "standin", "ops", "other_ops", "lead")
names = st.sampled_from(NAMES)
delegating = st.sampled_from(["requester"] * 4 + ["lead", "colleague"])
named = st.sampled_from(["colleague", "other_ops", "colleague", "other_ops", "standin", "requester", "ops"])
"""Mostly those who may: the interesting moments come after delegations that worked."""
EXAMPLES = int(os.environ.get("EXAMPLES", "8"))
BEGIN = datetime(2026, 5, 4, 9, tzinfo=UTC)


class Delegating(RuleBasedStateMachine):
    """One request in validation. ``delegates``: who was named and not taken back; ``gone``: who has left."""

    @initialize(restricted=st.booleans())
    def ask_for_validation(self, restricted):
        self.block = transaction.atomic()
        self.block.__enter__()
        self.clock = time_machine.travel(BEGIN, tick=False)
        self.now = self.clock.__enter__()
        cast = Cast()
        self.people = {name: getattr(cast, name) for name in NAMES}
        self.issue = request_at(State.VALIDATION, cast=cast)
        self.owner, self.implementer, self.waits_since = "ops", "ops", BEGIN
        self.restricted, self.delegates, self.gone = restricted, set(), set()
        if restricted:
            restrict(self.issue)

    def person(self, name):
        return User.objects.get(pk=self.people[name].pk)

    def try_to(self, act):
        try:
            with transaction.atomic():
                return act() or True
        except (Refused, Incomplete, Stale):
            return False

    def may_validate(self, name):
        return name in {"requester", *self.delegates} - {self.owner, self.implementer} - self.gone

    def may_delegate(self, name):
        silent = working_time(self.waits_since, self.now_is()) >= timedelta(days=5)
        instead = name == "lead" and (silent or "requester" in self.gone)
        return self.sees(name) and (name == "requester" or instead)

    def now_is(self):
        return datetime.now(tz=UTC)

    @rule(by=delegating, who=named)
    def name(self, by, who):
        may = self.may_delegate(by) and self.may_be_named(who)
        assert bool(self.try_to(lambda: delegate(self.issue.pk, self.person(who), by=self.person(by)))) == may
        if may:
            self.delegates.add(who)

    def may_be_named(self, who):
        return who != "requester" and who not in {self.owner, self.implementer} | self.gone

    @rule(by=delegating, which=st.integers(0, 2), who=named)
    def take_it_back(self, by, which, who):
        """Mostly from somebody who has it."""
        who = sorted(self.delegates)[which] if which < len(self.delegates) else who
        may = self.may_delegate(by)
        assert bool(self.try_to(lambda: take_back(self.issue.pk, self.person(who), by=self.person(by)))) == may
        if may:
            self.delegates.discard(who)

    @rule(who=st.sampled_from(["ops", "other_ops", None]))
    def give_it_to(self, who):
        if self.try_to(lambda: assign(self.issue.pk, self.person(who) if who else None, by=self.person("lead"))):
            self.owner = who

    @rule()
    def the_delegate_becomes_the_owner(self):
        self.name("requester", "other_ops")
        self.give_it_to("other_ops")

    @rule(who=names, here=st.booleans())
    def leave_or_return(self, who, here):
        one = self.person(who)
        one.is_active = here
        one.save()
        (self.gone.discard if here else self.gone.add)(who)

    @rule(days=st.sampled_from([1, 7]))
    def time_passes(self, days):
        self.now.shift(timedelta(days=days))

    @rule(by=names, verb=st.sampled_from([Verb.VALIDATE, Verb.SEND_BACK]))
    def decide(self, by, verb):
        """What was decided is asked for again at once, so that the game goes on."""
        given = {"text": "Because."}
        done = self.try_to(lambda: take_step(self.issue.pk, verb, by=self.person(by), given=given))

        assert bool(done) == self.may_validate(by), "never without a current right, and none refused with one"
        if done:
            self.go_round(verb)

    def go_round(self, verb):
        """Back to validation, by hand of somebody to whom the request is open whatever the machine made of the rest."""
        worker = self.person("other_ops" if self.owner == "other_ops" else "ops")
        User.objects.filter(pk=worker.pk).update(is_active=True)
        Issue.objects.filter(pk=self.issue.pk).update(restricted_to=None)
        worker = User.objects.get(pk=worker.pk)
        if verb == Verb.VALIDATE:
            step(self.issue, Verb.BLOCK, worker, text="Wait.", blocked_by="Us", unblock_when="Soon")
            Issue.objects.filter(pk=self.issue.pk).update(return_to=State.VALIDATION)
            step(self.issue, Verb.UNBLOCK, worker)
        else:
            step(self.issue, Verb.REQUEST_VALIDATION, worker, text="Again.")
            self.implementer = self.owner or worker.username
        self.gone.discard(worker.username)
        self.waits_since = self.now_is()
        if self.restricted:
            restrict(self.issue)

    @invariant()
    def who_finds_it_is_who_may(self):
        issue = Issue.objects.get(pk=self.issue.pk)
        for name in NAMES:
            one, same = self.person(name), Issue.objects.filter(pk=self.issue.pk)
            assert (refusal(one, Verb.VALIDATE, issue) is None) == self.may_validate(name)
            assert QUEUES["validation"].of(one).exists() == self.may_validate(name)
            assert same.visible_to(one).exists() == may_see(one, issue) == self.sees(name)

    def sees(self, name):
        return name not in self.gone and (not self.restricted or name in {"requester", *self.delegates})

    def teardown(self):
        if hasattr(self, "block"):
            self.clock.__exit__(None, None, None)
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)


def test_nobody_validates_without_a_right_whatever_people_do(db):
    run_state_machine_as_test(
        Delegating,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
