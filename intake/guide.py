"""The handbook's flowchart "What do you wish to do?", as data: one question per page, each path ends at an entry.

Source: handbook page "Working with Support Ops", section "Flowchart"; which answer leads to `fix`, `feature` and
`propose-change` is domain.md §2. `bug` is not here on purpose: people find it by its card and by search.
"""

from collections.abc import Collection
from dataclasses import dataclass

START = "start"


@dataclass(frozen=True)
class Answer:
    """An answer, and the node it leads to."""

    label: str
    leads_to: str
    help: str = ""


@dataclass(frozen=True)
class Step:
    """A question with its answers."""

    question: str
    answers: tuple[Answer, ...]
    help: str = ""


@dataclass(frozen=True)
class End:
    """Where a path ends: the entry's form, or, with ``elsewhere``, first a page on what to do outside the portal."""

    entry: str
    elsewhere: str = ""


NODES: dict[str, Step | End] = {
    START: Step(
        "What do you wish to do?",
        (
            Answer("Ask a general question", "question-where"),
            Answer("Pass on what a customer asks about the support portal", "zendesk", "A ticket on a Support form"),
            Answer("Get something fixed", "fix", "It worked, and now it is broken"),
            Answer("Change something, or get something new", "change-agreed"),
            Answer("Change macros in Zendesk", "macros-where"),
            Answer("Change my Calendly", "calendly", "Team events only"),
            Answer("Change the Support Team page", "team-page"),
            Answer("Something else", "other"),
        ),
    ),
    "question-where": Step(
        "Where would you like the answer?",
        (
            Answer("In Slack", "slack", "The quickest way"),
            Answer("Here, in the portal", "question", "For what takes longer, or what others should find"),
        ),
    ),
    "change-agreed": Step(
        "Is it already agreed with Support Operations?",
        (
            Answer("Yes, it is agreed", "feature", "You can name who agreed, or where"),
            Answer("No, not yet", "propose-change", "It is discussed first, and a manager decides"),
        ),
        help="Changes that were neither discussed nor approved are not worked on.",
    ),
    "macros-where": Step(
        "In which Zendesk?",
        (
            Answer("Zendesk Global", "macros-global"),
            Answer("Zendesk US Federal", "macros-us-federal", "Only the people involved see the request"),
        ),
    ),
    "slack": End("question", elsewhere="slack"),
    "zendesk": End("portal-change", elsewhere="zendesk"),
    "question": End("question"),
    "fix": End("fix"),
    "feature": End("feature"),
    "propose-change": End("propose-change"),
    "macros-global": End("macros-global"),
    "macros-us-federal": End("macros-us-federal"),
    "calendly": End("calendly"),
    "team-page": End("team-page"),
    "other": End("other"),
}


def before(node: str) -> str | None:
    """The node whose answer leads to ``node``, or None for the first one. Every node has at most one."""
    for key, step in NODES.items():
        if isinstance(step, Step) and any(answer.leads_to == node for answer in step.answers):
            return key
    return None


def depth(node: str) -> int:
    """How many questions were answered to come here: 0 at the start."""
    earlier = before(node)
    return 0 if earlier is None else depth(earlier) + 1


def leads_to_some(node: str, entries: Collection[str]) -> bool:
    """Whether a path from ``node`` ends at one of these entries (keys); paths to entries not offered are not shown."""
    step = NODES[node]
    if isinstance(step, End):
        return step.entry in entries
    return any(leads_to_some(answer.leads_to, entries) for answer in step.answers)
