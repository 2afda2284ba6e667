"""How long a proposal may be discussed (domain.md §2). Whatever sets the day on which it ends asks here.

Who takes part in the discussion of a proposal: the teams it touches, who speaks up, Support Operations when asked.

Called inside the transaction of whatever is done.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from supportops.accounts.directory import meant_by
from supportops.accounts.models import User
from workflow.actions.errors import Incomplete
from workflow.actions.participation import on_duty
from workflow.actions.signals import person_asked_in
from workflow.catalogue.kinds import Kind
from workflow.models import Comment, Event, Issue, Watch
from workflow.models.event import SUBMIT
from workflow.states import ENDED, State
from workflow.verbs import Verb

USUAL_DAYS = 14
LONGEST_DAYS = 90


def last_day() -> date:
    """The latest day a discussion that is opened or changed today may end on."""
    return timezone.localdate() + timedelta(days=LONGEST_DAYS)


def problem_with_end(day: date | None) -> str | None:
    """Why a discussion cannot end on ``day`` (None: no day was given), in words; None if it can."""
    if day is None:
        return "A discussion needs a day on which it ends."
    if day < timezone.localdate():
        return "This day has passed. Choose today or a later day."
    if day > last_day():
        return f"Choose a day within {LONGEST_DAYS} days, at the latest {last_day():%-d %B %Y}."
    return None


def check_end(kind: str, fed: Mapping[str, Any]) -> dict[str, str]:
    """{"due_date": sentence} if ``fed`` ({field of a request: value}) sets an end that a discussion cannot have.

    Only a proposal (``kind``) is discussed.
    """
    if kind != Kind.PROPOSAL or "due_date" not in fed:
        return {}
    problem = problem_with_end(fed["due_date"])
    return {"due_date": problem} if problem else {}


def is_discussed(issue: Issue) -> bool:
    """Whether its discussion is still under way, also while its approver waits for an answer."""
    return State.DISCUSSION in {issue.state, issue.return_to}


ASKED_IN = "*Support Operations are asked to join in.*"


def touched_by(issue: Issue, event: Event) -> list[User]:
    """Whom this event concerns because they, or their team, were named on the form: it is filed, it is decided or
    ends, or they are named only now."""
    if not issue.teams:
        return []
    asks_again = event.from_state == State.NEEDS_INFO and issue.kind == Kind.PROPOSAL
    opens = event.verb == SUBMIT or (issue.state == State.DISCUSSION and event.changed_state and not asks_again)
    decided = event.from_state == State.DISCUSSION and issue.state not in {State.DISCUSSION, State.NEEDS_INFO}
    ends = event.changed_state and issue.state in ENDED
    renamed = event.verb == Verb.EDIT and "teams" in event.data and issue.is_open
    return meant_by(issue.teams).people if opens or decided or ends or renamed else []


def ask_ops_in(issue: Issue, comment: Comment, by: User) -> None:
    """Tell Support Operations that this comment asks them to join: the route's owners, or everybody where none of them
    may. They watch from then on. Raises Incomplete when there is nobody to ask.
    """
    asked = on_duty(issue, besides=by)
    if not asked:
        problem = "Nobody else of Support Operations may see this. Comment without asking them."
        raise Incomplete({"asks_ops_in": problem})
    for person in asked:
        Watch.objects.get_or_create(issue=issue, person=person)
        person_asked_in.send(sender=None, issue=issue, comment=comment, person=person)
