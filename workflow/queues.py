"""One definition per queue: serves its page, its count in the menu, and who finds what in it.

A request is in a queue when one of the queue's verbs is allowed to the person by ``permissions.refusal``; withdraw,
waive, close, reopen and edit never count (domain.md §4). Each rule below is the SQL side of a rule in ``permissions``;
a test holds the two equal for every queue, person and request.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q

from supportops.accounts.models import User
from supportops.accounts.roles import is_lead, is_ops
from workflow.catalogue.kinds import Kind
from workflow.models import Issue, ValidationRound
from workflow.models.querysets import IssueQuerySet, undecidable
from workflow.numbers import HowMany
from workflow.states import OPEN, State
from workflow.verbs import Verb

Rule = Callable[[IssueQuerySet, User], IssueQuerySet]
"""What a person finds of some requests."""
ANSWERED = frozenset({Kind.QUESTION, Kind.HAND_OVER})
ORDER = ("rank", "state_since", "number")


# Who finds it: the SQL side of the rules in permissions.py ----------------------------------------------------------


def found_by_ops(requests: IssueQuerySet, person: User) -> IssueQuerySet:
    return requests.visible_to(person) if is_ops(person) else requests.none()


def _lead(requests: IssueQuerySet, person: User) -> IssueQuerySet:
    if is_lead(person):
        return requests.visible_to(person)
    return found_by_ops(requests, person).exclude(escalated_by=person).filter(~Exists(User.objects.leads()))


def _approver(requests: IssueQuerySet, person: User) -> IssueQuerySet:
    return requests.awaiting_decision_of(person) if person.is_active else requests.none()


def _requester(requests: IssueQuerySet, person: User) -> IssueQuerySet:
    return requests.filter(requester=person) if person.is_active else requests.none()


def _validator(requests: IssueQuerySet, person: User) -> IssueQuerySet:
    return requests.validated_by(person) if person.is_active else requests.none()


def _namer(requests: IssueQuerySet, person: User) -> IssueQuerySet:
    """Leads; where no other lead than the requester is there, any of Support Operations. Never the requester."""
    others = found_by_ops(requests, person).exclude(requester=person)
    if is_lead(person):
        return others
    return others.filter(~Exists(User.objects.leads().exclude(pk=OuterRef("requester"))))


def _everybody(person: User) -> bool:
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
    states: frozenset[State]
    verbs: tuple[Verb, ...]
    rule: Rule
    text: str
    meant_for: str
    concerns: Callable[[User], bool] = is_ops
    kinds: frozenset[Kind] = frozenset(Kind)
    condition: Q = Q()
    always_listed: bool = True
    ops_only: bool = False

    def of(self, person: User) -> IssueQuerySet:
        """What this person finds in it: a queryset of requests, in no particular order."""
        requests = Issue.objects.all() if self.holds_ended else Issue.objects.open()
        return self.rule(requests.filter(self.place), person)

    @property
    def holds_ended(self) -> bool:
        """Whether requests that have ended may be in it."""
        return self.states == frozenset(State)

    @property
    def place(self) -> Q:
        """Where a request stands that is in it, whoever asks; what is cheap to tell first."""
        place = Q() if self.holds_ended else Q(state__in=sorted(self.states))
        if self.kinds != frozenset(Kind):
            place &= Q(kind__in=sorted(self.kinds))
        return place & self.condition


def define(
    name: str,
    title: str,
    icon: str,
    states: Iterable[State],
    verbs: Iterable[Verb],
    rule: Rule,
    text: str,
    meant_for: str = "Support Operations",
    **more: Any,
) -> Queue:
    return Queue(name, title, icon, frozenset(states), tuple(verbs), rule, text, meant_for, **more)


_RAISED = ValidationRound.objects.filter(raised_at__isnull=False, settled_at__isnull=True).values("issue")
_DEFINITIONS = (
    define(
        "approvals",
        "To approve",
        "user-check",
        [State.APPROVAL, State.DISCUSSION],
        [Verb.APPROVE, Verb.DECLINE, Verb.ASK],
        _approver,
        "Requests and proposals that wait for your decision.",
        "whoever is asked to approve a request",
        concerns=_everybody,
        always_listed=False,
    ),
    define(
        "approver-missing",
        "No approver",
        "user-check",
        [State.APPROVAL, State.DISCUSSION],
        [],
        _namer,
        "Nobody can be asked to decide these: name somebody.",
        "the lead of Support Operations",
        condition=Q(pk__in=undecidable()),
        always_listed=False,
    ),
    define(
        "waiting",
        "To answer",
        "circle-question-mark",
        [State.NEEDS_INFO],
        [Verb.ANSWER],
        _requester,
        "Somebody asked you something before your request can go on.",
        "the people who filed the requests",
        concerns=_everybody,
    ),
    define(
        "validation",
        "To validate",
        "eye",
        [State.VALIDATION],
        [Verb.VALIDATE, Verb.SEND_BACK],
        _validator,
        "Work that is done and waits for your look: yours, or delegated to you.",
        "the people who filed the requests, and those they delegated to",
        concerns=_everybody,
    ),
    define(
        "triage",
        "Triage",
        "inbox",
        [State.TRIAGE],
        [Verb.ACCEPT, Verb.ESCALATE, Verb.SHELVE, Verb.RECLASSIFY, Verb.ASK, Verb.CONTINUE_IN],
        found_by_ops,
        "New requests: take them, ask, or send them where they belong.",
        kinds=frozenset(Kind) - ANSWERED,
    ),
    define(
        "questions",
        "Questions",
        "message-square",
        [State.TRIAGE],
        [Verb.COMPLETE, Verb.CONTINUE_IN, Verb.RECLASSIFY, Verb.ASK],
        found_by_ops,
        "Questions and hand-overs: answer them, or carry them on as a request of the right kind.",
        kinds=ANSWERED,
    ),
    define(
        "escalated",
        "Escalated",
        "chevrons-up",
        [State.ESCALATED],
        [Verb.SHELVE],
        _lead,
        "Features that the lead unblocks: backlog, or an end.",
        "the lead of Support Operations",
        always_listed=False,
    ),
    define(
        "design",
        "Design",
        "pencil-ruler",
        [State.DESIGN],
        [Verb.SUBMIT_GAMEPLAN, Verb.SHELVE, Verb.ASK, Verb.BLOCK],
        found_by_ops,
        "Requests that need a gameplan.",
    ),
    define(
        "planning",
        "Planning",
        "list-checks",
        [State.PLANNING],
        [Verb.SCHEDULE, Verb.SHELVE, Verb.ASK, Verb.BLOCK],
        found_by_ops,
        "Requests that need a milestone.",
    ),
    define(
        "scheduled",
        "Scheduled",
        "calendar-clock",
        [State.SCHEDULED],
        [Verb.START, Verb.SCHEDULE, Verb.SHELVE, Verb.BLOCK],
        found_by_ops,
        "Requests that wait for their milestone; the calendar starts them.",
    ),
    define(
        "development",
        "Development",
        "hammer",
        [State.DEVELOPMENT],
        [Verb.REQUEST_VALIDATION, Verb.COMPLETE, Verb.ASK, Verb.BLOCK],
        found_by_ops,
        "Requests that are being worked on.",
    ),
    define(
        "implementation",
        "Implementation",
        "rocket",
        [State.IMPLEMENTATION],
        [Verb.COMPLETE, Verb.BLOCK],
        found_by_ops,
        "Validated work that goes into production.",
    ),
    define(
        "backlog",
        "Backlog",
        "archive",
        [State.BACKLOG],
        [Verb.RESUME],
        found_by_ops,
        "Requests that need prioritisation.",
    ),
    define(
        "blocked",
        "Blocked",
        "octagon-x",
        [State.BLOCKED],
        [Verb.UNBLOCK],
        found_by_ops,
        "Requests that something keeps from moving.",
    ),
    define(
        "raised",
        "Sent back again",
        "corner-up-left",
        OPEN,
        [],
        _lead,
        "Sent back from validation three times in a row: find out what stands in the way.",
        "the lead of Support Operations",
        condition=Q(pk__in=_RAISED),
        always_listed=False,
    ),
)
QUEUES = {queue.name: queue for queue in _DEFINITIONS}


def register(queue: Queue, before: str | None = None) -> None:
    """Add an app's queue, in the menu in front of ``before`` or at the end; called when the apps are ready."""
    found = list(QUEUES.values())
    place = next((number for number, one in enumerate(found) if one.name == before), len(found))
    QUEUES.clear()
    QUEUES.update({one.name: one for one in [*found[:place], queue, *found[place:]]})


# What is in them ----------------------------------------------------------------------------------------------------


def counted(person: User) -> dict[str, HowMany]:
    """{queue name: how many, at most MOST_SHOWN} for every queue that concerns the person, as expressions."""
    return {name: HowMany(queue.of(person)) for name, queue in QUEUES.items() if queue.concerns(person)}


def in_order(requests: IssueQuerySet) -> IssueQuerySet:
    """Most urgent first, then whatever has waited longest: the order of the index ``open_by_queue``."""
    return requests.order_by(*ORDER)
