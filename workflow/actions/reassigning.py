"""A seat gets another holder: named by a lead or by the approver's manager, or found when its holder lost it."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from supportops.accounts.models import User
from supportops.accounts.roles import is_lead
from workflow.actions.approvals import eligible_approvers, holder_now
from workflow.actions.errors import Incomplete, Refused
from workflow.actions.fields import tell_people_needed
from workflow.actions.history import record
from workflow.actions.locking import again_after_a_clash, locked
from workflow.models import Decision, Issue
from workflow.permissions import refusal
from workflow.verbs import Act


@again_after_a_clash
def name_approver(
    number: int, approver: User, *, by: User, version: int | None = None, seat: int | None = None, text: str = ""
) -> Issue:
    """Somebody else decides: where nobody is eligible, or the one asked cannot or does not.

    ``seat``: the id of the seat, where the round has several that wait. A lead names anybody eligible for any seat; the
    manager of an approver who has been silent too long names somebody else than themselves for that seat.
    """
    with locked(number, version=version) as issue:
        if reason := refusal(by, Act.NAME_APPROVER, issue):
            raise Refused(reason)
        chosen = _seat(issue, seats_to_name(issue, by), seat)
        if sentence := _cannot_hold(issue, approver, by):
            raise Incomplete({"approver": sentence})
        return _give(issue, chosen, approver, by=by, text=text, follows_manager=False)


def seats_to_name(issue: Issue, person: User) -> list[Decision]:
    """The waiting seats this person may give to somebody else: a lead all, an approver's manager the late ones."""
    late = [seat for seat in issue.late_seats if seat.approver and seat.approver.reports_to_id == person.pk]
    waiting = [seat for seat in issue.seats if seat.decided_at is None]
    return waiting if is_lead(person) or not late else late


def _seat(issue: Issue, seats: Iterable[Decision], pk: int | None) -> Decision:
    """The seat that is meant: the named one, or without a name the first."""
    for seat in seats:
        if pk is None or seat.pk == pk:
            return seat
    raise Incomplete({"seat": "Choose whose place it is, among those who have not decided."})


def _cannot_hold(issue: Issue, approver: User, by: User) -> str | None:
    if not eligible_approvers(issue.requester).filter(pk=approver.pk).exists():
        return f"{approver} cannot approve this. Choose a manager other than the requester."
    if approver.pk in {seat.approver_id for seat in issue.seats}:
        return f"{approver} is asked in this round already. Choose somebody else."
    if approver.pk in issue.decided_ids:
        return f"{approver} has decided in this round already. Choose somebody else."
    if approver.pk == by.pk and not is_lead(by):
        return "You may ask somebody else to decide, not decide yourself. Choose another manager."
    return None


def _give(
    issue: Issue,
    seat: Decision,
    approver: User | None,
    *,
    by: User | None,
    text: str,
    follows_manager: bool | None,
) -> Issue:
    old = seat.approver
    Decision.objects.filter(pk=seat.pk, decided_at__isnull=True).update(
        approver=approver, asked_at=timezone.now(), follows_manager=follows_manager
    )
    issue.version += 1
    issue.save()
    issue.forget_people()
    data = {"approver": [old and str(old), approver and str(approver)]}
    event = record(issue, Act.NAME_APPROVER, by=by, from_state=issue.state, text=text, data=data)
    for pk in issue.approver_ids:
        if issue.deciding[pk].pk == seat.pk:
            tell_people_needed(issue, event, User.objects.get(pk=pk))
    return issue


def person_saved(
    sender: type[User], instance: User, created: bool, update_fields: Iterable[str] | None = None, **kwargs: Any
) -> None:
    """Receives post_save of people, in the transaction that saves: who left or moved loses their seats at once."""
    moved = update_fields is None or {"is_active", "reports_to", "reports_to_id"} & set(update_fields)
    if moved and not created:
        refill_seats([instance])


# What the portal does by itself --------------------------------------------------------------------------------------


def refill_seats(people: Sequence[User] | None = None) -> int:
    """Give every waiting seat whose holder lost it to who comes next, or to nobody. Returns how many changed hands.

    ``people``: only seats that these people hold, or that are about their requests. A run repeated changes nothing.
    """
    waiting = Decision.objects.filter(decided_at__isnull=True, round__ended_at__isnull=True)
    lost = Q(approver__isnull=False, approver__is_active=False) | Q(follows_manager=True) & (
        Q(approver__isnull=True)
        | ~Q(approver=F("issue_requester__reports_to"))
        | Q(issue_requester__reports_to__isnull=True)
    )
    if people is not None:
        waiting = waiting.filter(Q(approver__in=people) | Q(issue_requester__in=people))
    numbers = waiting.filter(lost).order_by().values_list("round__issue", "pk")
    return sum(_refill(number, pk) for number, pk in list(numbers))


def _refill(number: int, pk: int) -> bool:
    with locked(number) as issue:
        seat = Decision.objects.select_related("round", "approver__reports_to", "issue_requester__reports_to").get(
            pk=pk
        )
        if seat.decided_at is not None or seat.round.ended_at is not None:
            return False
        holder = holder_now(seat)
        if holder == seat.approver:
            return False
        _give(issue, seat, holder, by=None, text=_why(seat), follows_manager=seat.follows_manager)
        return True


def _why(seat: Decision) -> str:
    if seat.approver is None:
        return f"{seat.issue_requester} has a manager again."
    if not seat.approver.is_active:
        return f"{seat.approver} has left."
    return f"{seat.issue_requester} no longer reports to {seat.approver}."
