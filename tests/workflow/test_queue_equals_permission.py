"""A queue holds exactly what ``permissions.refusal`` lets the person move on, for every queue, person and request."""

from collections import defaultdict
from datetime import date, timedelta
from itertools import product

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.utils import timezone

from supportops.accounts.models import User
from supportops.accounts.roles import Role, is_lead, is_ops
from supportops.ui.marks import MOST_SHOWN
from tests.factories import person
from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import Route
from workflow.gitlab.models import GitLabLink
from workflow.models import ApprovalRound, Decision, Delegation, GatePath, Issue, ValidationRound
from workflow.numbers import Numbers
from workflow.permissions import may_see, refusal
from workflow.queues import QUEUES, counted
from workflow.states import ENDED, WAITS_TO_RETURN, Outcome, State
from workflow.verbs import Act

KIND_ROUTES = {
    Kind.BUG: "fix",
    Kind.FEATURE: "feature",
    Kind.ADMINISTRATIVE: "calendly",
    Kind.PROPOSAL: "propose-change",
    Kind.QUESTION: "question",
    Kind.HAND_OVER: "portal-change",
}


def test_every_queue_holds_exactly_what_its_verbs_allow(population):
    people, issues = population
    wrong = [
        (name, who.username, issue.pk, issue.state, issue.kind)
        for (name, queue), who in product(QUEUES.items(), people)
        for held in [set(queue.of(who).values_list("pk", flat=True))]
        for issue in issues
        if (issue.pk in held) != may_move_on(queue, who, issue)
    ]
    assert wrong == []


def test_every_queue_has_something_for_somebody_and_not_for_everybody(population):
    people, _ = population
    for queue in QUEUES.values():
        sizes = {queue.of(who).count() for who in people}
        assert max(sizes) > 0, queue.name
        assert min(sizes) == 0, queue.name


def test_without_a_lead_whoever_did_not_escalate_decides(population):
    people, issues = population
    Group.objects.get(name=Role.LEAD).user_set.clear()
    people, issues = afresh(people, issues)
    queue = QUEUES["escalated"]
    held = {who.username: set(queue.of(who).values_list("pk", flat=True)) for who in people}
    expected = {who.username: {i.pk for i in issues if may_move_on(queue, who, i)} for who in people}
    assert held == expected
    assert held["ops"] and held["second_ops"] and held["ops"] != held["second_ops"]


def test_the_menu_counts_what_the_queues_hold(population, django_assert_num_queries):
    people, _ = population
    numbers = Numbers(counted)
    for who in people:
        held = {name: min(queue.of(who).count(), MOST_SHOWN) for name, queue in QUEUES.items() if queue.concerns(who)}
        numbers.of(who)  # groups, absences and the plan are read and made once
        with django_assert_num_queries(1):
            assert numbers.of(who) == held


def test_a_queue_never_holds_what_is_in_another_state(population):
    people, _ = population
    for queue, who in product(QUEUES.values(), people):
        assert set(queue.of(who).values_list("state", flat=True)) <= set(queue.states)


def may_move_on(queue, who, issue):
    """Whether the table of permissions lets the person take one of the queue's verbs on a request of its kind."""
    if issue.state not in queue.states or issue.kind not in queue.kinds:
        return False
    if queue.name == "sync":
        return is_ops(who) and may_see(who, issue) and issue.needs_a_person
    if queue.name == "raised":
        return issue.raised and may_see(who, issue) and looks_after(who, issue)
    if queue.name == "late-validation":
        return issue.late and is_ops(who) and may_see(who, issue)
    if queue.name == "approver-missing":
        return issue.stuck and refusal(who, Act.NAME_APPROVER, issue) is None
    return any(refusal(who, verb, issue) is None for verb in queue.verbs)


def looks_after(who, issue):
    """Whether this person decides what the lead decides."""
    return is_lead(who) or not issue.active_lead_exists and is_ops(who) and who.pk != issue.escalated_by_id


@pytest.fixture
def population(populated, db):
    """Nine people, and requests of every state, kind and restriction with each of them in every part."""
    return afresh(User.objects.all(), Issue.objects.all())


@pytest.fixture(scope="module")
def populated(rows_of_the_module):
    """Makes them, once for all tests: 936 requests.

    The manager and the delegate are away: the stranger stands in for the one, and through them for the other.
    """
    manager = person("manager", groups=[Role.MANAGER])
    people = {
        "manager": manager,
        "requester": person("requester", reports_to=manager),
        "delegate": person("delegate"),
        "ops": person("ops", groups=[Role.OPS]),
        "second_ops": person("second_ops", groups=[Role.OPS]),
        "member": person("member", groups=[Role.OPS, "us-federal"]),
        "lead": person("lead", groups=[Role.LEAD]),
        "stranger": person("stranger"),
        "gone": person("gone", groups=[Role.OPS, "us-federal"], is_active=False),
    }
    for away, stand_in in (("manager", "stranger"), ("delegate", "manager"), ("gone", "ops")):
        User.objects.filter(pk=people[away].pk).update(away_from=date(2000, 1, 1), stand_in=people[stand_in])
    routes = {kind: Route.objects.get(key=key) for kind, key in KIND_ROUTES.items()}
    hidden, rows = Group.objects.get(name="us-federal"), defaultdict(list)
    for number, (state, kind, restricted) in enumerate(product(State, Kind, (False, True))):
        for part in range(6):
            for row in made(number * 6 + part, state, routes[kind], hidden if restricted else None, people):
                rows[type(row)].append(row)
    for model, those in rows.items():
        model.objects.bulk_create(those)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as the database does by itself; what it knew of other tests' rows is wrong


def afresh(people, issues):
    """People and requests without anything remembered."""
    mirrors = GitLabLink.objects.filter(parked=True, status__in=GitLabLink.NEEDS_A_PERSON)
    in_need = set(mirrors.values_list("issue_id", flat=True))  # an issue that ops let go keeps its status, and rests
    raised = {one.issue_id for one in ValidationRound.objects.all() if one.raised_at and not one.settled_at}
    running = ValidationRound.objects.select_related("issue").filter(ended_at=None).exclude(late_at=None)
    late = {one.issue_id for one in running if one.late_at >= one.issue.state_since}
    found = list(Issue.objects.filter(pk__in=[i.pk for i in issues]).select_related("route", "requester"))
    for issue in found:
        issue.needs_a_person = issue.pk in in_need
        issue.raised, issue.late = issue.pk in raised, issue.pk in late
        turn = issue.seats_in_turn
        empty = any(seat.approver is None for seat in turn)
        issue.stuck = empty and not any(seat.approver and seat.approver.is_active for seat in turn)
    return list(User.objects.filter(pk__in=[p.pk for p in people])), found


def made(number, state, route, restricted_to, people):
    """One request and what hangs on it; ``number`` deals the parts around so that all of them meet."""
    deal, kind = list(people.values()), next(kind for kind, key in KIND_ROUTES.items() if key == route.key)
    issue = Issue(
        number=number + 1,
        kind=kind,
        route=route,
        title=f"{state} {kind} {number}",
        state=state,
        requester=deal[number % len(deal)],
        assignee=[None, *deal][number // 2 % (len(deal) + 1)],
        implemented_by=[None, *deal][number // 3 % (len(deal) + 1)],
        escalated_by=[None, people["ops"], people["second_ops"]][number % 3],
        return_to=State.TRIAGE if state in WAITS_TO_RETURN else "",
        outcome=_outcome(state, number),
        restricted_to=restricted_to,
        validation_asked=number % 2 == 0,
        created_at=timezone.now(),
        state_since=timezone.now(),
    )
    yield issue
    others = [deal[(number + turn + number % 4) % len(deal)] for turn in (1, 2, 3)]
    seated = others[: 1 + number % 3]
    yield from _asked(issue, seated, ended=number % 5 == 0, in_order=number % 2, decided=number % 7 == 0)
    yield Delegation(
        issue=issue,
        person=deal[(number + 2) % len(deal)],
        by=issue.requester,
        ended_at=timezone.now() if number % 4 == 0 else None,
    )
    yield GatePath(
        issue=issue,
        gate="triage" if number % 2 else "gameplan",
        chart_version="1",
        outcome=["", "approved", "escalate", "backlog"][number % 4],
    )
    status = GitLabLink.Status.values[number % 6]
    let_go = number % 4 == 0
    parked = status in GitLabLink.NEEDS_A_PERSON and not let_go
    yield GitLabLink(issue=issue, marker=f"m{number}", status=status, parked=parked)
    yield from _validated(issue, number)


def _validated(issue, number):
    """A round that was raised, or raised and settled, or neither; one that runs, late now or in an earlier stay."""
    now = timezone.now()
    yield ValidationRound(
        issue=issue,
        number=1,
        opened_at=now,
        ended_at=now,
        outcome="sent-back",
        raised_at=[None, now][number % 2],
        settled_at=[None, None, None, now][number % 4],
    )
    if number % 3:
        since = issue.state_since + timedelta(days=[0, 1, -1][number % 3])
        yield ValidationRound(issue=issue, number=2, opened_at=now, late_at=since)


def _outcome(state, number):
    if state not in ENDED:
        return ""
    return [Outcome.COMPLETED, Outcome.WITHDRAWN, Outcome.DECLINED][number % 3]


def _asked(issue, approvers, *, ended, in_order, decided):
    """A round of one, two or three; in order or at once; its last seat perhaps filled in, perhaps by a stand-in."""
    now = timezone.now()
    opened = ApprovalRound(
        pk=issue.pk,
        issue=issue,
        number=1,
        asked={},
        opened_at=now,
        ended_at=now if ended else None,
        outcome="waived" if ended else "",
    )
    yield opened
    seats = [
        Decision(
            round=opened,
            issue_requester=issue.requester,
            approver=approver if approver.pk != issue.requester_id else None,
            order=place if in_order else 1,
        )
        for place, approver in enumerate(approvers, start=1)
    ]
    if issue.pk % 8 == 0:
        seats[0].approver = None
    last = seats[-1]
    if decided and last.approver and not ended:
        decider = User.objects.get(
            username="stranger" if last.approver.username == "manager" else last.approver.username
        )
        if decider.pk != issue.requester_id:
            last.verdict, last.decided_by, last.decided_at = "approved", decider, now
    yield from seats


def test_what_each_person_may_see_is_what_they_find(population):
    people, issues = population
    wrong = [
        (who.username, issue.pk)
        for who in people
        for found in [set(Issue.objects.visible_to(who).values_list("pk", flat=True))]
        for issue in issues
        if may_see(who, issue) != (issue.pk in found)
    ]
    assert wrong == []


def test_the_population_has_people_who_decide_for_others(population):
    people, issues = population
    stranger = next(who for who in people if who.username == "stranger")
    waiting = [issue for issue in issues if issue.state in {State.APPROVAL, State.DISCUSSION}]

    assert {str(issue.behalf_of(stranger)) for issue in waiting} == {"None", "Manager", "Delegate"}


def test_the_population_holds_every_state_of_every_kind(population):
    _, issues = population
    assert {(i.state, i.kind, i.confidential) for i in issues} == set(product(State, Kind, (False, True)))
