"""The facts in the right column: who, where, when, how urgent; each with the way to change it, if the person may."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from django.utils import timezone

from supportops.accounts.models import User
from workflow.clock import Clock, clock_of
from workflow.models import Issue
from workflow.pages.action_card import url_of
from workflow.pages.panels import Panel
from workflow.pages.rows import drawn_clock
from workflow.permissions import refusal, refusal_to_take_back
from workflow.states import ENDED
from workflow.verbs import Act

if TYPE_CHECKING:
    from workflow.pages.issue_query import Reading


class _Change(Protocol):
    def __call__(self, act: Act, label: str = "Change") -> dict[str, str] | None: ...


def facts_of(found: "Reading", person: User, panels: Iterable[Panel]) -> list[dict[str, Any]]:
    """What the facts component draws, from a Reading."""
    issue = found.issue
    change = _changer(person, issue)
    facts = [
        {"label": "Requester", "kind": "person", "value": issue.requester, "note": issue.requester.division},
        *([{"label": "Filed by", "kind": "person", "value": issue.filed_by}] if issue.filed_by else []),
        *_approver(issue, change),
        {"label": "Owner", "kind": "person", "value": issue.assignee, "change": change(Act.ASSIGN)},
        *_validators(issue, change, person),
        {
            "label": "Priority",
            "kind": "priority",
            "value": issue.priority,
            "text": issue.get_priority_display(),
            "change": change(Act.PRIORITY),
        },
        {"label": "Due", "kind": "time", "style": "date", "value": issue.due_date, "change": change(Act.DUE_DATE)},
        {"label": "Milestone", "value": issue.milestone.title if issue.milestone else ""},
        *_tracker(issue, change),
        {"label": "Customer", "value": issue.customer},
        {"label": "System", "value": issue.system},
        *([{"label": "Touches", "value": issue.teams}] if issue.teams else []),
        *(fact for panel in panels for fact in panel.facts),
        {"label": "Filed", "kind": "time", "style": "date", "value": issue.created_at},
        {
            "label": "Time so far" if issue.is_open else "Lead time",
            "kind": "clock",
            "value": _time_spent(found),
            "wide": True,
        },
    ]
    return facts


def clock_from(found: "Reading", now: datetime) -> Clock:
    """The request's Clock, from a Reading."""
    moves = [row for row in found.story if row["what"] == "event" and row["before"] != row["after"]]
    return clock_of([(row["when"], row["after"]) for row in moves], now)


def _time_spent(found: "Reading") -> dict[str, Any] | None:
    """Whose court the time was spent in."""
    now = timezone.now()
    return drawn_clock(clock_from(found, now), now)


def _changer(person: User, issue: Issue) -> _Change:
    """A function: the link that changes a fact, or None where ``refusal`` says no."""

    def change(act: Act, label: str = "Change") -> dict[str, str] | None:
        return None if refusal(person, act, issue) else {"label": label, "url": url_of(act, issue)}

    return change


def _approver(issue: Issue, change: _Change) -> list[dict[str, Any]]:
    if issue.open_round is None:
        return []
    asked = {
        "label": "Approver",
        "kind": "people",
        "value": issue.approvers,
        "none": "Nobody yet: a lead names one",
        "change": change(Act.NAME_APPROVER),
    }
    stand_ins = list(issue.stand_ins.values())
    return [asked, *([{"label": "Stands in", "kind": "people", "value": stand_ins}] if stand_ins else [])]


def _validators(issue: Issue, change: _Change, person: User) -> list[dict[str, Any]]:
    link = change(Act.DELEGATE, "Delegate")
    if issue.state in ENDED and issue.delegates and refusal_to_take_back(person, issue) is None:
        link = {"label": "Take back", "url": url_of(Act.DELEGATE, issue)}
    if not (issue.delegates or link):
        return []
    return [{"label": "Validates", "kind": "people", "value": [issue.requester, *issue.delegates], "change": link}]


def _tracker(issue: Issue, change: _Change) -> list[dict[str, Any]]:
    if issue.tracker is None:
        return [{"label": "Tracker", "value": "", "none": "None: answered here"}]
    return [{"label": "Tracker", "value": issue.tracker.name, "change": change(Act.MOVE, "Move"), "wide": True}]
