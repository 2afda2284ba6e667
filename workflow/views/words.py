"""What was done, in words: for the story, and for the message after a step."""

from workflow.models.event import CONFLICT, NOT_TAKEN, RAISED, REPLAN, SUBMIT, UNDONE
from workflow.states import Act, Priority, State, Verb

DONE = {
    Verb.APPROVE: "approved this",
    Verb.DECLINE: "declined this",
    Verb.WAIVE_APPROVAL: "waived the approval",
    Verb.EDIT: "edited this",
    Verb.RECLASSIFY: "reclassified this",
    Verb.ASK: "asked a question",
    Verb.ANSWER: "answered",
    Verb.ACCEPT: "accepted this",
    Verb.ESCALATE: "escalated this",
    Verb.SHELVE: "shelved this",
    Verb.RESUME: "resumed this",
    Verb.SUBMIT_GAMEPLAN: "submitted the gameplan",
    Verb.SCHEDULE: "scheduled this",
    Verb.START: "started this",
    Verb.REQUEST_VALIDATION: "requested validation",
    Verb.VALIDATE: "validated this",
    Verb.SEND_BACK: "sent this back",
    Verb.COMPLETE: "completed this",
    Verb.CONTINUE_IN: "continued this in another request",
    Verb.BLOCK: "blocked this",
    Verb.UNBLOCK: "unblocked this",
    Verb.CLOSE: "closed this",
    Verb.WITHDRAW: "withdrew this",
    Verb.REOPEN: "reopened this",
    Act.ASSIGN: "changed the owner",
    Act.PRIORITY: "changed the priority",
    Act.ATTACH: "attached files",
    Act.DELEGATE: "delegated the validation",
    Act.DUE_DATE: "changed the due date",
    Act.MOVE: "moved this to another tracker",
    Act.SPIN_OFF: "spun off a request",
    Act.NAME_APPROVER: "named an approver",
    SUBMIT: "filed this request",
    REPLAN: "took this out of its milestone",
    UNDONE: "changed this in GitLab, which was undone",
    NOT_TAKEN: "asked in GitLab for a step that was not taken",
    CONFLICT: "changed in GitLab what was changed here too",
    RAISED: "raised this to the lead",
    Act.REVIEW: "reviewed what blocks this",
}
ICONS = {
    Verb.APPROVE: "user-check",
    Verb.DECLINE: "circle-x",
    Verb.WAIVE_APPROVAL: "user-check",
    Verb.EDIT: "pencil",
    Verb.RECLASSIFY: "tag",
    Verb.ASK: "circle-question-mark",
    Verb.ANSWER: "message-square",
    Verb.ACCEPT: "check",
    Verb.ESCALATE: "chevrons-up",
    Verb.SHELVE: "archive",
    Verb.RESUME: "arrow-right",
    Verb.SUBMIT_GAMEPLAN: "pencil-ruler",
    Verb.SCHEDULE: "calendar-clock",
    Verb.START: "hammer",
    Verb.REQUEST_VALIDATION: "eye",
    Verb.VALIDATE: "check",
    Verb.SEND_BACK: "corner-up-left",
    Verb.COMPLETE: "circle-check",
    Verb.CONTINUE_IN: "git-branch",
    Verb.BLOCK: "octagon-x",
    Verb.UNBLOCK: "arrow-right",
    Verb.CLOSE: "circle-x",
    Verb.WITHDRAW: "circle-x",
    Verb.REOPEN: "refresh-cw",
    Act.ASSIGN: "user",
    Act.PRIORITY: "flag",
    Act.ATTACH: "paperclip",
    Act.WATCH: "bell",
    Act.DELEGATE: "users",
    Act.DUE_DATE: "calendar",
    Act.MOVE: "arrow-up-right",
    Act.SPIN_OFF: "git-branch",
    Act.GATE: "list-checks",
    Act.NAME_APPROVER: "user-check",
    Act.COMMENT: "message-square",
    SUBMIT: "plus",
    REPLAN: "list-checks",
    UNDONE: "corner-up-left",
    NOT_TAKEN: "circle-x",
    CONFLICT: "git-branch",
    RAISED: "chevrons-up",
    Act.CHECK: "list-checks",
    Act.REVIEW: "clock",
}
_COUNTED = {Verb.VALIDATE: "ticked", Verb.SEND_BACK: "failed"}
"""Verb that ends a validation → what of the list its event counts."""
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


def others_in(facts):
    """The numbers of other requests that the data of an event names."""
    return {facts[name] for name in _NAMING if name in facts}


def without_hidden(facts, known):
    """The data of an event without numbers of other requests that are not among ``known``: those are hidden."""
    return {name: value for name, value in facts.items() if name not in _NAMING or value in known}


def done(verb):
    """What somebody did who took this step: “approved this”."""
    return DONE.get(verb, verb.replace("-", " "))


def labels_of(issue):
    """{question key: label} of the questions the request answers."""
    return {row["key"]: row["label"] for row in issue.answers if row.get("label")}


def line_of(row, labels):
    """One line for an event of the story, without the person: “accepted this: Triage → Design”.

    ``labels``: what questions are called, by key.
    """
    detail = _detail(row["did"], row["facts"], labels)
    moved = row["before"] != row["after"]
    if moved and row["before"]:
        return f"{done(row['did'])}{detail}: {State(row['before']).label} → {State(row['after']).label}"
    return f"{done(row['did'])}{detail}"


def _detail(verb, data, labels):
    if verb == Verb.EDIT:
        changed = [FIELDS.get(name, f"“{labels.get(name, name)}”") for name in data]
        return f", changing {_list_of(changed)}" if data else ""
    if verb == Verb.CLOSE:
        original = f" of SO-{data['duplicate_of']}" if "duplicate_of" in data else ""
        return f" as {str(data.get('outcome', '')).replace('-', ' ')}{original}"
    if verb == Act.ATTACH:
        return f" ({_list_of([str(name) for name in data.get('files', [])])})"
    if verb == Act.DELEGATE:
        return f" to {data['to']}" if "to" in data else f", taking it back from {data.get('taken_back_from', '')}"
    if verb in _COUNTED and _COUNTED[verb] in data:
        number, asked = data[_COUNTED[verb]]
        return f" ({number} of {asked} {_COUNTED[verb]})"
    if "approvals" in data:
        given, needed = data["approvals"]
        return f" ({given} of {needed})"
    if "draft" in data:
        return ", once the requester has answered what is still needed"
    for name, words in _OTHERS.items():
        if name in data:
            return f"{words} SO-{data[name]}"
    return _changes(data)


def _changes(data):
    changed = [
        f"{FIELDS[name]} {_value(name, value[0])} → {_value(name, value[1])}"
        for name, value in data.items()
        if name in FIELDS and isinstance(value, list) and len(value) == 2
    ]
    return f" ({', '.join(changed)})" if changed else ""


def _value(name, value):
    if value in (None, ""):
        return "none"
    return Priority(value).label if name == "priority" and value in Priority.values else str(value)


def _list_of(names):
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""
