"""GitLab as a remote control: a wish becomes that person's step, by the same door and rules, or is undone.

Gates and approvals are never answered by a label (domain.md §6). A wish that lacks only words is undone like every
other, and taken after all when its words come within two minutes.

``@bot approve`` and ``@bot decline <reason>``: the one way to decide from GitLab, for the current approver only.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from django.db import transaction

from supportops.accounts.models import User
from workflow.actions import Incomplete, Refused, take_step
from workflow.actions.from_gitlab import say_back
from workflow.actions.participation import handles_in, own_lines
from workflow.actions.requirements import Given
from workflow.gitlab.activity import WORDS_WITHIN, History
from workflow.gitlab.escaping import without_breaks
from workflow.gitlab.identities import known_as, stranger
from workflow.gitlab.intents import (
    CLOSE,
    PLAN,
    REOPEN,
    STAGE,
    TYPE,
    UNLABEL,
    UNPLAN,
    Wish,
    blocker,
    duplicate_of,
    named_outcome,
    outcomes_in_words,
    way_to,
    why_no_way,
)
from workflow.gitlab.schemas import Person, Words
from workflow.gitlab.session import LookRun
from workflow.models import Issue, Milestone
from workflow.models.event import NOT_TAKEN
from workflow.permissions import may_see
from workflow.states import ENDED, Outcome, Source, State
from workflow.verbs import Verb

SAID = frozenset({"text", "blocked_by", "unblock_when", "outcome", "duplicate_of"})
"""What a comment can give."""
_WHAT = {
    STAGE: "The label {shown}",
    UNLABEL: "Taking off the label {shown}",
    TYPE: "The label {shown}",
    CLOSE: "Closing",
    REOPEN: "Reopening",
    PLAN: "The milestone",
    UNPLAN: "Taking off the milestone",
}


@dataclass(frozen=True)
class Undone:
    """Something not followed: by whom (in GitLab), what, and why in a sentence; ``wish``: kept if it lacks words."""

    by: Person | None
    what: str
    why: str
    wish: Wish | None = None


def grant(number: int, wish: Wish, history: History) -> Undone | None:
    """Take the steps a wish asks for, inside a transaction. Returns None (taken, or nothing to do) or Undone."""
    issue = Issue.objects.get(pk=number)
    person = known_as(wish.by)
    try:
        with transaction.atomic():
            steps = _steps(issue, wish, person, history)
            if person is None:
                return _undone(wish, stranger(wish.by)) if steps else None
            for verb in steps:
                given = given_for(verb, Issue.objects.get(pk=number), wish, history, person)
                take_step(number, verb, by=person, given=cast(Given, given), source=Source.GITLAB)
    except Refused as refused:
        return _undone(wish, open_words(refused, person, issue))
    except Incomplete as incomplete:
        lacks_words = incomplete.problems.keys() <= SAID
        return _undone(wish, _how_to_say(incomplete), kept=wish if lacks_words else None)
    return None


def _steps(issue: Issue, wish: Wish, person: User | None, history: History) -> list[Verb]:
    """The verbs to take. Raises Refused where nothing a person may do in GitLab leads there."""
    if wish.kind == STAGE:
        return _stage_steps(issue, wish)
    if wish.kind == CLOSE:
        return _closing_steps(issue, wish, person, history)
    if wish.kind == REOPEN:
        return [Verb.REOPEN] if issue.state in ENDED else []
    if wish.kind == PLAN:
        planned = issue.milestone is not None and issue.milestone.gitlab_id == wish.milestone
        return [] if planned else [Verb.SCHEDULE]
    if wish.kind == UNPLAN:
        if issue.milestone_id is None:
            return []
        raise Refused("Support Operations plans it anew with another milestone, or shelves it.")
    if wish.kind == TYPE:
        raise Refused("What kind of request it is changes by “Reclassify” in triage, which Support Operations may do.")
    raise Refused("The stage label shows where the request stands; put on the one it should move to.")


def _stage_steps(issue: Issue, wish: Wish) -> list[Verb]:
    targets = {State(value) for value in wish.targets}
    if _shown(issue) in targets:
        return []
    steps = way_to(issue, targets)
    if steps is None:
        raise Refused(why_no_way(issue, targets, wish.shown))
    return steps


def _shown(issue: Issue) -> str:
    return issue.return_to if issue.state == State.NEEDS_INFO else issue.state


def _closing_steps(issue: Issue, wish: Wish, person: User | None, history: History) -> list[Verb]:
    """Closing means completing where that is next, withdrawing if the requester does it, else ending undone."""
    if issue.state in ENDED:
        return []
    if named_outcome(history.words_with(wish.by, wish.at)) is None:
        if issue.can(Verb.COMPLETE):
            return [Verb.COMPLETE]
        if person is not None and person.pk == issue.requester_id:
            return [Verb.WITHDRAW]
    return [Verb.CLOSE]


def given_for(verb: Verb, issue: Issue, wish: Wish, history: History, person: User) -> Mapping[str, Any]:
    """What the step is given: words from the comment, the rest from labels and milestone as already merged."""
    text = history.words_with(wish.by, wish.at)
    given: dict[str, Any] = {"text": text}
    if verb == Verb.ACCEPT:
        # "If it is valid, it will then move to the Design stage" (handbook): moving a bug there says that it is valid
        names = ("kind", "customer", "system", "priority")
        given |= {name: getattr(issue, name) for name in names} | {"confirmed_valid": True}
    if verb == Verb.SCHEDULE:
        given["milestone"] = _milestone(issue, wish.milestone)
    if verb == Verb.BLOCK:
        given |= blocker(text)
    if verb == Verb.CLOSE:
        given["outcome"] = named_outcome(text)
        if given["outcome"] == Outcome.DUPLICATE:
            number = duplicate_of(text)
            original = None if number is None else Issue.objects.filter(pk=number).first()
            given["duplicate_of"] = original if original and may_see(person, original) else None
    return given


def _milestone(issue: Issue, gitlab_id: int | None) -> Milestone | None:
    return Milestone.objects.filter(tracker=issue.tracker_id, gitlab_id=gitlab_id).first() if gitlab_id else None


def _undone(wish: Wish, why: str, kept: Wish | None = None) -> Undone:
    return Undone(wish.by, _WHAT[wish.kind].format(shown=wish.shown), why, kept)


def open_words(refused: Refused, person: User | None, issue: Issue) -> str:
    """The door's sentence; where it would deny that the request exists, something that makes sense beside its issue."""
    if person is not None and not may_see(person, issue):
        return "In the portal this request is open to few people, and you are not one of them."
    return str(refused)


def _how_to_say(incomplete: Incomplete) -> str:
    """The door's sentences, and how a comment in GitLab gives what they ask for."""
    asked = incomplete.problems.keys()
    words = [str(incomplete)]
    if "outcome" in asked:
        words.append(f"Begin the comment with one of {outcomes_in_words()}.")
    if {"blocked_by", "unblock_when"} & asked:
        words.append("Write lines that begin with “Blocked by:” and “Unblock when:”.")
    if asked & SAID and asked <= SAID:
        words.append("Write it in a comment within two minutes, and it is done.")
    if asked & {"customer", "system", "priority"}:
        words.append("Put on its labels first.")
    return " ".join(words)


def still_waits(wish: Wish, now: datetime) -> bool:
    """Whether words for a wish may still come."""
    return now - wish.at <= WORDS_WITHIN + timedelta(seconds=5)


_VERBS = {"approve": Verb.APPROVE, "approved": Verb.APPROVE, "decline": Verb.DECLINE, "declined": Verb.DECLINE}


HOW_TO_DECIDE = (
    "To decide, write “@bot approve” or “@bot decline”, with your words behind it, at the beginning of a line of its "
    "own: not in a quotation, and not as code."
)
MOST_COMMANDS = 5
_AFTER_VERB = " \t:,.\u2013-"


class Command(NamedTuple):
    """What a line tells the bot to do; ``verb`` is None where the bot is called and nothing it knows is said."""

    verb: Verb | None
    words: str


def commands_in(body: str, bot: str) -> list[Command]:
    """What a comment tells the bot, line by line, in order; ``bot``: its name in GitLab, besides “bot”.

    A command stands at the beginning of a line that is neither quoted nor code; its words go on up to the next one.
    """
    names = {f"@{name.casefold()}" for name in ("bot", bot) if name}
    found: list[tuple[Verb | None, list[str]]] = []
    for line in own_lines(without_breaks(body), lists=False):
        first, _, rest = line.strip().partition(" ")
        if first.casefold().rstrip(":,") in names:
            word, words = _first_word(rest)
            verb = _VERBS.get(word.casefold())
            found.append((verb, [words if verb else line.strip()]))
        elif found and found[-1][0] is not None:
            found[-1][1].append(line)
        elif names & {f"@{name}" for name in handles_in(line)}:
            found.append((None, [line.strip()]))
    return [Command(verb, "\n".join(words).strip()) for verb, words in found]


def _first_word(text: str) -> tuple[str, str]:
    text = text.lstrip()
    word = next(iter(re.findall(r"\A\w{1,20}", text)), "")
    return word, text[len(word) :].lstrip(_AFTER_VERB)


def obey(run: LookRun, note: Words, author: User | None) -> None:
    """Take the decisions a new comment gives, and answer each that is not taken, and once how to give one. Call it in
    the transaction that keeps the comment."""
    if note.by.id == run.bot_id:
        return
    name, told_how = f"{note.by.name} (@{note.by.username})", False
    for command in commands_in(note.body, run.connection.bot_username)[:MOST_COMMANDS]:
        if command.verb is None:
            reason, told_how = ("" if told_how else HOW_TO_DECIDE), True
        else:
            reason = _decide(run.mirror.pk, command.verb, command.words, author, note.by) or ""
        if reason:
            asked = command.verb or command.words[:200]
            say_back(run.mirror.pk, NOT_TAKEN, reason, by=author, author_name=name, data={"asked": asked})


def _decide(number: int, verb: Verb, text: str, person: User | None, somebody: Person) -> str | None:
    """None once decided, else the sentence why not."""
    if person is None:
        return stranger(somebody)
    try:
        take_step(number, verb, by=person, given={"text": text, "answers": []}, source=Source.GITLAB)
    except Refused as refused:
        return open_words(refused, person, Issue.objects.get(pk=number))
    except Incomplete as incomplete:
        return f"{incomplete} Decide in the portal, where everything is asked."
    return None
