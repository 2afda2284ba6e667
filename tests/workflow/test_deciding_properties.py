"""Whoever is away, leaves, moves, names or presses, in whatever order, these hold about rounds and decisions."""

import os
from datetime import UTC, datetime, timedelta

import time_machine
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from supportops.accounts.models import User
from tests.factories import Cast, answers_for, file_request, person
from workflow.actions import Incomplete, Refused, Stale, name_approver, take_step
from workflow.actions.reassigning import refill_seats
from workflow.catalogue.models import ApprovalPolicy, PolicyApprover, Quorum, Route
from workflow.models import ApprovalRound, Decision, Event, Issue
from workflow.notifications.recipients import tell_stand_ins
from workflow.permissions import may_see, refusal
from workflow.queues import QUEUES
from workflow.states import State
from workflow.verbs import Verb

NAMES = ("requester", "manager", "standin", "colleague", "lead", "ann", "bob")
names = st.sampled_from(NAMES)
EXAMPLES = int(os.environ.get("EXAMPLES", "15"))
BEGIN = datetime(2026, 5, 4, 9, tzinfo=UTC)


class Deciding(RuleBasedStateMachine):
    """One request and seven people. ``rights``: what the table said right before each decision was pressed."""

    @initialize(
        quorum=st.sampled_from([None, *Quorum.values]),
        needed=st.integers(1, 3),
        named=st.lists(names, max_size=4, unique=True),
        away=st.dictionaries(names, names, max_size=5),
        with_manager=st.booleans(),
        route=st.sampled_from(["calendly", "macros-global", "propose-change"]),
        restricted=st.booleans(),
        asker=st.sampled_from(["requester", "requester", "lead"]),
    )
    def file(self, quorum, needed, named, away, with_manager, route, restricted, asker):
        self.block = transaction.atomic()
        self.block.__enter__()
        self.clock = time_machine.travel(BEGIN, tick=False)
        self.now = self.clock.__enter__()
        cast = Cast()
        cast.ann, cast.bob = person("ann", groups=["managers"]), person("bob")
        self.people = {name: getattr(cast, name) for name in NAMES}
        if quorum:
            policy = ApprovalPolicy.objects.create(
                route=Route.objects.get(key=route), quorum=quorum, needed=needed, with_manager=with_manager
            )
            for order, name in enumerate(named):
                PolicyApprover.objects.create(policy=policy, person=self.people[name], order=order)
        self.asker, self.looked = asker, 0
        self.issue = file_request(
            cast, None, route=route, confidential=restricted, requester=self.people[asker], approver=cast.manager
        )
        self.decisions = 0
        for name, stand_in in away.items():
            self.go_away(name, stand_in, 0, None)

    def person(self, name):
        return User.objects.get(pk=self.people[name].pk)

    def try_to(self, act):
        try:
            act()
        except (Refused, Incomplete, Stale):
            return False
        return True

    @rule(name=names, stand_in=names | st.none(), begins=st.integers(-1, 1), days=st.integers(0, 9) | st.none())
    def go_away(self, name, stand_in, begins, days):
        """Also in circles, and past what entry would refuse: the rules below must hold all the same."""
        first = self.now_date() + timedelta(days=begins)
        User.objects.filter(pk=self.people[name].pk).update(
            away_from=first,
            away_until=None if days is None else first + timedelta(days=days),
            stand_in=self.people[stand_in] if stand_in else None,
        )

    @rule(name=names)
    def come_back(self, name):
        User.objects.filter(pk=self.people[name].pk).update(away_from=None, away_until=None)

    @rule(name=st.sampled_from(["manager", "standin", "ann"]), here=st.sampled_from([True, True, False]))
    def leave_or_return(self, name, here):
        one = self.person(name)
        one.is_active = here
        one.save()

    @rule(name=names, manager=names | st.none())
    def report_to(self, name, manager):
        one = self.person(name)
        if manager != name:
            one.reports_to = self.people[manager] if manager else None
            one.save()

    @rule(hours=st.sampled_from([1, 15, 24, 170]))
    def time_passes(self, hours):
        self.now.shift(timedelta(hours=hours))

    @rule()
    def the_clock_ticks(self):
        refill_seats()
        tell_stand_ins()
        assert refill_seats() == 0, "a run repeated changes nothing"

    @rule(by=names, approver=names, seat=st.integers(0, 3))
    def name(self, by, approver, seat):
        seats = Decision.objects.filter(round__issue=self.issue, decided_at__isnull=True)
        pk = seats[seat].pk if seat < seats.count() else None
        done = self.try_to(lambda: name_approver(self.issue.pk, self.person(approver), by=self.person(by), seat=pk))
        assert not (done and by == self.asker), "who asks never says who decides, whatever else they are"

    @rule(by=names, verb=st.sampled_from([Verb.APPROVE, Verb.APPROVE, Verb.APPROVE, Verb.DECLINE]))
    def decide(self, by, verb):
        before = Issue.objects.get(pk=self.issue.pk)
        might = refusal(self.person(by), verb, before) is None
        given = {"text": "Because.", "answers": answers_for(before.route.key, "approver")}

        done = self.try_to(lambda: take_step(self.issue.pk, verb, by=self.person(by), given=given))

        assert done == might, "never a decision without a current right, and none refused with one"
        if done:
            self.decisions += 1
            event = Event.objects.filter(issue=self.issue).last()
            assert event.on_behalf_of == before.behalf_of(self.people[by])
            assert event.version == before.version + 1

    @rule(order=st.permutations(NAMES))
    def everybody_approves(self, order):
        for by in order:
            self.decide(by, Verb.APPROVE)

    @rule()
    def edit(self):
        given = {"description": f"{Issue.objects.get(pk=self.issue.pk).description} More."}
        self.try_to(lambda: take_step(self.issue.pk, Verb.EDIT, by=self.person(self.asker), given=given))

    def now_date(self):
        return datetime.now(tz=UTC).date()

    @invariant()
    def nobody_approves_their_own_request(self):
        decided = Decision.objects.filter(round__issue=self.issue)
        assert not decided.filter(decided_by=self.people[self.asker]).exists()
        assert not decided.filter(approver=self.people[self.asker]).exists()

    @invariant()
    def one_decision_a_seat_and_one_event_a_decision(self):
        decided = Decision.objects.filter(round__issue=self.issue, decided_at__isnull=False)
        assert decided.count() == self.decisions
        assert decided.values("round", "decided_by").distinct().count() == self.decisions
        assert Event.objects.filter(issue=self.issue, verb__in=[Verb.APPROVE, Verb.DECLINE]).count() == self.decisions

    @invariant()
    def a_round_is_approved_exactly_when_enough_approved_it(self):
        for round_ in ApprovalRound.objects.filter(issue=self.issue):
            approvals = round_.decisions.filter(verdict="approved").count()
            if round_.outcome == "approved":
                assert approvals == round_.needed
            if round_.outcome == "":
                assert approvals < round_.needed and not round_.decisions.filter(verdict="declined").exists()

    @invariant()
    def who_finds_it_is_who_may(self):
        """For three of the seven after each step, the next three after the next: asking all takes most of the time."""
        issue = Issue.objects.get(pk=self.issue.pk)
        self.looked = (self.looked + 3) % len(NAMES)
        people, links = User.objects.in_bulk(one.pk for one in self.people.values()), User.objects.absence_links()
        for name in (NAMES * 2)[self.looked : self.looked + 3]:
            one, same = people[self.people[name].pk], Issue.objects.filter(pk=self.issue.pk)
            one.absence_links, one.groups_by_id = links, self.people[name].groups_by_id
            assert same.visible_to(one).exists() == may_see(one, issue)
            assert QUEUES["approvals"].of(one).exists() == (refusal(one, Verb.APPROVE, issue) is None)

    @invariant()
    def a_round_runs_exactly_while_it_waits(self):
        issue = Issue.objects.get(pk=self.issue.pk)
        running = ApprovalRound.objects.filter(issue=issue, ended_at__isnull=True).count()
        assert running == (issue.state in {State.APPROVAL, State.DISCUSSION})

    def teardown(self):
        if hasattr(self, "block"):
            self.clock.__exit__(None, None, None)
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)


def test_what_holds_whatever_people_do(db):
    run_state_machine_as_test(
        Deciding,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
