"""One definition per queue: serves its page, its count in the menu, and who finds what in it.

A request is in a queue when one of the queue's verbs is allowed to the person by ``permissions.refusal``; withdraw,
waive, close, reopen and edit never count (domain.md §4). Each rule below is the SQL side of a rule in ``permissions``;
a test holds the two equal for every queue, person and request.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from django.db import connection
from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, JSONObject

from supportops.accounts.models import User
from supportops.accounts.roles import is_lead, is_ops
from workflow.models import Issue, LinkMirror, Mirror, NoteMirror, Reminder, UploadMirror, ValidationRound
from workflow.states import OPEN, Kind, Priority, State, Verb

ANSWERED = frozenset({Kind.QUESTION, Kind.HAND_OVER})
WITHOUT_PRIORITY = max(Priority.values) + 1
URGENT_ROUTE = "fix"
"""The route for what is broken: without a priority it counts as urgent (domain.md §4)."""


# Who finds it: the SQL side of the rules in permissions.py ----------------------------------------------------------


def _ops(requests, person):
    return requests.visible_to(person) if is_ops(person) else requests.none()


def _lead(requests, person):
    if is_lead(person):
        return requests.visible_to(person)
    return _ops(requests, person).exclude(escalated_by=person).filter(~Exists(User.objects.leads()))


def _approver(requests, person):
    return requests.awaiting_decision_of(person) if person.is_active else requests.none()


def _requester(requests, person):
    return requests.filter(requester=person) if person.is_active else requests.none()


def _validator(requests, person):
    return requests.validated_by(person) if person.is_active else requests.none()


def _everybody(person):
    return True


@dataclass(frozen=True)
class Queue:
    """A page of requests that wait for the same thing.

    ``verbs`` are the steps that move a request on from here. ``meant_for`` says in words who finds something in it,
    ``concerns`` in code whose menu counts it. ``always_listed``: in that menu even while it is empty.
    """

    name: str
    title: str
    icon: str
    states: frozenset
    verbs: tuple
    rule: Callable
    text: str
    meant_for: str
    concerns: Callable = is_ops
    kinds: frozenset = frozenset(Kind)
    condition: Q = Q()
    always_listed: bool = True
    ops_only: bool = False

    def of(self, person):
        """What this person finds in it: a queryset of requests, in no particular order."""
        requests = Issue.objects.all() if self.holds_ended else Issue.objects.open()
        return self.rule(requests.filter(self.place), person)

    @property
    def holds_ended(self):
        """Whether requests that have ended may be in it."""
        return self.states == frozenset(State)

    @property
    def place(self):
        """Where a request stands that is in it, whoever asks; what is cheap to tell first."""
        place = Q() if self.holds_ended else Q(state__in=sorted(self.states))
        if self.kinds != frozenset(Kind):
            place &= Q(kind__in=sorted(self.kinds))
        return place & self.condition


def _queue(name, title, icon, states, verbs, rule, text, meant_for="Support Operations", **more):
    return Queue(name, title, icon, frozenset(states), tuple(verbs), rule, text, meant_for, **more)


def in_need_of_a_person():
    """Numbers of the requests whose exchange with GitLab waits for a person: the issue itself, a piece of it, or the
    reading of it. Each part is an index that only holds such rows.
    """
    # Both conditions: the first is the partial index's own, which SQLite only then uses.
    mirrors = Mirror.objects.exclude(status=Mirror.Status.IN_STEP).filter(
        status__in=Mirror.NEEDS_A_PERSON, parked=True
    )
    # By name: the model of looks belongs to the mirror, which stands on this module.
    looks = Issue.objects.order_by().values("pk")
    return mirrors.order_by().values("issue").union(
        NoteMirror.objects.filter(parked=True).order_by().values("issue"),
        UploadMirror.objects.filter(parked=True, attachment__issue__isnull=False).order_by()
        .values("attachment__issue"),
        LinkMirror.objects.filter(parked=True).order_by().values("link__source"),
        looks.filter(look__frozen_at__isnull=False),
        looks.filter(look__last_error__gt="", look__due_at__isnull=True),
    )


_RAISED = ValidationRound.objects.filter(raised_at__isnull=False, settled_at__isnull=True).values("issue")
# Whoever may validate was reminded since it came there: the reminder knows working days and holidays.
_LATE = Reminder.objects.filter(
    issue=OuterRef("pk"), kind__in=[Reminder.Kind.VALIDATION_LATE, Reminder.Kind.VALIDATION_SILENT],
    at__gte=OuterRef("state_since"),
)
_DEFINITIONS = (
    _queue(
        "approvals", "To approve", "user-check", [State.APPROVAL, State.DISCUSSION],
        [Verb.APPROVE, Verb.DECLINE, Verb.ASK], _approver,
        "Requests and proposals that wait for your decision.", "whoever is asked to approve a request",
        concerns=_everybody, always_listed=False,
    ),
    _queue(
        "waiting", "To answer", "circle-question-mark", [State.NEEDS_INFO], [Verb.ANSWER], _requester,
        "Somebody asked you something before your request can go on.", "the people who filed the requests",
        concerns=_everybody,
    ),
    _queue(
        "validation", "To validate", "eye", [State.VALIDATION], [Verb.VALIDATE, Verb.SEND_BACK], _validator,
        "Work that is done and waits for your look: yours, or delegated to you.",
        "the people who filed the requests, and those they delegated to", concerns=_everybody,
    ),
    _queue(
        "triage", "Triage", "inbox", [State.TRIAGE],
        [Verb.ACCEPT, Verb.ESCALATE, Verb.SHELVE, Verb.RECLASSIFY, Verb.ASK, Verb.CONTINUE_IN], _ops,
        "New requests: take them, ask, or send them where they belong.", kinds=frozenset(Kind) - ANSWERED,
    ),
    _queue(
        "questions", "Questions", "message-square", [State.TRIAGE],
        [Verb.COMPLETE, Verb.CONTINUE_IN, Verb.RECLASSIFY, Verb.ASK], _ops,
        "Questions and hand-overs: answer them, or carry them on as a request of the right kind.", kinds=ANSWERED,
    ),
    _queue(
        "escalated", "Escalated", "chevrons-up", [State.ESCALATED], [Verb.SHELVE], _lead,
        "Features that the lead unblocks: backlog, or an end.", "the lead of Support Operations", always_listed=False,
    ),
    _queue(
        "design", "Design", "pencil-ruler", [State.DESIGN], [Verb.SUBMIT_GAMEPLAN, Verb.SHELVE, Verb.ASK, Verb.BLOCK],
        _ops, "Requests that need a gameplan.",
    ),
    _queue(
        "planning", "Planning", "list-checks", [State.PLANNING], [Verb.SCHEDULE, Verb.SHELVE, Verb.ASK, Verb.BLOCK],
        _ops, "Requests that need a milestone.",
    ),
    _queue(
        "scheduled", "Scheduled", "calendar-clock", [State.SCHEDULED],
        [Verb.START, Verb.SCHEDULE, Verb.SHELVE, Verb.BLOCK], _ops,
        "Requests that wait for their milestone; the calendar starts them.",
    ),
    _queue(
        "development", "Development", "hammer", [State.DEVELOPMENT],
        [Verb.REQUEST_VALIDATION, Verb.COMPLETE, Verb.ASK, Verb.BLOCK], _ops, "Requests that are being worked on.",
    ),
    _queue(
        "implementation", "Implementation", "rocket", [State.IMPLEMENTATION], [Verb.COMPLETE, Verb.BLOCK], _ops,
        "Validated work that goes into production.",
    ),
    _queue("backlog", "Backlog", "archive", [State.BACKLOG], [Verb.RESUME], _ops, "Requests that need prioritisation."),
    _queue(
        "blocked", "Blocked", "octagon-x", [State.BLOCKED], [Verb.UNBLOCK], _ops,
        "Requests that something keeps from moving.",
    ),
    _queue(
        "late-validation", "Late validation", "hourglass", [State.VALIDATION], [], _ops,
        "Nobody validated these in time: ask the requester, or have the lead delegate it.",
        condition=Q(Exists(_LATE)), always_listed=False,
    ),
    _queue(
        "raised", "Sent back again", "corner-up-left", OPEN, [], _lead,
        "Sent back from validation three times in a row: find out what stands in the way.",
        "the lead of Support Operations", condition=Q(pk__in=_RAISED), always_listed=False,
    ),
    _queue(
        "sync", "GitLab sync", "triangle-alert", State, [], _ops,
        "Requests whose GitLab issue could not be brought in step by itself.",
        condition=Q(pk__in=in_need_of_a_person()), ops_only=True,
    ),
)
QUEUES = {queue.name: queue for queue in _DEFINITIONS}


# What is in them ----------------------------------------------------------------------------------------------------


def counts(person, also=None):
    """{queue name: how many} for every queue that concerns the person, in one query.

    ``also``: a function of the person that names further expressions to read with the same query; they stand in the
    answer under their names. The query is written once for each person as they are now, because writing it takes
    far longer than reading the answer, and every page shows its numbers.
    """
    grouped, names, (sql, params) = _counting(_Asking(person), also)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        numbers = dict(zip(names, cursor.fetchone(), strict=True))
    for column, queues in grouped.items():
        found = numbers.pop(column)
        numbers |= json.loads(found) if found else dict.fromkeys(queues, 0)
    return numbers


class _Asking:
    """A person, equal to themselves for as long as all is the same that decides what they find."""

    def __init__(self, person):
        self.person = person
        here = person.is_active and (person.group_ids, person.group_names, person.stood_in_ids)
        self._is = (person.pk, here)

    def __eq__(self, other):
        return self._is == other._is

    def __hash__(self):
        return hash(self._is)


@lru_cache(maxsize=500)
def _counting(asking, also):
    """The query of ``counts``: {column: its queues}, the names of all columns, and the statement.

    Queues with the same rule are counted by one look at what the person finds by it: who finds what is most of the
    work, for the database and for building the query.
    """
    person = asking.person
    together, alone = {}, {}
    for name, queue in QUEUES.items():
        if not queue.concerns(person):
            continue
        if queue.holds_ended:
            alone[name] = how_many(queue.of(person))
        else:
            together.setdefault(queue.rule, {})[name] = Count("pk", filter=queue.place)
    by_rule = {
        f"_found_{number}": _one_row(rule(Issue.objects.open(), person), JSONObject(**numbers))
        for number, (rule, numbers) in enumerate(together.items())
    }
    columns = {**by_rule, **alone, **(also(person) if also else {})}
    query = User.objects.filter(pk=person.pk).values(**columns).query
    return dict(zip(by_rule, map(list, together.values()), strict=True)), list(columns), query.sql_with_params()


def how_many(queryset):
    """The number of rows of a queryset, as an expression to read inside another query."""
    return Coalesce(_one_row(queryset, Count("pk")), 0, output_field=IntegerField())


def _one_row(queryset, aggregate):
    """The aggregate over all rows of a queryset, NULL without any, as an expression to read inside another query."""
    found = queryset.order_by().annotate(all=Value(1)).values("all").annotate(found=aggregate).values("found")
    return Subquery(found)


def in_order(requests):
    """Most urgent first, then whatever has waited longest; adds ``rank`` (1 is the most urgent, 5 has no priority)."""
    return requests.annotate(rank=_rank()).order_by("rank", "state_since", "number")


def _rank():
    return Case(
        When(priority__isnull=False, then=F("priority")),
        When(kind=Kind.BUG, route__key=URGENT_ROUTE, then=Value(int(Priority.URGENT))),
        default=Value(WITHOUT_PRIORITY),
        output_field=IntegerField(),
    )
