"""Who stands in a request's court, by name: whoever it is is told, always (domain.md §7)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from supportops.accounts.models import User
from workflow.actions.participation import on_duty
from workflow.models import Issue
from workflow.notifications.kinds import Reason
from workflow.permissions import may_see, refusal
from workflow.states import Court, State
from workflow.verbs import Act, Verb


@dataclass(frozen=True)
class Turn:
    """``people``: each may see the request. ``reason``: why they hear that it is their turn."""

    people: Sequence[User] = ()
    reason: Reason = Reason.NEEDS_YOU


NOBODY = Turn()


def in_turn(issue: Issue) -> Turn:
    """Whose turn it is now; nobody's when it has ended, or waits for a calendar or others and nobody owns it."""
    if not issue.is_open:
        return NOBODY
    if issue.court == Court.APPROVER:
        return Turn(_deciding(issue))
    if issue.court == Court.REQUESTER and (asked := _asked(issue)):
        return Turn(asked)
    if issue.state == State.ESCALATED:
        return Turn(_those_who_may(Verb.CLOSE, issue))
    if issue.assignee and issue.assignee.is_active:
        return Turn([issue.assignee])
    if issue.court in {Court.OPS, Court.REQUESTER}:
        return Turn(on_duty(issue), Reason.ON_DUTY)
    return NOBODY


def _deciding(issue: Issue) -> list[User]:
    """Approvers and who stands in for them; where nobody is eligible, who may name somebody."""
    approvers = issue.approver_ids
    return list(User.objects.filter(pk__in=approvers)) if approvers else _those_who_may(Act.NAME_APPROVER, issue)


def _asked(issue: Issue) -> list[User]:
    """The requester, and in validation who validates for them; the leads where only they can find somebody."""
    people = [issue.requester]
    if issue.state == State.VALIDATION:
        people += issue.delegates
        validating = _seeing([one for one in people if one.pk not in issue.implementer_ids], issue)
        return validating or _seeing([issue.requester], issue) or _seeing(User.objects.leads(), issue)
    return _seeing(people, issue)


def _those_who_may(verb: str, issue: Issue) -> list[User]:
    """The leads who may; where there are none, whoever of Support Operations may."""
    for people in (User.objects.leads(), User.objects.ops()):
        if may := [person for person in people if refusal(person, verb, issue) is None]:
            return may
    return []


def _seeing(people: Iterable[User], issue: Issue) -> list[User]:
    return list({person.pk: person for person in people if may_see(person, issue)}.values())
