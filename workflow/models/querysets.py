"""Requests, by the questions the portal asks about them. Each is the SQL side of a rule in permissions.py."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Count, Exists, F, Min, OuterRef, Prefetch, Q, QuerySet, Subquery

from workflow.models.approval import Decision
from workflow.models.event import Event
from workflow.models.people import Delegation
from workflow.states import COURT, ENDED, WORKED, State

if TYPE_CHECKING:
    from supportops.accounts.models import User
    from workflow.models.issue import Issue

_BESIDE = ("requester", "assignee", "tracker", "milestone")
_OF_A_ROW = (
    *("number", "version", "title", "kind", "state", "state_since", "priority", "rank", "restricted_to", "updated_at"),
    *(f"{who}__{name}" for who in ("requester", "assignee") for name in ("username", "first_name", "last_name")),
    *(f"{who}__{name}" for who in ("requester", "assignee") for name in ("time_zone", "region")),
    *("tracker__name", "milestone__title"),
)


def moves() -> Prefetch:
    """What ``with_moves`` reads, also for ``prefetch_related_objects``."""
    steps = Event.objects.exclude(from_state=F("to_state")).only("issue_id", "at", "to_state")
    return Prefetch("events", steps, to_attr="moves")


class IssueQuerySet(models.QuerySet["Issue"]):
    """Chainable adjectives: ``.visible_to(person).open()``."""

    def open(self) -> Self:
        """What has not ended."""
        return self.exclude(state__in=sorted(ENDED))  # in the order of the partial indexes, for SQLite

    def visible_to(self, person: User | AnonymousUser) -> Self:
        """What exists for this person; the same rule as ``permissions.may_see``."""
        return self.filter(visible_to(person))

    def open_to_groups(self, groups: Collection[int]) -> Self:
        """What is restricted to nobody, or to one of the groups of these ids."""
        return self.filter(Q(restricted_to__isnull=True) | Q(restricted_to__in=groups))

    def awaiting_decision_of(self, person: User) -> Self:
        """What this person is the current approver of."""
        # Distinct: the seats are read and their requests looked up, rather than each open request asked for its seats.
        seats = _seats_of(person, None).order_by().values("round__issue").distinct()
        return self.filter(pk__in=seats).exclude(requester=person)

    def validated_by(self, person: User) -> Self:
        """What this person may validate: theirs or delegated to them, never what they implemented."""
        delegated = Delegation.objects.filter(person=person, ended_at__isnull=True)
        may = numbers_in_any(self.filter(requester=person), self.filter(pk__in=delegated.values("issue")))
        return (
            self.filter(pk__in=may)
            .exclude(Q(assignee__isnull=False) & Q(assignee=person))
            .exclude(Q(implemented_by__isnull=False) & Q(implemented_by=person))
        )

    def needing(self, person: User) -> Self:
        """What waits for this person now: to decide, to answer, to validate, or to work on as its owner."""
        if not person.is_active:
            return self.none()
        validates = Q(requester=person) | Exists(_delegations_of(person))
        implements = Q(assignee__isnull=False, assignee=person) | Q(implemented_by__isnull=False, implemented_by=person)
        return self.open().filter(
            Q(state__in=[State.APPROVAL, State.DISCUSSION]) & Exists(_seats_of(person)) & ~Q(requester=person)
            | Q(state=State.NEEDS_INFO, requester=person)
            | Q(state=State.VALIDATION) & validates & ~implements
            | Q(assignee=person, state__in=sorted(state for state, court in COURT.items() if court in WORKED))
        )

    def with_people(self) -> Self:
        """With whom and what each belongs to, in the same query."""
        return self.select_related(*_BESIDE)

    def as_rows(self, *related: str) -> Self:
        """``with_people`` and ``related`` (one of each), and nothing that a row of a list does not show: long texts and
        answers stay unread."""
        return self.select_related(*_BESIDE, *related).only(*_OF_A_ROW, *related)

    def with_moves(self) -> Self:
        """With the steps that moved each request, for ``clock.stays_of``: one query more, however many rows."""
        return self.prefetch_related(moves())


def numbers_in_any(first: IssueQuerySet, *others: IssueQuerySet) -> QuerySet[Issue, Any]:
    """The numbers of the requests found in any of these: each is looked up by an index of its own, where an OR over
    several tables would read every request."""
    return first.order_by().values("pk").union(*(other.order_by().values("pk") for other in others))


def visible_to(person: User | AnonymousUser, path: str = "") -> Q:
    """A condition: the request that ``path`` leads to exists for this person (``permissions.may_see``).

    ``path``: "" for requests themselves, "issue__" for what has a request; then it also holds where there is none.
    A restricted request is looked at from its own side, so that only those cost more than a look at a column. Not as
    one list of all that the person is involved in: the planner counts reading it again for each row, and goes astray.
    """
    if isinstance(person, AnonymousUser) or not person.is_active:
        return Q(pk__in=[])
    return (
        Q(**{f"{path}restricted_to__isnull": True})
        | Q(**{f"{path}requester": person})
        | Q(**{f"{path}restricted_to__in": person.group_ids})
        | Q(Exists(_seats_of(person, f"{path}pk")))
        | Q(Exists(_delegations_of(person, f"{path}pk")))
    )


def undecidable() -> QuerySet[Decision, Any]:
    """The numbers of the requests that wait for a decision which nobody can be asked for.

    Read from the few empty seats: who leaves loses their seats at once (``reassigning``), so none is held in vain.
    """
    waiting = Decision.objects.filter(round__ended_at__isnull=True, decided_at__isnull=True)
    first = waiting.filter(round=OuterRef("round")).order_by().values("round").values(first=Min("order"))
    held = Decision.objects.filter(round=OuterRef("round"), order=OuterRef("order"), decided_at__isnull=True)
    return (
        waiting.filter(approver__isnull=True, order=Subquery(first))
        .filter(~Exists(held.filter(approver__is_active=True)))
        .order_by()
        .values("round__issue")
    )


def _seats_of(person: User, issue: str | None = "pk") -> QuerySet[Decision]:
    """Seats this person may fill in now, as ``Deciding.deciding`` says: their own, or of somebody who is away.

    Of the request that ``issue`` leads to from the outer query; None: of any.
    """
    same_round = Decision.objects.filter(round=OuterRef("round"))
    # One number, looked up for each seat that is left: no planner makes a join of all seats with all seats out of it.
    unless_decided = same_round.order_by().values("round").alias(given=Count("pk", filter=Q(decided_by=person)))
    in_turn = unless_decided.filter(given=0).values(first=Min("order", filter=Q(decided_at__isnull=True)))
    waiting = Decision.objects.filter(round__ended_at__isnull=True, decided_at__isnull=True, order=Subquery(in_turn))
    if issue is not None:
        waiting = waiting.filter(round__issue=OuterRef(issue))
    if not person.stood_in_ids:
        return waiting.filter(approver=person)
    stands_in = Q(approver__in=person.stood_in_ids) & ~Exists(same_round.filter(approver=person))
    return waiting.filter(Q(approver=person) | stands_in)


def _delegations_of(person: User, issue: str = "pk") -> QuerySet[Delegation]:
    return Delegation.objects.filter(issue=OuterRef(issue), person=person, ended_at__isnull=True)
