"""The same thing done to many requests: each goes through the door by itself, and each says what became of it."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from supportops.accounts.models import User
from workflow.actions.errors import Incomplete, Refused, Stale
from workflow.actions.fields import assign, set_priority
from workflow.actions.requirements import Given
from workflow.actions.transition import take_step
from workflow.models import Issue
from workflow.queues import Queue
from workflow.states import CLOSE_OUTCOMES, Outcome, Priority, State
from workflow.verbs import Act, Verb, in_bulk, require_each

MOST_AT_ONCE = 100
NO_SUCH_REQUEST = "There is no such request."
_KEY = re.compile(r"(\d{1,18})\.(\d{1,9})", re.ASCII)


@dataclass(frozen=True)
class Result:
    """What became of one request: ``done``, or why not in words."""

    number: int
    done: bool
    words: str


def chosen(keys: Iterable[str]) -> dict[int, int]:
    """{number: version looked at} from the keys of a list's checkboxes; whatever is no key is left out."""
    matches = (_KEY.fullmatch(key) for key in keys)
    return dict(list({int(match[1]): int(match[2]) for match in matches if match}.items())[:MOST_AT_ONCE])


Run = Callable[[Issue, int, User, Mapping[str, Any]], None]
"""How an act is done to one request, at the version looked at, by a person, with what was asked once for all."""


@dataclass(frozen=True)
class BulkAct:
    """Something that can be done to many: ``run(issue, version, by, given)``; ``asks`` names what it must be given,
    ``prompt`` stands above the text."""

    value: str
    label: str
    run: Run
    asks: tuple[str, ...] = ()
    prompt: str | None = None


def _step(verb: Verb, given_of: Callable[[Issue], Given]) -> Run:
    def run(issue: Issue, version: int, by: User, given: Mapping[str, Any]) -> None:
        take_step(issue.pk, verb, by=by, version=version, given=cast(Given, {**given_of(issue), **given}))

    return run


def _as_it_stands(issue: Issue) -> Given:
    """What accept asks for, from what the request says already; whatever is missing, the door names."""
    return {"kind": issue.kind, "customer": issue.customer, "system": issue.system, "priority": issue.priority}


def _assign_to_me(issue: Issue, version: int, by: User, given: Mapping[str, Any]) -> None:
    assign(issue.pk, by, by=by, version=version)


def _set_priority(issue: Issue, version: int, by: User, given: Mapping[str, Any]) -> None:
    set_priority(issue.pk, given["priority"], by=by, version=version)


_GIVEN: Mapping[Verb, Callable[[Issue], Given]] = {Verb.ACCEPT: _as_it_stands}
"""What a step is given besides what is asked once for all."""
_RUN: Mapping[Verb | Act, Run] = {
    Act.ASSIGN: _assign_to_me,
    Act.PRIORITY: _set_priority,
    **{verb: _step(verb, _GIVEN.get(verb, lambda issue: {})) for verb in Verb},
}
require_each(in_bulk(), _RUN, "way to be done to many", "_RUN in workflow/actions/bulk.py")
ACTS = {
    word.value: BulkAct(word.value, bulk.label, _RUN[word], bulk.asks, bulk.prompt)
    for word in in_bulk()
    if (bulk := word.row.bulk)
}
OUTCOMES = [(outcome.value, outcome.label) for outcome in CLOSE_OUTCOMES if outcome != Outcome.DUPLICATE]
"""How many may be closed at once; a duplicate names its original, so it is closed by itself."""
PRIORITIES = Priority.choices


def acts_for(queue: Queue) -> list[BulkAct]:
    """The acts that make sense for what waits in this queue; whether one is allowed is decided row by row."""
    wanted = {Act.ASSIGN.value, Act.PRIORITY.value, *queue.verbs}
    if queue.verbs and State.IMPLEMENTATION not in queue.states:
        wanted.add(Verb.CLOSE.value)
    return [act for act in ACTS.values() if act.value in wanted]


def do_for_all(act: BulkAct, versions: Mapping[int, int], *, by: User, given: Mapping[str, Any]) -> list[Result]:
    """Do ``act`` to every request of ``versions`` ({number: version}); a Result for each, in the order given.

    One that is refused keeps none of the others from being done.
    """
    seen = Issue.objects.visible_to(by).in_bulk(list(versions))
    return [_one(act, seen.get(number), number, version, by, given) for number, version in versions.items()]


def _one(act: BulkAct, issue: Issue | None, number: int, version: int, by: User, given: Mapping[str, Any]) -> Result:
    if issue is None:
        return Result(number, False, NO_SUCH_REQUEST)
    try:
        act.run(issue, version, by, given)
    except (Refused, Stale, Incomplete) as error:
        return Result(number, False, str(error))
    return Result(number, True, "Done.")
