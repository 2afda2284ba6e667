"""The decision card: which steps are open to this person, the one that moves it on first, and why others are not.

What is open is read from ``refusal`` alone; this file only orders it.

The decision card's words: whose turn it is, and the buttons as the component takes them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse

from supportops.accounts.models import User
from workflow.catalogue.kinds import Kind
from workflow.models import Issue
from workflow.models.validation import Verdict
from workflow.pages.timeline import court_of
from workflow.permissions import refusal
from workflow.states import ENDED, Court, Outcome, State
from workflow.verbs import Act, Part, Verb, on_card

FORWARD, ASIDE, LESS = on_card(Part.FORWARD), on_card(Part.ASIDE), on_card(Part.LESS)


@dataclass(frozen=True)
class Button:
    """One thing that could be done. ``reason`` says why this person cannot, and is None when they can."""

    act: Verb | Act
    label: str
    url: str
    reason: str | None


@dataclass
class Buttons:
    """The card's buttons: at most one primary, then others, then quiet ones, then those refused with their reason."""

    primary: Button | None = None
    secondary: list[Button] = field(default_factory=list)
    quiet: list[Button] = field(default_factory=list)
    refused: list[Button] = field(default_factory=list)

    def offers(self, act: Act | Verb) -> bool:
        """Whether the person may do this."""
        return any(button.act == act for button in [self.primary, *self.secondary, *self.quiet] if button)


def url_of(act: Act | Verb, issue: Issue) -> str:
    """The address where this is done."""
    return reverse("step", args=[issue.pk, act.value]) if act in Verb else reverse(act.value, args=[issue.pk])


def label_of(act: Act | Verb, issue: Issue) -> str:
    """The words on the button."""
    if act == Verb.COMPLETE and issue.kind in {Kind.QUESTION, Kind.HAND_OVER}:
        return "Complete with the answer"
    return act.label


def buttons_for(person: User, issue: Issue) -> Buttons:
    """Every verb that means something for this request now, ordered, each with the reason why not, if there is one."""
    found = Buttons()
    for act in (*_forward(issue), *ASIDE, *LESS):
        button = Button(act, label_of(act, issue), url_of(act, issue), refusal(person, act, issue))
        if button.reason is None:
            _place(found, button, issue)
        elif _means_something(act, issue):
            found.refused.append(button)
    return found


def _forward(issue: Issue) -> Sequence[Act | Verb]:
    """A finished path, or list, makes the verb it leads to the first thing to do; a proposal moves on by being
    continued."""
    if issue.kind == Kind.PROPOSAL and issue.state == State.TRIAGE:
        return (Verb.CONTINUE_IN, *FORWARD)
    if issue.state == State.ESCALATED:
        return (Verb.SHELVE, *FORWARD)
    if issue.state == State.SCHEDULED:
        return (Verb.START, *FORWARD)
    return [act for act in FORWARD if _stands_before(act, issue)]


def _stands_before(act: Act | Verb, issue: Issue) -> bool:
    """Whether it is next now: a gate until its path is finished, the list until every item is ticked."""
    if act == Act.GATE:
        return issue.gate_outcome is None
    return act != Act.CHECK or len(issue.items_with(Verdict.TICKED)) < len(issue.checklist)


def _place(found: Buttons, button: Button, issue: Issue) -> None:
    known = [found.primary, *found.secondary, *found.quiet]
    if any(other.act == button.act for other in known if other):
        return
    if button.act in LESS:
        found.quiet.append(button)
    elif found.primary is None and button.act in _forward(issue):
        found.primary = button
    else:
        found.secondary.append(button)


def _means_something(act: Act | Verb, issue: Issue) -> bool:
    """Whether to say why not: the graph has it from here, or it is what people look for and do not find."""
    if act in Act:
        return False
    if issue.state in ENDED:
        return act == Verb.REOPEN
    return issue.can(act) or act == Verb.WITHDRAW


def court_words(issue: Issue) -> str:
    """Who has the request now, by name where there is one."""
    if issue.court == Court.REQUESTER:
        return str(issue.requester)
    if issue.court == Court.APPROVER:
        return " or ".join(str(person) for person in issue.approvers) or "Nobody yet"
    if issue.court == Court.BLOCKED:
        return issue.blocked_by or Court.BLOCKED.label
    return Court(issue.court).label if issue.court else ""


def card_of(person: User, issue: Issue, buttons: Buttons) -> dict[str, Any]:
    """What the decision_card component draws for this person."""
    return {
        "title": _title(issue, buttons),
        "text": _text(person, issue),
        "court": court_of(issue.state),
        "yours": _is_yours(issue, buttons),
        "primary": buttons.primary and _action(buttons.primary),
        "secondary": [_action(button) for button in buttons.secondary],
        "others": [_action(button) for button in buttons.secondary if button.act != Verb.DECLINE],
        "quiet": [_action(button) | {"variant": "quiet", "size": "small"} for button in buttons.quiet],
        "refused": [{"label": button.label, "reason": button.reason} for button in buttons.refused],
    }


def _action(button: Button) -> dict[str, str]:
    return {"label": button.label, "url": button.url, "icon": button.act.row.icon}


def _title(issue: Issue, buttons: Buttons) -> str:
    if not issue.is_open:
        return "Ended"
    return "It is your turn" if _is_yours(issue, buttons) else "What you can do"


def _is_yours(issue: Issue, buttons: Buttons) -> bool:
    """Whether the request waits for this person: they can move it on, and neither the calendar nor a block holds it."""
    return buttons.primary is not None and issue.court not in {Court.CALENDAR, Court.BLOCKED}


def _text(person: User, issue: Issue) -> str:
    if issue.state == State.COMPLETED:
        return "It is done." if issue.outcome == Outcome.COMPLETED else "Another request carries it on."
    if issue.state == State.CLOSED:
        return f"It ended as “{issue.get_outcome_display().lower()}”."
    if issue.state == State.VALIDATION:
        return f"{_you(person, *_validators(issue))} to look at the result and say whether it is right."
    if issue.state == State.NEEDS_INFO:
        return f"{_you(person, issue.requester)} to answer; then it goes on in {State(issue.return_to).label.lower()}."
    if issue.state == State.SCHEDULED:
        milestone = f"“{issue.milestone}”" if issue.milestone else "its milestone"
        return f"It starts by itself when the period of {milestone} arrives."
    if issue.state == State.BACKLOG:
        return "It waits in the backlog for its priority."
    if issue.court == Court.APPROVER:
        if not issue.approvers:
            return "Nobody can decide yet: the lead of Support Operations names an approver."
        return _to_decide(person, issue)
    if issue.state == State.BLOCKED:
        return f"It waits for {issue.blocked_by or 'something outside'}."
    return f"It is with Support Operations{f', owned by {issue.assignee}' if issue.assignee else ''}."


def _validators(issue: Issue) -> list[User]:
    """Who may validate it: its requester and the delegates, but for who implemented it."""
    return [one for one in (issue.requester, *issue.delegates) if one.pk not in issue.implementer_ids]


def _to_decide(person: User, issue: Issue) -> str:
    """Whose decision it waits for, and who stands in for whom."""
    if away := issue.behalf_of(person):
        return f"{away} is away and you stand in: it waits for you to decide."
    if person.pk in issue.approver_ids:
        return "It waits for you to decide."
    names = [_with_stand_in(approver, issue.stand_ins.get(approver.pk)) for approver in issue.approvers]
    several = " or " if issue.open_round and len(names) > issue.open_round.needed else " and "
    return f"It waits for {several.join(names)} to decide."


def _with_stand_in(approver: User, stand_in: User | None) -> str:
    return f"{approver} (away; {stand_in} stands in)" if stand_in else str(approver)


def _you(person: User, *people: User) -> str:
    if person in people:
        return "It waits for you"
    return f"It waits for {' or '.join(str(one) for one in people) or 'somebody the requester delegates it to'}"
