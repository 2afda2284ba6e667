"""Who gets a seat in a round of approval, and who gets it when its holder loses it. Decides; writes nothing.

Rounds of approval: opened, decided, voided, ended. Called by the door, inside its transaction.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, TypeGuard

from django.db.models import Max, QuerySet
from django.utils import timezone

from supportops.accounts.models import User
from workflow.catalogue.answers import AnswerRow
from workflow.catalogue.kinds import ApprovalRule
from workflow.catalogue.models import ApprovalPolicy, Quorum, Route
from workflow.models import ApprovalRound, Decision, Issue


@dataclass(frozen=True)
class Seat:
    """A seat to be: its holder (None: a lead names one), its place in the order, and if it follows ``reports_to``."""

    holder: User | None
    order: int = 1
    follows_manager: bool = False


def eligible_approvers(requester: User) -> QuerySet[User]:
    """The managers this person may ask: never themselves."""
    return User.objects.managers().exclude(pk=requester.pk)


def is_eligible(person: User | None, requester: User, seated: Collection[int | None] = ()) -> TypeGuard[User]:
    """Whether the person may hold a seat: still here, not the requester, not one of the ids that are seated already."""
    return person is not None and person.is_active and person.pk != requester.pk and person.pk not in seated


def seats_for(route: Route, requester: User, manager: User | None) -> tuple[list[Seat], int]:
    """([Seat, …], how many must approve) of a round that opens now.

    ``manager``: whom the approval rule found or the requester chose, or None. Without a policy it is the only seat.
    """
    first = Seat(manager, follows_manager=route.approval_rule == ApprovalRule.REPORTS_TO)
    policy = ApprovalPolicy.objects.filter(route=route).first()
    if policy is None:
        return [first], 1
    seats = [first] if policy.with_manager else []
    seated = {manager.pk} if policy.with_manager and manager else set()
    for named in policy.named.select_related("person"):
        if is_eligible(named.person, requester, seated):
            seats.append(Seat(named.person))
            seated.add(named.person_id)
    seats, needed = _to_quorum(seats, policy)
    if policy.quorum == Quorum.IN_ORDER:
        seats = [Seat(seat.holder, place, seat.follows_manager) for place, seat in enumerate(seats, start=1)]
    return seats, needed


def _to_quorum(seats: list[Seat], policy: ApprovalPolicy) -> tuple[list[Seat], int]:
    """The seats with as many empty ones as the quorum wants besides, and how many must approve."""
    if policy.quorum in {Quorum.ALL, Quorum.IN_ORDER}:
        seats = seats or [Seat(None)]
        return seats, len(seats)
    needed = policy.needed if policy.quorum == Quorum.SOME else 1
    asked = policy.with_manager + policy.named.count()
    needed = max(1, min(needed, asked))
    held = [seat for seat in seats if seat.holder]
    return (held if len(held) >= needed else held + [Seat(None)] * (needed - len(held))), needed


def holder_now(seat: Decision) -> User | None:
    """Who holds this undecided seat by the rules as they are now: its approver, or who comes next, or None.

    A seat of the requester's manager follows ``reports_to``. The seat of somebody who has left goes to the requester's
    manager, or else to the next person up the leaver's own line.
    """
    requester = seat.issue_requester
    seated = set(seat.round.decisions.exclude(pk=seat.pk).values_list("approver_id", flat=True))
    manager = requester.reports_to
    gone = seat.approver if seat.approver and not seat.approver.is_active else None
    if (seat.follows_manager or gone) and is_eligible(manager, requester, seated):
        return manager
    if gone:
        return _next_up(gone, requester, seated)
    if seat.follows_manager and seat.approver and manager is None:
        return None
    return seat.approver


def _next_up(leaver: User, requester: User, seated: Collection[int | None]) -> User | None:
    met: set[int] = set()
    person = leaver.reports_to
    while person is not None and person.pk not in met:
        if person.is_active:
            return person if is_eligible(person, requester, seated) else None
        met.add(person.pk)
        person = person.reports_to
    return None


__all__ = [
    "approver_for",
    "ask_again",
    "carry_over",
    "decide",
    "eligible_approvers",
    "end_round",
    "last_asked",
    "open_round",
    "text_asked",
]


def approver_for(route: Route, requester: User, chosen: User | None = None) -> User | None:
    """Who decides a request of this route, or None when nobody is eligible and a lead must name somebody."""
    candidate = chosen if route.approval_rule == ApprovalRule.CHOSEN and chosen else requester.reports_to
    return candidate if is_eligible(candidate, requester) else None


class TextAsked(TypedDict):
    """A request's text as it stood when an approver was asked."""

    title: str
    description: str
    answers: list[AnswerRow]


def text_asked(issue: Issue) -> TextAsked:
    """What an approver is asked to approve, as plain data that is kept."""
    return {"title": issue.title, "description": issue.description, "answers": issue.answers}


def open_round(issue: Issue, approver: User | None) -> ApprovalRound:
    """Ask ``approver`` (None: nobody is eligible yet), and whom the route's policy names, about the request now."""
    last, now = issue.rounds.aggregate(last=Max("number"))["last"] or 0, timezone.now()
    seats, needed = seats_for(issue.route, issue.requester, approver)
    new = ApprovalRound.objects.create(
        issue=issue, number=last + 1, asked=text_asked(issue), opened_at=now, needed=needed
    )
    Decision.objects.bulk_create(
        Decision(
            round=new,
            issue_requester=issue.requester,
            approver=seat.holder,
            order=seat.order,
            follows_manager=seat.follows_manager,
            asked_at=now if seat.order == 1 else None,
        )
        for seat in seats
    )
    return new


def decide(
    issue: Issue, verdict: Decision.Verdict, *, by: User, text: str, answers: Sequence[AnswerRow]
) -> tuple[bool, dict[str, Any]]:
    """Record ``by``'s decision on the seat they may fill in now; the one that completes the round ends it.

    One that declines ends it whoever else was asked. Returns whether the round goes on, and what the event keeps of a
    round of several: {"approvals": [given, needed]}.
    """
    seat, now = issue.deciding[by.pk], timezone.now()
    needed = seat.round.needed
    Decision.objects.filter(pk=seat.pk).update(
        verdict=verdict, decided_by=by, decided_at=now, text=text, answers=answers
    )
    if verdict == Decision.Verdict.DECLINED:
        end_round(issue, ApprovalRound.Outcome.DECLINED)
        return False, {}
    given = 1 + sum(seat.verdict == Decision.Verdict.APPROVED for seat in issue.seats)
    data = {"approvals": [given, needed]} if len(issue.seats) > 1 else {}
    if given >= needed:
        end_round(issue, ApprovalRound.Outcome.APPROVED)
        return False, data
    issue.forget_people()
    waiting = [seat.pk for seat in issue.seats_in_turn if seat.asked_at is None]
    Decision.objects.filter(pk__in=waiting).update(asked_at=now)
    return True, data


def end_round(issue: Issue, outcome: ApprovalRound.Outcome) -> None:
    """End the running round, if there is one."""
    issue.rounds.filter(ended_at__isnull=True).update(ended_at=timezone.now(), outcome=outcome)


def ask_again(issue: Issue) -> None:
    """Void what was or is being decided and ask the same approver, or whoever is eligible now, about the new text."""
    end_round(issue, ApprovalRound.Outcome.VOIDED)
    issue.rounds.filter(outcome=ApprovalRound.Outcome.APPROVED).update(outcome=ApprovalRound.Outcome.VOIDED)
    open_round(issue, approver_for(issue.route, issue.requester, last_asked(issue)))


def without_approvers_part(rows: Iterable[AnswerRow]) -> list[AnswerRow]:
    """Answers without those an approver gave: they go with the approval, and stay readable in its decision."""
    return [row for row in rows if row.get("asked_of") != "approver"]


def last_asked(issue: Issue) -> User | None:
    """Whom the latest round asked, or None where none did."""
    seats = Decision.objects.filter(round__issue=issue, approver__isnull=False).select_related("approver")
    last_seat = seats.order_by("-round__number", "order", "pk").first()
    return last_seat.approver if last_seat else None


def carry_over(issue: Issue, earlier: Issue) -> None:
    """Show on a continued request the approval its proposal had."""
    given = earlier.rounds.filter(outcome=ApprovalRound.Outcome.APPROVED).last()
    if given:
        now = timezone.now()
        ApprovalRound.objects.create(
            issue=issue,
            number=1,
            asked=given.asked,
            opened_at=now,
            ended_at=now,
            outcome=ApprovalRound.Outcome.CARRIED_OVER,
            carried_from=given,
        )
