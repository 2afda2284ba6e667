"""Who gets a seat in a round of approval, and who gets it when its holder loses it. Decides; writes nothing."""

from dataclasses import dataclass

from supportops.accounts.models import User
from workflow.models import ApprovalPolicy
from workflow.models.approval_policy import Quorum
from workflow.states import ApprovalRule


@dataclass(frozen=True)
class Seat:
    """A seat to be: its holder (None: a lead names one), its place in the order, and if it follows ``reports_to``."""

    holder: User | None
    order: int = 1
    follows_manager: bool = False


def eligible_approvers(requester):
    """The managers this person may ask: never themselves."""
    return User.objects.managers().exclude(pk=requester.pk)


def is_eligible(person, requester, seated=()):
    """Whether the person may hold a seat: still here, not the requester, not one of the ids that are seated already."""
    return person is not None and person.is_active and person.pk != requester.pk and person.pk not in seated


def seats_for(route, requester, manager):
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


def _to_quorum(seats, policy):
    """The seats with as many empty ones as the quorum wants besides, and how many must approve."""
    if policy.quorum in {Quorum.ALL, Quorum.IN_ORDER}:
        seats = seats or [Seat(None)]
        return seats, len(seats)
    needed = policy.needed if policy.quorum == Quorum.SOME else 1
    asked = policy.with_manager + policy.named.count()
    needed = max(1, min(needed, asked))
    held = [seat for seat in seats if seat.holder]
    return (held if len(held) >= needed else held + [Seat(None)] * (needed - len(held))), needed


def holder_now(seat):
    """Who holds this undecided seat by the rules as they are now: its approver, or who comes next, or None.

    A seat of the requester's manager follows ``reports_to``. The seat of somebody who has left goes to the requester's
    manager, or else to the next person up the leaver's own line.
    """
    requester = seat.issue_requester
    seated = set(seat.round.decisions.exclude(pk=seat.pk).values_list("approver_id", flat=True))
    manager = requester.reports_to
    gone = seat.approver is not None and not seat.approver.is_active
    if (seat.follows_manager or gone) and is_eligible(manager, requester, seated):
        return manager
    if gone:
        return _next_up(seat.approver, requester, seated)
    if seat.follows_manager and seat.approver and manager is None:
        return None
    return seat.approver


def _next_up(leaver, requester, seated):
    met = set()
    person = leaver.reports_to
    while person is not None and person.pk not in met:
        if person.is_active:
            return person if is_eligible(person, requester, seated) else None
        met.add(person.pk)
        person = person.reports_to
    return None
