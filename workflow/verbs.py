"""What is true of each verb and act, one row each: its words, its icon, what it must be given, where it stands.

A verb is a step, which changes the state at /issues/<number>/<verb>/; an act changes something else of a request.
Who may is a rule in ``permissions``, from where to where a transition in ``models.issue``, what else happens an effect
in ``actions``. No cell has a default: whoever adds a verb decides each, and what is left out fails at import.
"""

from collections.abc import Callable, Collection, Container, Iterable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import ClassVar, Protocol, Self, TypeVar

from django.db.models import TextChoices

from workflow.catalogue.kinds import Kind
from workflow.gates import GateOutcome
from workflow.states import Outcome, Source, State

REASON_FOR_ALL = "Reason, for all of them"


class UnfinishedVerb(Exception):
    """A verb or act is not written in all its places; says which, what is missing, and in which file."""


class RouteAsked(Protocol):
    """What a cell reads of a request's route."""

    @property
    def needs_approval(self) -> bool: ...


class Request(Protocol):
    """What a cell reads of a request; models stand above this module."""

    @property
    def kind(self) -> str: ...
    @property
    def route(self) -> RouteAsked: ...
    @property
    def outcome(self) -> str: ...
    @property
    def return_to(self) -> str: ...
    @property
    def gate_outcome(self) -> str | None: ...
    @property
    def checklist(self) -> Collection[object]: ...
    @property
    def material_edits_allowed(self) -> bool: ...


Words = str | Callable[[Request], str]
"""A text, or how to make it for a request."""
Needs = Mapping[str, str] | Callable[[Request, Source], Mapping[str, str]]
"""{field: what to say when it is missing}, or how to tell for a request and where the step comes from."""


class Part(StrEnum):
    """A part of the decision card."""

    FORWARD = "forward"
    """Moves a request on; the first that is allowed is the button to press."""
    ASIDE = "aside"
    """Another answer to the same question."""
    LESS = "less"
    """A way around; a small button."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the decision card has it; the lower ``order``, the earlier. Steps of ten leave room between two."""

    part: Part
    order: int


@dataclass(frozen=True, kw_only=True)
class Bulk:
    """How it is done to many requests of a queue at once.

    ``asks``: the names of what is asked once for all of them; ``prompt``: the words above the text, None where none is
    asked for; ``order`` among the buttons.
    """

    order: int
    label: str
    asks: tuple[str, ...]
    prompt: str | None


@dataclass(frozen=True, kw_only=True)
class Told:
    """How something that happened is told.

    ``label``: as a heading and on its button; ``done``: after the person's name, in the story and in the message
    after a step, None for what leaves no line there; ``note``: the first sentence of the comment that GitLab gets, None
    for what shows there in labels, milestone and text.
    """

    written_in: ClassVar[str] = "workflow/models/event.py"
    label: str
    done: str | None
    icon: str
    note: str | None

    def __new__(cls, **cells: object) -> Self:
        """Say of which row which cell is missing, and where; a dataclass alone would not name the row."""
        if missing := [cell.name for cell in fields(cls) if cell.name not in cells]:
            whose = cells.get("address") or cells.get("label") or "without an address"
            raise UnfinishedVerb(
                f"The row of “{whose}” lacks {' and '.join(missing)} ({cls.written_in}). No cell has a default."
            )
        return super().__new__(cls)


@dataclass(frozen=True, kw_only=True)
class Row(Told):
    """What is true of a verb or an act.

    ``address``: its word in addresses and in the history. ``prompt``: what its form asks words for, None where it asks
    for none; ``help`` stands under it. ``required``: what the door refuses to do without. ``next``: what is said before
    it is pressed about where the request goes; may be empty. ``place`` on the decision card, None for what is
    done elsewhere on the page. ``dangerous``: its button warns. ``versioned``: decided on the request as the person saw
    it, so that a change meanwhile is shown first; a comment is welcome whatever happened. ``bulk``: None for what is
    done one by one.
    """

    written_in: ClassVar[str] = "workflow/verbs.py"
    address: str
    prompt: Words | None
    help: Words
    required: Needs
    next: Words
    place: Place | None
    dangerous: bool
    versioned: bool
    bulk: Bulk | None

    def required_for(self, issue: Request, source: Source = Source.PORTAL) -> dict[str, str]:
        """{field: what to say when it is missing}, for this request."""
        return dict(self.required(issue, source) if callable(self.required) else self.required)

    def next_for(self, issue: Request) -> str:
        """Where this request goes when it is pressed."""
        return self.next if isinstance(self.next, str) else self.next(issue)

    def prompt_for(self, issue: Request) -> str:
        """What the form asks words for, about this request; empty where it asks for none."""
        return self.prompt(issue) if callable(self.prompt) else self.prompt or ""

    def help_for(self, issue: Request) -> str:
        """What stands under the words, about this request."""
        return self.help if isinstance(self.help, str) else self.help(issue)


@dataclass(frozen=True, kw_only=True)
class Step(Row):
    """What is true of a verb.

    ``by_label``: whether a stage label in GitLab may ask for it: None if not, else its turn where two ways are as short
    (a label never approves, validates, edits, withdraws or closes: reliability.md, C9). ``for_absent``: somebody takes
    it for an approver who is away. ``drawn``: it is in the picture of a request's life; what may happen from almost
    everywhere and comes back is left out of it.
    """

    by_label: int | None
    for_absent: bool
    drawn: bool


@dataclass(frozen=True, kw_only=True)
class Change(Row):
    """What is true of an act. ``own_page``: it is no form of the usual kind, but has a page and a view of its own."""

    own_page: bool


# Cells that depend on the request ------------------------------------------------------------------------------------


def _answered(issue: Request) -> bool:
    """Whether an answer completes it, not work."""
    return issue.kind in {Kind.QUESTION, Kind.HAND_OVER}


def _approving_needs(issue: Request, source: Source) -> dict[str, str]:
    return {"text": "Put the decision in words."} if issue.kind == Kind.PROPOSAL else {}


def _approval_words(issue: Request) -> str:
    return "The decision in words" if issue.kind == Kind.PROPOSAL else "Note"


def _approval_help(issue: Request) -> str:
    if issue.kind == Kind.PROPOSAL:
        return "What was agreed, for those who were not part of it."
    return "For the requester and Support Operations."


def _after_approving(issue: Request) -> str:
    if issue.kind == Kind.PROPOSAL:
        return "Moves to triage, where Support Operations review it and carry it on in a request."
    return "Moves to triage, where Support Operations take it on."


def _after_editing(issue: Request) -> str:
    if issue.route.needs_approval and issue.material_edits_allowed:
        return "Stays where it is, unless the approval must be asked for again."
    return "Stays where it is."


def _accepting_needs(issue: Request, source: Source) -> dict[str, str]:
    wanted = {
        "kind": "Confirm the type.",
        "customer": "Choose who it is for.",
        "system": "Choose the system concerned.",
        "priority": "Choose a priority.",
    }
    if issue.kind == Kind.BUG:
        wanted["confirmed_valid"] = "Confirm that the bug is valid, or close it as invalid."
    return wanted


def _after_accepting(issue: Request) -> str:
    return "Moves to development." if issue.kind == Kind.ADMINISTRATIVE else "Moves to design."


def _goes_back(issue: Request) -> str:
    return f"Moves back to {State(issue.return_to).label.lower()}." if issue.return_to else ""


def _after_the_gameplan(issue: Request) -> str:
    if issue.kind == Kind.BUG:
        return "Moves to development."
    return "Moves to the backlog." if issue.gate_outcome == GateOutcome.BACKLOG else "Moves to planning."


def _starting_needs(issue: Request, source: Source) -> dict[str, str]:
    return {} if source == Source.CALENDAR else {"text": "Say why it starts before its milestone."}


def _sending_back_needs(issue: Request, source: Source) -> dict[str, str]:
    """Where there is a list, an item that failed says it."""
    return {} if issue.checklist else {"text": "Say what is not right."}


def _completion_words(issue: Request) -> str:
    return "The answer" if _answered(issue) else "What was put into production?"


def _completion_help(issue: Request) -> str:
    return "The requester reads it. Markdown." if _answered(issue) else "Merge requests, settings. Markdown."


def _after_reopening(issue: Request) -> str:
    approved = issue.route.needs_approval or issue.kind == Kind.PROPOSAL
    withdrawn = issue.outcome == Outcome.WITHDRAWN and approved
    return "Starts anew, with a new approval." if withdrawn else "Moves to triage."


# The rows ------------------------------------------------------------------------------------------------------------


class _Word(TextChoices):
    """A word of the vocabulary: its value is its row's address, its label its row's label."""

    row: Row

    def __new__(cls, row: object) -> Self:
        """The member is the address, as text; a word without a row is refused."""
        if not isinstance(row, Row):
            raise UnfinishedVerb(f"“{row}” has no row (workflow/verbs.py). Give every cell of it.")
        word = str.__new__(cls, row.address)
        word._value_ = row.address
        word.row = row
        return word

    @property
    def label(self) -> str:
        """As people read it."""
        return self.row.label


class Verb(_Word):
    """A step: a change of state, at /issues/<number>/<verb>/."""

    row: Step

    APPROVE = Step(
        address="approve",
        label="Approve",
        done="approved this",
        icon="user-check",
        prompt=_approval_words,
        help=_approval_help,
        required=_approving_needs,
        next=_after_approving,
        note="{who} approved this request.",
        place=Place(part=Part.FORWARD, order=10),
        dangerous=False,
        versioned=True,
        bulk=None,
        by_label=None,
        for_absent=True,
        drawn=True,
    )
    DECLINE = Step(
        address="decline",
        label="Decline",
        done="declined this",
        icon="circle-x",
        prompt="Why do you decline?",
        help="The requester reads it.",
        required={"text": "Say why you decline."},
        next="Ends here as declined. A declined request cannot be reopened.",
        note="{who} declined this request.",
        place=Place(part=Part.ASIDE, order=10),
        dangerous=True,
        versioned=True,
        bulk=None,
        by_label=None,
        for_absent=True,
        drawn=True,
    )
    WAIVE_APPROVAL = Step(
        address="waive-approval",
        label="Waive approval",
        done="waived the approval",
        icon="user-check",
        prompt="Why is the approval waived?",
        help="For example: the review happens in the merge request.",
        required={"text": "Say why the approval is waived."},
        next="Moves to triage without the approval. Your reason stays in the story.",
        note="{who} waived the approval.",
        place=Place(part=Part.ASIDE, order=80),
        dangerous=False,
        versioned=True,
        bulk=None,
        by_label=None,
        for_absent=False,
        drawn=True,
    )
    EDIT = Step(
        address="edit",
        label="Edit",
        done="edited this",
        icon="pencil",
        prompt=None,
        help="",
        required={},
        next=_after_editing,
        note=None,
        place=Place(part=Part.LESS, order=10),
        dangerous=False,
        versioned=True,
        bulk=None,
        by_label=None,
        for_absent=False,
        drawn=False,
    )
    RECLASSIFY = Step(
        address="reclassify",
        label="Reclassify",
        done="reclassified this",
        icon="tag",
        prompt="Why is it something else?",
        help="The requester reads it.",
        required={"route": "Choose what it is.", "text": "Say why it is something else."},
        next="Starts anew as what you chose; its answers are kept.",
        note="{who} changed what kind of request this is.",
        place=Place(part=Part.LESS, order=20),
        dangerous=False,
        versioned=True,
        bulk=None,
        by_label=None,
        for_absent=False,
        drawn=False,
    )
    ASK = Step(
        address="ask",
        label="Ask",
        done="asked a question",
        icon="circle-question-mark",
        prompt="Your question",
        help="One question at a time is answered soonest.",
        required={"text": "Write the question."},
        next="Waits for the answer, then comes back to where it is now.",
        note="{who} asked {requester}:",
        place=Place(part=Part.ASIDE, order=30),
        dangerous=False,
        versioned=True,
        bulk=Bulk(order=70, label="Ask", asks=("text",), prompt="Question, to the requester of each"),
        by_label=None,
        for_absent=True,
        drawn=False,
    )
    ANSWER = Step(
        address="answer",
        label="Answer",
        done="answered",
        icon="message-square",
        prompt="Your answer",
        help="",
        required={"text": "Write the answer."},
        next=_goes_back,
        note="{who} answered:",
        place=Place(part=Part.FORWARD, order=20),
        dangerous=False,
        versioned=True,
        bulk=None,
        by_label=None,
        for_absent=False,
        drawn=False,
    )
    ACCEPT = Step(
        address="accept",
        label="Accept",
        done="accepted this",
        icon="check",
        prompt="Note",
        help="",
        required=_accepting_needs,
        next=_after_accepting,
        note=None,
        place=Place(part=Part.FORWARD, order=70),
        dangerous=False,
        versioned=True,
        bulk=Bulk(order=30, label="Accept", asks=(), prompt=None),
        by_label=20,
        for_absent=False,
        drawn=True,
    )
    ESCALATE = Step(
        address="escalate",
        label="Escalate",
        done="escalated this",
        icon="chevrons-up",
        prompt="What would unblock it?",
        help="The lead decides on this.",
        required={"text": "Say what would unblock it."},
        next="Goes to the lead, who closes it or puts it in the backlog.",
        note="{who} escalated this request. What would unblock it:",
        place=Place(part=Part.FORWARD, order=80),
        dangerous=False,
        versioned=True,
        bulk=None,
        by_label=None,
        for_absent=False,
        drawn=True,
    )
    SHELVE = Step(
        address="shelve",
        label="Shelve",
        done="shelved this",
        icon="archive",
        prompt="Why does it go to the backlog?",
        help="The requester reads it.",
        required={"text": "Say why it goes to the backlog."},
        next="Waits in the backlog for its priority.",
        note="{who} moved this request to the backlog.",
        place=Place(part=Part.ASIDE, order=60),
        dangerous=False,
        versioned=True,
        bulk=Bulk(order=80, label="Shelve", asks=("text",), prompt=REASON_FOR_ALL),
        by_label=100,
        for_absent=False,
        drawn=True,
    )
    RESUME = Step(
        address="resume",
        label="Resume",
        done="resumed this",
        icon="arrow-right",
        prompt="Note",
        help="What changed.",
        required={},
        next=_goes_back,
        note=None,
        place=Place(part=Part.FORWARD, order=130),
        dangerous=False,
        versioned=True,
        bulk=Bulk(order=40, label="Resume", asks=(), prompt=None),
        by_label=90,
        for_absent=False,
        drawn=False,
    )
    SUBMIT_GAMEPLAN = Step(
        address="submit-gameplan",
        label="Submit gameplan",
        done="submitted the gameplan",
        icon="pencil-ruler",
        prompt="Gameplan",
        help="What will be done, in which steps, and how to get back if it goes wrong. Markdown.",
        required={"text": "Write the gameplan."},
        next=_after_the_gameplan,
        note="{who} submitted the gameplan.",
        place=Place(part=Part.FORWARD, order=60),
        dangerous=False,
        versioned=True,
        bulk=None,
        by_label=30,
        for_absent=False,
        drawn=True,
    )
    SCHEDULE = Step(
        address="schedule",
        label="Schedule",
        done="scheduled this",
        icon="calendar-clock",
        prompt="Note",
        help="",
        required={"milestone": "Choose a milestone."},
        next="Waits for its milestone and then starts by itself.",
        note=None,
        place=Place(part=Part.FORWARD, order=90),
        dangerous=False,
        versioned=True,
        bulk=None,
        by_label=40,
        for_absent=False,
        drawn=True,
    )
    START = Step(
        address="start",
        label="Start",
        done="started this",
        icon="hammer",
        prompt="Why does it start before its milestone?",
        help="",
        required=_starting_needs,
        next="Moves to development now.",
        note=None,
        place=Place(part=Part.ASIDE, order=50),
        dangerous=False,
        versioned=True,
        bulk=Bulk(order=60, label="Start", asks=("text",), prompt=REASON_FOR_ALL),
        by_label=50,
        for_absent=False,
        drawn=True,
    )
    REQUEST_VALIDATION = Step(
        address="request-validation",
        label="Request validation",
        done="requested validation",
        icon="eye",
        prompt="What to check, and where",
        help="The sandbox, the account to use, the steps. Markdown.",
        required={"text": "Say what to check and where."},
        next="Waits until the result is validated.",
        note="{who} asked {requester} to validate the result. What to check and where:",
        place=Place(part=Part.FORWARD, order=110),
        dangerous=False,
        versioned=True,
        bulk=None,
        by_label=60,
        for_absent=False,
        drawn=True,
    )
    VALIDATE = Step(
        address="validate",
        label="Validate",
        done="validated this",
        icon="check",
        prompt="Note",
        help="What you looked at.",
        required={},
        next="Moves to implementation: Support Operations put it into production.",
        note="{who} validated the result.",
        place=Place(part=Part.FORWARD, order=40),
        dangerous=False,
        versioned=True,
        bulk=None,
        by_label=None,
        for_absent=False,
        drawn=True,
    )
    SEND_BACK = Step(
        address="send-back",
        label="Send back",
        done="sent this back",
        icon="corner-up-left",
        prompt="What is not right?",
        help="What you did, what you expected, what happened.",
        required=_sending_back_needs,
        next="Moves back to development.",
        note="{who} sent this back. What is not right:",
        place=Place(part=Part.ASIDE, order=20),
        dangerous=False,
        versioned=True,
        bulk=None,
        by_label=10,
        for_absent=False,
        drawn=True,
    )
    COMPLETE = Step(
        address="complete",
        label="Complete",
        done="completed this",
        icon="circle-check",
        prompt=_completion_words,
        help=_completion_help,
        required={"text": "Say what was put into production, or give the answer."},
        next="Ends here as completed, in GitLab too.",
        note="{who} completed this request.",
        place=Place(part=Part.FORWARD, order=100),
        dangerous=False,
        versioned=True,
        bulk=Bulk(order=90, label="Complete", asks=("text",), prompt="What was put into production, or the answer"),
        by_label=70,
        for_absent=False,
        drawn=True,
    )
    CONTINUE_IN = Step(
        address="continue-in",
        label="Continue in",
        done="continued this in another request",
        icon="git-branch",
        prompt="Note",
        help="For the requester.",
        required={"route": "Choose what it continues in."},
        next="Opens a new request with the same requester and watchers, linked to this one. This one ends.",
        note="{who} continued this request in another one.",
        place=Place(part=Part.ASIDE, order=40),
        dangerous=False,
        versioned=True,
        bulk=None,
        by_label=None,
        for_absent=False,
        drawn=True,
    )
    BLOCK = Step(
        address="block",
        label="Block",
        done="blocked this",
        icon="octagon-x",
        prompt="Why is it blocked?",
        help="",
        required={
            "text": "Say why it is blocked.",
            "blocked_by": "Say who blocks it.",
            "unblock_when": "Say what would unblock it.",
        },
        next="Waits until it is unblocked, then goes on where it is now.",
        note="{who} marked this request as blocked.",
        place=Place(part=Part.ASIDE, order=70),
        dangerous=False,
        versioned=True,
        bulk=None,
        by_label=110,
        for_absent=False,
        drawn=False,
    )
    UNBLOCK = Step(
        address="unblock",
        label="Unblock",
        done="unblocked this",
        icon="arrow-right",
        prompt="Note",
        help="What removed the block.",
        required={},
        next=_goes_back,
        note=None,
        place=Place(part=Part.FORWARD, order=120),
        dangerous=False,
        versioned=True,
        bulk=Bulk(order=50, label="Unblock", asks=(), prompt=None),
        by_label=80,
        for_absent=False,
        drawn=False,
    )
    CLOSE = Step(
        address="close",
        label="Close",
        done="closed this",
        icon="circle-x",
        prompt="Why?",
        help="The requester reads it.",
        required={"outcome": "Choose how it ends.", "text": "Say why."},
        next="Ends here, in GitLab too.",
        note="{who} closed this request: {outcome}.",
        place=Place(part=Part.LESS, order=40),
        dangerous=True,
        versioned=True,
        bulk=Bulk(order=100, label="Close", asks=("outcome", "text"), prompt=REASON_FOR_ALL),
        by_label=None,
        for_absent=False,
        drawn=False,
    )
    WITHDRAW = Step(
        address="withdraw",
        label="Withdraw",
        done="withdrew this",
        icon="circle-x",
        prompt="Why?",
        help="It helps others with the same wish.",
        required={},
        next="Ends here. You can reopen it within 14 days.",
        note="{who} withdrew this request.",
        place=Place(part=Part.LESS, order=50),
        dangerous=True,
        versioned=True,
        bulk=None,
        by_label=None,
        for_absent=False,
        drawn=False,
    )
    REOPEN = Step(
        address="reopen",
        label="Reopen",
        done="reopened this",
        icon="refresh-cw",
        prompt="Why is it reopened?",
        help="",
        required={"text": "Say why it is reopened."},
        next=_after_reopening,
        note="{who} reopened this request.",
        place=Place(part=Part.LESS, order=60),
        dangerous=False,
        versioned=True,
        bulk=None,
        by_label=120,
        for_absent=False,
        drawn=False,
    )


class Act(_Word):
    """What may be done to a request without changing its state; same refusal table, own address."""

    row: Change

    ASSIGN = Change(
        address="assign",
        label="Assign",
        done="changed the owner",
        icon="user",
        prompt=None,
        help="",
        required={},
        next="",
        note=None,
        place=None,
        dangerous=False,
        versioned=True,
        bulk=Bulk(order=10, label="Assign to me", asks=(), prompt=None),
        own_page=False,
    )
    PRIORITY = Change(
        address="priority",
        label="Set priority",
        done="changed the priority",
        icon="flag",
        prompt=None,
        help="",
        required={},
        next="",
        note=None,
        place=None,
        dangerous=False,
        versioned=True,
        bulk=Bulk(order=20, label="Set priority", asks=("priority",), prompt=None),
        own_page=False,
    )
    COMMENT = Change(
        address="comment",
        label="Comment",
        done=None,
        icon="message-square",
        prompt=None,
        help="",
        required={"body": "Write something first."},
        next="",
        note=None,
        place=None,
        dangerous=False,
        versioned=False,
        bulk=None,
        own_page=False,
    )
    ATTACH = Change(
        address="attach",
        label="Attach",
        done="attached files",
        icon="paperclip",
        prompt=None,
        help="",
        required={"files": "Choose a file first."},
        next="",
        note=None,
        place=None,
        dangerous=False,
        versioned=False,
        bulk=None,
        own_page=False,
    )
    WATCH = Change(
        address="watch",
        label="Watch",
        done="asked somebody to watch this",
        icon="bell",
        prompt=None,
        help="",
        required={},
        next="",
        note=None,
        place=None,
        dangerous=False,
        versioned=False,
        bulk=None,
        own_page=False,
    )
    DELEGATE = Change(
        address="delegate",
        label="Delegate validation",
        done="delegated the validation",
        icon="users",
        prompt="Note",
        help="Your colleague reads it.",
        required={},
        next="",
        note=None,
        place=None,
        dangerous=False,
        versioned=False,
        bulk=None,
        own_page=False,
    )
    DUE_DATE = Change(
        address="due-date",
        label="Set due date",
        done="changed the due date",
        icon="calendar",
        prompt=None,
        help="",
        required={},
        next="",
        note=None,
        place=None,
        dangerous=False,
        versioned=True,
        bulk=None,
        own_page=False,
    )
    MOVE = Change(
        address="move",
        label="Move",
        done="moved this to another tracker",
        icon="arrow-up-right",
        prompt=None,
        help="",
        required={},
        next="",
        note=None,
        place=None,
        dangerous=False,
        versioned=True,
        bulk=None,
        own_page=False,
    )
    SPIN_OFF = Change(
        address="spin-off",
        label="Spin off",
        done="spun off a request",
        icon="git-branch",
        prompt=None,
        help="",
        required={},
        next="Opens a request of its own, linked to this one. This one goes on.",
        note=None,
        place=Place(part=Part.LESS, order=30),
        dangerous=False,
        versioned=True,
        bulk=None,
        own_page=False,
    )
    GATE = Change(
        address="gate",
        label="Answer the gate",
        done=None,
        icon="list-checks",
        prompt=None,
        help="",
        required={},
        next="",
        note=None,
        place=Place(part=Part.FORWARD, order=50),
        dangerous=False,
        versioned=False,
        bulk=None,
        own_page=True,
    )
    NAME_APPROVER = Change(
        address="name-approver",
        label="Name an approver",
        done="named an approver",
        icon="user-check",
        prompt="Why?",
        help="The one you name and the requester read it.",
        required={},
        next="The one you name is asked to decide.",
        note=None,
        place=Place(part=Part.ASIDE, order=90),
        dangerous=False,
        versioned=True,
        bulk=None,
        own_page=False,
    )
    CHECK = Change(
        address="check",
        label="Check the list",
        done=None,
        icon="list-checks",
        prompt=None,
        help="",
        required={"verdict": "Tick it or fail it."},
        next="",
        note=None,
        place=Place(part=Part.FORWARD, order=30),
        dangerous=False,
        versioned=True,
        bulk=None,
        own_page=True,
    )
    REVIEW = Change(
        address="review",
        label="Review the block",
        done="reviewed what blocks this",
        icon="clock",
        prompt="Why is it still blocked?",
        help="Whom you asked, and what happens next.",
        required={"text": "Say why it is still blocked."},
        next="Stays blocked. Your words stand on the request and in GitLab.",
        note="{who} reviewed what blocks this request:",
        place=Place(part=Part.ASIDE, order=100),
        dangerous=False,
        versioned=True,
        bulk=None,
        own_page=False,
    )


ROWS: Mapping[str, Row] = {word.value: word.row for word in (*Verb, *Act)}
"""{verb or act: its row}; the history also knows words that have none."""


def row_of(word: str) -> Row | None:
    """The row of a verb or act; None for what else stands in the history (see ``models.event``)."""
    return ROWS.get(word)


def on_card(part: Part) -> tuple[Verb | Act, ...]:
    """The verbs and acts of this part of the decision card, in order."""
    placed = [(word.row.place.order, word) for word in (*Verb, *Act) if word.row.place and word.row.place.part == part]
    return _in_turn(placed, f"{part} on the decision card")


def in_bulk() -> tuple[Verb | Act, ...]:
    """The verbs and acts that are done to many at once, in the order of their buttons."""
    return _in_turn([(word.row.bulk.order, word) for word in (*Verb, *Act) if word.row.bulk], "bulk")


def by_label() -> tuple[Verb, ...]:
    """The verbs that a stage label in GitLab may ask for, in the order in which ways are tried."""
    return _in_turn([(verb.row.by_label, verb) for verb in Verb if verb.row.by_label is not None], "by_label")


Word = TypeVar("Word", Verb, Act, Verb | Act)


def _in_turn(placed: list[tuple[int, Word]], where: str) -> tuple[Word, ...]:
    found: dict[int, Word] = {}
    for order, word in placed:
        if order in found:
            raise UnfinishedVerb(f"“{found[order]}” and “{word}” both stand at {order}: {where} (workflow/verbs.py).")
        found[order] = word
    return tuple(found[order] for order in sorted(found))


def require_each(words: Iterable[Verb | Act], written: Container[str], what: str, where: str) -> None:
    """Raise unless ``written`` has every one of ``words``: a table that forgets one fails when it is imported.

    ``what`` it is a table of, with its article; ``where``: the file.
    """
    if missing := [f"“{word}”" for word in words if word not in written]:
        raise UnfinishedVerb(f"{' and '.join(missing)} {'has' if len(missing) == 1 else 'have'} no {what} ({where}).")
