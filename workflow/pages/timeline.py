"""What was done, in words: for the story, and for the message after a step.

The story of a request: steps as one-line rows, comments as cards, in time order.

The rail: the states a request passes on its way, which are behind it, and where it stands.
"""

import re
from collections.abc import Container, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils import timezone

from supportops.accounts.models import User
from supportops.ui.marks import STATE_ICONS
from workflow.models import Issue
from workflow.models.event import SUBMIT, told_of
from workflow.states import COURT, ENDED, Priority, Source, State
from workflow.verbs import Act, Verb

if TYPE_CHECKING:
    from workflow.pages.issue_query import Reading


_COUNTED = ("ticked", "failed")
"""Data of an event that ends a validation: how many items of the list, of how many."""
_OTHERS = {"continued_in": ":", "spun_off": ":", "continues": ", continuing", "spun_off_from": ", spun off from"}
"""Data of an event that names another request → the words before its number."""
_NAMING = frozenset({*_OTHERS, "duplicate_of"})
"""Data of an event that is the number of another request."""
FIELDS = {
    "title": "the title",
    "description": "the description",
    "assignee": "owner",
    "priority": "priority",
    "due_date": "due date",
    "milestone": "milestone",
    "tracker": "tracker",
    "customer": "customer",
    "system": "system",
    "route": "entry",
    "approver": "approver",
    "outcome": "outcome",
    "blocked_by": "blocked by",
}
_THIS = re.compile(r"\bthis( request)?\b")
_ENDED_AS: Mapping[str, str] = {State.COMPLETED: "done", State.CLOSED: "closed"}


def others_in(facts: Mapping[str, Any]) -> set[int]:
    """The numbers of other requests that the data of an event names."""
    return {facts[name] for name in _NAMING if name in facts}


def without_hidden(facts: Mapping[str, Any], known: Container[int]) -> dict[str, Any]:
    """The data of an event without numbers of other requests that are not among ``known``: those are hidden."""
    return {name: value for name, value in facts.items() if name not in _NAMING or value in known}


def done(verb: str) -> str:
    """What somebody did who took this step: “approved this”."""
    told = told_of(verb)
    return told.done if told and told.done else verb.replace("-", " ")


def icon_of(verb: str) -> str:
    """The icon of an event's verb; empty for one that is no more."""
    told = told_of(verb)
    return told.icon if told else ""


def labels_of(issue: Issue) -> dict[str, str]:
    """{question key: label} of the questions the request answers."""
    return {row["key"]: row["label"] for row in issue.answers if row.get("label")}


def line_of(row: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    """One line for an event of the story, without the person: “accepted this: Triage → Design”.

    ``labels``: what questions are called, by key.
    """
    deed = deed_of(row["did"], row["facts"], labels)
    moved = row["before"] != row["after"]
    return f"{deed}: {State(row['before']).label} → {State(row['after']).label}" if moved and row["before"] else deed


def deed_of(verb: str, facts: Mapping[str, Any], labels: Mapping[str, str], *, about: str = "") -> str:
    """What was done, with what was given or changed: “edited this, changing the title”.

    ``about``: names the request where the reader does not look at it: “edited SO-12”, “answered on SO-12”.
    """
    words = done(verb)
    if verb == Act.NAME_APPROVER and facts.get("approver", [None, ""])[1] is None:
        words = "found nobody else to approve this"
    if about:
        words = _THIS.sub(about, words) if _THIS.search(words) else f"{words} on {about}"
    return f"{words}{_detail(verb, facts, labels)}"


def _detail(verb: str, data: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    if verb == Verb.EDIT:
        changed = [FIELDS.get(name, f"“{labels.get(name, name)}”") for name in data]
        return f", changing {_list_of(changed)}" if data else ""
    if verb == Verb.CLOSE:
        original = f" of SO-{data['duplicate_of']}" if "duplicate_of" in data else ""
        return f" as {str(data.get('outcome', '')).replace('-', ' ')}{original}"
    if verb == Act.ATTACH:
        return f" ({_list_of([str(name) for name in data.get('files', [])])})"
    if verb == Act.WATCH:
        return f" ({data.get('to', '')})"
    if verb == Act.DELEGATE:
        return f" to {data['to']}" if "to" in data else f", taking it back from {data.get('taken_back_from', '')}"
    for name in _COUNTED:
        if name in data:
            number, asked = data[name]
            return f" ({number} of {asked} {name})"
    if "approvals" in data:
        given, needed = data["approvals"]
        return f" ({given} of {needed})"
    if "draft" in data:
        return ", once the requester has answered what is still needed"
    for name, words in _OTHERS.items():
        if name in data:
            return f"{words} SO-{data[name]}"
    return _changes(data)


def _changes(data: Mapping[str, Any]) -> str:
    changed = [
        f"{FIELDS[name]} {_value(name, value[0])} → {_value(name, value[1])}"
        for name, value in data.items()
        if name in FIELDS and isinstance(value, list) and len(value) == 2
    ]
    return f" ({', '.join(changed)})" if changed else ""


def _value(name: str, value: int | str | None) -> str:
    if value in (None, ""):
        return "none"
    return Priority(value).label if name == "priority" and value in Priority.values else str(value)


def _list_of(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def entries_of(found: "Reading") -> list[dict[str, Any]]:
    """What the timeline component draws, from a Reading, with a line for each new day."""
    files: dict[int, list[dict[str, Any]]] = {}
    for file in found.files:
        files.setdefault(file["facts"]["comment"], []).append(file)
    labels = labels_of(found.issue)
    rows = [
        _comment(found, row, files) if row["what"] == "comment" else _event(found, row, labels) for row in found.told
    ]
    entries: list[dict[str, Any]] = []
    for day, of_the_day in groupby(rows, key=lambda row: timezone.localtime(row["at"]).date()):
        entries += [{"type": "day", "day": day}, *of_the_day]
    return entries


def _event(found: "Reading", row: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, Any]:
    return {
        "type": "event",
        "id": f"event-{row['number']}",
        "person": _who(found, row),
        "on_behalf_of": found.person(row["behalf_id"]),
        "text": line_of(row, labels),
        "at": row["when"],
        "icon": icon_of(row["did"]) or STATE_ICONS.get(row["after"]),
        "court": court_of(row["after"]) if row["before"] != row["after"] or row["did"] == SUBMIT else "",
        "source": _source(row),
        "words": row["words"],
    }


def _comment(
    found: "Reading", row: Mapping[str, Any], files: Mapping[int, Sequence[Mapping[str, Any]]]
) -> dict[str, Any]:
    deleted = bool(row["facts"]["deleted"])
    given = [] if deleted else files.get(row["number"], [])
    return {
        "type": "comment",
        "id": f"comment-{row['number']}",
        "person": _who(found, row),
        "note": "Requester" if row["person_id"] == found.issue.requester_id else "",
        "at": row["when"],
        "body": "*This comment was deleted in GitLab.*" if deleted else row["words"],
        "internal": bool(row["facts"]["internal"]),
        "source": _source(row),
        "attachments": [file_row(found, file) for file in given],
    }


def file_row(found: "Reading", row: Mapping[str, Any]) -> dict[str, Any]:
    """A file as the attachments component draws it."""
    return {
        "name": row["facts"]["name"],
        "url": reverse("attachment", args=[found.issue.pk, row["number"]]),
        "size": row["facts"]["size"],
        "by": found.person(row["person_id"]),
        "note": "Only Support Operations" if row["facts"]["internal"] else "",
    }


def court_of(state: str) -> str:
    """The colour a state has: its court, or how it ended."""
    return _ENDED_AS.get(state) or COURT[state]


def _who(found: "Reading", row: Mapping[str, Any]) -> User | str:
    if row["came_from"] == Source.CALENDAR:
        return "The calendar"
    nobody = "GitLab" if row["came_from"] == Source.GITLAB else "The portal"
    author: str = row["facts"].get("author") or nobody
    return found.person(row["person_id"]) or author


def _source(row: Mapping[str, Any]) -> str:
    return "GitLab" if row["came_from"] == Source.GITLAB else ""


def rail_steps(found: "Reading") -> list[dict[str, Any]]:
    """What the rail component draws, from a Reading. Side states hang from the stage they left."""
    issue = found.issue
    states = issue.rail
    steps_taken = [row for row in found.story if row["what"] == "event" and row["before"] != row["after"]]
    left = {row["before"]: row["when"] for row in steps_taken}
    here = _stands_at(issue, found.story, states)
    steps = [_step(state, position, states.index(here), left) for position, state in enumerate(states)]
    current = steps[states.index(here)]
    if issue.state == here:
        current |= {"court": court_of(here), "date": issue.state_since if here in ENDED else None}
    else:
        current["side"] = {"label": _side_label(issue), "court": court_of(issue.state)}
    return steps


def _step(state: State, position: int, here: int, left: Mapping[str, datetime]) -> dict[str, Any]:
    if position == here:
        return {"label": State(state).label, "status": "current"}
    if position > here:
        return {"label": State(state).label, "status": "ahead"}
    return {"label": State(state).label, "status": "done" if state in left else "skipped", "date": left.get(state)}


def _stands_at(issue: Issue, story: Sequence[Mapping[str, Any]], states: Sequence[State]) -> State:
    """The stage of the rail that a request stands at, or hangs from."""
    for place in (issue.state, issue.return_to):
        if place in states:
            return State(place)
    visited = [row[end] for row in story for end in ("before", "after") if row[end] in states]
    return State(visited[-1]) if visited else states[0]


def _side_label(issue: Issue) -> str:
    if issue.state == State.CLOSED:
        return issue.get_outcome_display()
    return issue.get_state_display()
