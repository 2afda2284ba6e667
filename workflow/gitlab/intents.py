"""What a step must be given, out of the comment somebody wrote with a label or a close. Pure.

The way from a request's state to one a label asks for: the fewest steps a label may stand for. Reads only.

What people ask for by what they do in GitLab: a stage label, a close, a milestone is a wish for a step. Pure.

The issue's own history tells who and when, so a wish is heard even where a push has put the label right meanwhile.
"""

import copy
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from msgspec import convert, to_builtins

from workflow.gates import GateOutcome
from workflow.gitlab.activity import History
from workflow.gitlab.labels import Family, Spelling
from workflow.gitlab.schemas import Change, LabelChange, Person
from workflow.models import Issue
from workflow.states import CLOSE_OUTCOMES, Outcome, State
from workflow.verbs import Verb, by_label

_NO_WORD = r"[^\w\n]{0,50}"
_BLOCKED_BY = re.compile(rf"^{_NO_WORD}blocked[^\S\n]{{1,20}}by{_NO_WORD}(\w.*)$", re.IGNORECASE | re.MULTILINE)
_UNBLOCK = re.compile(
    rf"^{_NO_WORD}unblock\w{{0,20}}(?:[^\S\n]{{1,20}}(?:when|criteria|if|by|once))?[^\w\n:]{{0,50}}:{_NO_WORD}(\w.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_NUMBER = re.compile(r"\bSO-(\d{1,18})\b", re.IGNORECASE)


def named_outcome(text: str) -> Outcome | None:
    """The Outcome a comment begins with (“Won't do: …”), or None."""
    plain = text.replace("\u2019", "'").lstrip(" *_#>`").lower()
    for outcome in CLOSE_OUTCOMES:
        if plain.startswith((outcome.label.lower(), outcome.label.lower().replace("'", ""))):
            return outcome
    return None


def duplicate_of(text: str) -> int | None:
    """The number of the request a comment names first (SO-12), or None."""
    found = _NUMBER.search(text)
    return int(found[1]) if found else None


def blocker(text: str) -> dict[str, str]:
    """{"blocked_by", "unblock_when"} as far as lines of the comment say them (“Blocked by: …”, “Unblock when: …”)."""
    found = {"blocked_by": _BLOCKED_BY.search(text), "unblock_when": _UNBLOCK.search(text)}
    return {name: match[1].strip() for name, match in found.items() if match}


def outcomes_in_words() -> str:
    """The outcomes a comment may begin with."""
    return ", ".join(f"“{Outcome(outcome).label}”" for outcome in CLOSE_OUTCOMES)


LABEL_VERBS = by_label()
_LONGEST = 5
_WITH: Mapping[Verb, Callable[[Issue], dict[str, Any]]] = {
    Verb.SCHEDULE: lambda issue: {"milestone": issue.milestone},
    Verb.SUBMIT_GAMEPLAN: lambda issue: {"outcome": GateOutcome.APPROVED},
}
"""What a transition is called with to see where it would lead; the door gives, and checks, the real thing."""


def way_to(issue: Issue, targets: Collection[str]) -> list[Verb] | None:
    """The shortest list of verbs that leads from the request's state to one of ``targets``; None if there is none.

    An empty list: it is there already.
    """
    if issue.state in targets:
        return []
    reached = {issue.state}
    ends: list[tuple[Issue, list[Verb]]] = [(issue, [])]
    for _ in range(_LONGEST):
        further = []
        for place, verbs in ends:
            for verb, after in _steps_from(place):
                if after.state in targets:
                    return [*verbs, verb]
                if after.state not in reached:
                    reached.add(after.state)
                    further.append((after, [*verbs, verb]))
        ends = further
    return None


def _steps_from(place: Issue) -> Iterator[tuple[Verb, Issue]]:
    for verb in LABEL_VERBS:
        if place.can(verb):
            after = copy.copy(place)
            step = getattr(after, verb.replace("-", "_"))
            step(**_WITH[verb](place) if verb in _WITH else {})
            yield verb, after


def why_no_way(issue: Issue, targets: Collection[str], shown: str) -> str:
    """The sentence for a label that no step leads to."""
    here = issue.get_state_display().lower()
    if issue.state in (State.APPROVAL, State.DISCUSSION):
        names = " or ".join(str(person) for person in issue.approvers) or "an approver"
        return (
            f"It waits for approval, and a label approves nothing. {names} may decide, here with a comment "
            "“@bot approve” or in the portal."
        )
    if issue.state == State.VALIDATION and State.IMPLEMENTATION in targets:
        return (
            f"It waits for validation, and a label validates nothing. {issue.requester} may validate it in the portal."
        )
    kind = issue.get_kind_display().lower()
    return f"No step leads from {here} to what {shown} stands for, in a request of kind {kind}."


STAGE, CLOSE, REOPEN, PLAN, UNPLAN, UNLABEL, TYPE = "stage", "close", "reopen", "plan", "unplan", "unlabel", "type"


@dataclass(frozen=True)
class Wish:
    """``kind``: one of the words above; ``by`` whom, ``at`` when; ``targets``: the states a stage label means, as
    values; ``shown``: the label as it is spelt; ``milestone``: its number in GitLab."""

    kind: str
    by: Person
    at: datetime
    targets: tuple[str, ...] = ()
    shown: str = ""
    milestone: int | None = None

    def kept(self) -> dict[str, Any]:
        """As JSON, to be heard again when its words come."""
        kept: dict[str, Any] = to_builtins(self)
        return kept

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """The opposite of ``kept``."""
        return convert(kept, cls)


@dataclass(frozen=True)
class Heard:
    """How far the histories were listened to: the highest number of each; ``first``: never before."""

    label: int = 0
    state: int = 0
    milestone: int = 0
    first: bool = True

    def after(self, history: History) -> "Heard":
        """How far once this history was listened to."""
        return Heard(
            label=_last(history.labels, self.label),
            state=_last(history.states, self.state),
            milestone=_last(history.milestones, self.milestone),
            first=False,
        )


def _last(changes: Iterable[Change], so_far: int) -> int:
    return max([so_far, *(change.id for change in changes)])


def wishes(history: History, heard: Heard, wished: Mapping[str, Any], spelling: Spelling, kind: str) -> list[Wish]:
    """The wishes in what is new, in the order to grant them. ``wished``: fields that GitLab shows otherwise than
    agreed.

    At the first look only what still stands counts: what was done and put right long ago is nobody's wish any more.
    ``kind``: the request's, whose own type label in another spelling is no wish.
    """
    return [
        wish
        for wish in (
            _type(history, heard, wished, spelling, kind),
            _stage(history, heard, wished, spelling),
            _state(history, heard, wished),
            _milestone(history, heard, wished),
        )
        if wish is not None
    ]


def _stage(history: History, heard: Heard, wished: Mapping[str, Any], spelling: Spelling) -> Wish | None:
    fields = {"labels.state", "labels.validation"}
    if heard.first and not fields & wished.keys():
        return None
    new = history.by_people(history.labels, heard.label)
    about = [c for c in new if any(spelling.meaning(f, c.what) for f in (Family.STATE, Family.VALIDATION))]
    put_on = [change for change in about if change.added and not _taken_back(change, about)]
    if put_on:
        last = put_on[-1]
        names = [change.what for change in put_on if change.by == last.by and _together(change, last)]
        meant = spelling.at(last.at)
        targets = meant.states(names) or meant.states([last.what])
        return Wish(STAGE, last.by, last.at, tuple(sorted(targets)), last.what)
    if about and "labels.state" in wished:
        return Wish(UNLABEL, about[-1].by, about[-1].at, shown=about[-1].what)
    return None


def _taken_back(change: LabelChange, later: Iterable[LabelChange]) -> bool:
    """Whether the same person thought better of it."""
    return any(
        other.id > change.id and not other.added and (other.what, other.by) == (change.what, change.by)
        for other in later
    )


def _together(one: Change, other: Change) -> bool:
    return abs((one.at - other.at).total_seconds()) <= 5


def _type(history: History, heard: Heard, wished: Mapping[str, Any], spelling: Spelling, kind: str) -> Wish | None:
    if "labels.type" not in wished:
        return None
    new = history.by_people(history.labels, heard.label)
    about = [change for change in new if spelling.meaning(Family.TYPE, change.what)]
    if not about or about[-1].added and kind in spelling.at(about[-1].at).meaning(Family.TYPE, about[-1].what):
        return None
    return Wish(TYPE, about[-1].by, about[-1].at, shown=about[-1].what)


def _state(history: History, heard: Heard, wished: Mapping[str, Any]) -> Wish | None:
    new = history.by_people(history.states, heard.state)
    new = [change for change in new if change.what in ("closed", "reopened")]
    if not new or (heard.first and "state" not in wished):
        return None
    last = new[-1]
    return Wish(CLOSE if last.what == "closed" else REOPEN, last.by, last.at)


def _milestone(history: History, heard: Heard, wished: Mapping[str, Any]) -> Wish | None:
    new = history.by_people(history.milestones, heard.milestone)
    if not new or (heard.first and "milestone" not in wished):
        return None
    last = new[-1]
    return Wish(PLAN if last.added else UNPLAN, last.by, last.at, milestone=last.what if last.added else None)


def merged_wishes(found: list[Wish]) -> list[Wish]:
    """The wishes, with one that only says a stage label again left out: closing says ``Stage::Completed``, reopening
    any other stage.
    """
    stage = next((wish for wish in found if wish.kind == STAGE), None)
    if stage is None:
        return found
    completes = State.COMPLETED in stage.targets
    covered = CLOSE if completes else REOPEN
    return [wish for wish in found if wish.kind != covered]
