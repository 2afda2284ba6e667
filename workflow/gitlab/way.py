"""The way from a request's state to one a label asks for: the fewest steps a label may stand for. Reads only."""

import copy

from workflow.gates import GateOutcome
from workflow.states import State, Verb

LABEL_VERBS = (
    Verb.SEND_BACK,
    Verb.ACCEPT,
    Verb.SUBMIT_GAMEPLAN,
    Verb.SCHEDULE,
    Verb.START,
    Verb.REQUEST_VALIDATION,
    Verb.COMPLETE,
    Verb.UNBLOCK,
    Verb.RESUME,
    Verb.SHELVE,
    Verb.BLOCK,
    Verb.REOPEN,
)
"""What a label can ask for. It never approves, validates, edits, withdraws or closes (reliability.md, C9)."""
_LONGEST = 5
_WITH = {
    Verb.SCHEDULE: lambda issue: {"milestone": issue.milestone},
    Verb.SUBMIT_GAMEPLAN: lambda issue: {"outcome": GateOutcome.APPROVED},
}
"""What a transition is called with to see where it would lead; the door gives, and checks, the real thing."""


def way_to(issue, targets):
    """The shortest list of verbs that leads from the request's state to one of ``targets``; None if there is none.

    An empty list: it is there already.
    """
    if issue.state in targets:
        return []
    reached, ends = {issue.state}, [(issue, [])]
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


def _steps_from(place):
    for verb in LABEL_VERBS:
        if place.can(verb):
            after = copy.copy(place)
            getattr(after, verb.replace("-", "_"))(**_WITH.get(verb, lambda issue: {})(place))
            yield verb, after


def why_no_way(issue, targets, shown):
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
