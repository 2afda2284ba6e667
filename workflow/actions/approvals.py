"""Rounds of approval: opened, decided, voided, ended. Called by the door, inside its transaction."""

from django.db.models import Max
from django.utils import timezone

from workflow.actions.seating import eligible_approvers, is_eligible, seats_for
from workflow.models import ApprovalRound, Decision
from workflow.states import ApprovalRule

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


def approver_for(route, requester, chosen=None):
    """Who decides a request of this route, or None when nobody is eligible and a lead must name somebody."""
    candidate = chosen if route.approval_rule == ApprovalRule.CHOSEN and chosen else requester.reports_to
    return candidate if is_eligible(candidate, requester) else None


def text_asked(issue):
    """What an approver is asked to approve, as plain data that is kept."""
    return {"title": issue.title, "description": issue.description, "answers": issue.answers}


def open_round(issue, approver):
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


def decide(issue, verdict, *, by, text, answers):
    """Record ``by``'s decision on the seat they may fill in now; the one that completes the round ends it.

    One that declines ends it whoever else was asked. Returns whether the round goes on, and what the event keeps of a
    round of several: {"approvals": [given, needed]}.
    """
    seat, now, needed = issue.deciding[by.pk], timezone.now(), issue.open_round.needed
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


def end_round(issue, outcome):
    """End the running round, if there is one."""
    issue.rounds.filter(ended_at__isnull=True).update(ended_at=timezone.now(), outcome=outcome)


def ask_again(issue):
    """Void what was or is being decided and ask the same approver, or whoever is eligible now, about the new text."""
    end_round(issue, ApprovalRound.Outcome.VOIDED)
    issue.rounds.filter(outcome=ApprovalRound.Outcome.APPROVED).update(outcome=ApprovalRound.Outcome.VOIDED)
    open_round(issue, approver_for(issue.route, issue.requester, last_asked(issue)))


def without_approvers_part(rows):
    """Answers without those an approver gave: they go with the approval, and stay readable in its decision."""
    return [row for row in rows if row.get("asked_of") != "approver"]


def last_asked(issue):
    """Whom the latest round asked, or None where none did."""
    seats = Decision.objects.filter(round__issue=issue, approver__isnull=False).select_related("approver")
    last_seat = seats.order_by("-round__number", "order", "pk").first()
    return last_seat and last_seat.approver


def carry_over(issue, earlier):
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
