"""The decision card: which steps are open to this person, the one that moves it on first, and why others are not.

What is open is read from ``refusal`` alone; this file only orders it.
"""

from dataclasses import dataclass, field

from django.urls import reverse

from workflow.models.validating import Verdict
from workflow.permissions import refusal
from workflow.states import ENDED, Act, Kind, State, Verb

FORWARD = (
    Verb.APPROVE,
    Verb.ANSWER,
    Act.CHECK,
    Verb.VALIDATE,
    Act.GATE,
    Verb.SUBMIT_GAMEPLAN,
    Verb.ACCEPT,
    Verb.ESCALATE,
    Verb.SCHEDULE,
    Verb.COMPLETE,
    Verb.REQUEST_VALIDATION,
    Verb.UNBLOCK,
    Verb.RESUME,
)
"""The steps that move a request on, the one that matters most first."""
ASIDE = (
    Verb.DECLINE,
    Verb.SEND_BACK,
    Verb.ASK,
    Verb.CONTINUE_IN,
    Verb.START,
    Verb.SHELVE,
    Verb.BLOCK,
    Verb.WAIVE_APPROVAL,
    Act.NAME_APPROVER,
    Act.REVIEW,
)
"""Other answers to the same question."""
LESS = (Verb.EDIT, Verb.RECLASSIFY, Act.SPIN_OFF, Verb.CLOSE, Verb.WITHDRAW, Verb.REOPEN)
"""Ways around; small buttons."""
assert set(FORWARD + ASIDE + LESS) >= set(Verb), "every verb has its place on the card"


@dataclass(frozen=True)
class Button:
    """One thing that could be done. ``reason`` says why this person cannot, and is None when they can."""

    act: str
    label: str
    url: str
    reason: str | None


@dataclass
class Buttons:
    """The card's buttons: at most one primary, then others, then quiet ones, then those refused with their reason."""

    primary: Button | None = None
    secondary: list = field(default_factory=list)
    quiet: list = field(default_factory=list)
    refused: list = field(default_factory=list)

    def offers(self, act):
        """Whether the person may do this."""
        return any(button.act == act for button in [self.primary, *self.secondary, *self.quiet] if button)


def url_of(act, issue):
    """The address where this is done."""
    return reverse("step", args=[issue.pk, act.value]) if act in Verb else reverse(act.value, args=[issue.pk])


def label_of(act, issue):
    """The words on the button."""
    if act == Act.GATE:
        return "Answer the gate"
    if act == Verb.COMPLETE and issue.kind in {Kind.QUESTION, Kind.HAND_OVER}:
        return "Complete with the answer"
    return act.label


def buttons_for(person, issue):
    """Every verb that means something for this request now, ordered, each with the reason why not, if there is one."""
    found = Buttons()
    for act in (*_forward(issue), *ASIDE, *LESS):
        button = Button(act, label_of(act, issue), url_of(act, issue), refusal(person, act, issue))
        if button.reason is None:
            _place(found, button, issue)
        elif _means_something(act, issue):
            found.refused.append(button)
    return found


def _forward(issue):
    """A finished path, or list, makes the verb it leads to the first thing to do; a proposal moves on by being
    continued."""
    if issue.kind == Kind.PROPOSAL and issue.state == State.TRIAGE:
        return (Verb.CONTINUE_IN, *FORWARD)
    if issue.state == State.ESCALATED:
        return (Verb.SHELVE, *FORWARD)
    if issue.state == State.SCHEDULED:
        return (Verb.START, *FORWARD)
    return [act for act in FORWARD if _stands_before(act, issue)]


def _stands_before(act, issue):
    """Whether it is next now: a gate until its path is finished, the list until every item is ticked."""
    if act == Act.GATE:
        return issue.gate_outcome is None
    return act != Act.CHECK or len(issue.items_with(Verdict.TICKED)) < len(issue.checklist)


def _place(found, button, issue):
    known = [found.primary, *found.secondary, *found.quiet]
    if any(other.act == button.act for other in known if other):
        return
    if button.act in LESS:
        found.quiet.append(button)
    elif found.primary is None and button.act in _forward(issue):
        found.primary = button
    else:
        found.secondary.append(button)


def _means_something(act, issue):
    """Whether to say why not: the graph has it from here, or it is what people look for and do not find."""
    if act in Act:
        return False
    if issue.state in ENDED:
        return act == Verb.REOPEN
    return issue.can(act) or act == Verb.WITHDRAW
