"""What each page of the gallery is given."""

from typing import Any

from supportops.ui.gallery import forms, parts
from supportops.ui.gallery.people import EVERYBODY, MONA, OMAR, RINA

GATE_STEPS = [
    {
        "question": "Is it related to an item of the support roadmap?",
        "answer": "No",
        "person": OMAR,
        "at": parts.hours_ago(30),
    },
    {
        "question": "Is the effort small, or can it be done quickly?",
        "answer": "Yes",
        "note": "About an hour: one trigger.",
        "person": OMAR,
        "at": parts.hours_ago(30),
    },
]
DIFFERENCE = [
    {"field": "Title", "old": "Rename the view Needs Org", "new": "Rename the views Needs Org and Needs Plan"},
    {"field": "Due date", "old": "9 May 2026", "new": ""},
]
BULK = [
    {"label": "Accept", "value": "accept"},
    {"label": "Assign to me", "value": "assign"},
    {"label": "Ask", "value": "ask"},
]
ENTRIES = [
    {
        "title": "Get something fixed",
        "url": "#fix",
        "icon": "wrench",
        "guidance": "Something worked and does not any more. Improvements are proposals.",
        "tracker": "support-ops-project",
    },
    {
        "title": "Change macros in Zendesk US Federal",
        "url": "#federal",
        "icon": "layers",
        "guidance": "Create, edit or deactivate a macro.",
        "approval": "A manager approves",
        "tracker": "zendesk-us-federal",
        "refused": "Only members of the US Federal group can file this. You can hand your draft to one of them.",
    },
    {
        "title": "Propose a change",
        "url": "#propose",
        "icon": "messages-square",
        "guidance": "An improvement that others should discuss first, at most for 90 days.",
        "approval": "A manager decides after the discussion",
        "tracker": "support-team-meta",
    },
    {
        "title": "Ask a general question",
        "url": "#question",
        "icon": "circle-question-mark",
        "guidance": "Answered here or in #support_operations.",
    },
]
ANSWERS = [
    {"value": "broken", "label": "Something is broken", "help": "It worked before, and now it does not."},
    {"value": "change", "label": "I want something changed or added"},
    {"value": "question", "label": "I have a question"},
]
VIEWS = [
    {"label": "All", "url": "#all", "current": True, "count": 42},
    {"label": "Mine", "url": "#mine", "count": 3},
    {"label": "Urgent and without owner", "url": "#urgent", "count": 0},
]
SEARCHED = [
    {
        "title": "Macro sends the reply twice",
        "url": "#r1",
        "number": "SO-118",
        "state": "triage",
        "state_label": "Triage",
        "court": "ops",
        "text": "Filed 3 days ago by Rina Okafor in Get something fixed",
    },
    {
        "title": "How macros are named",
        "url": "#r2",
        "icon": "book-open",
        "text": "Guidance: folders come from the double colon.",
    },
]


def gallery() -> dict[str, Any]:
    """Everything, in every state."""
    return {
        "people": EVERYBODY,
        "states": parts.STATES,
        "labels": parts.LABELS,
        "rail": parts.rail(),
        "short_rail": parts.short_rail(),
        "decision": parts.decision(),
        "facts": parts.facts(),
        "given": parts.answers(),
        "entries": parts.entries(),
        "attachments": parts.attachments(),
        "rows": parts.rows(),
        "mirrors": parts.mirrors(),
        "markdown_text": parts.TEXT,
        "form": forms.EveryField(auto_id="every_%s"),
        "wrong_form": forms.wrong(),
        "filters": forms.Filters({"q": "macro", "state": "triage"}, auto_id="filter_%s"),
        "gate_steps": GATE_STEPS,
        "gate_outcome": {"label": "Approved for scheduling", "court": "done"},
        "gate_escalate": {"label": "Escalate to unblock", "court": "blocked", "icon": "chevrons-up"},
        "difference": DIFFERENCE,
        "bulk": BULK,
        "cards": ENTRIES,
        "question": {"answers": ANSWERS},
        "views": VIEWS,
        "applied": [{"label": "State: Triage", "remove_url": "#s"}, {"label": "Words: macro", "remove_url": "#w"}],
        "searched": SEARCHED,
        "hour": parts.hours_ago(1.5),
        "week": parts.hours_ago(24 * 9),
        "ahead": parts.hours_ago(-50),
        "start": {"label": "Start a request", "url": "#start", "variant": "primary", "icon": "plus"},
        "steps_done": parts.checklist(),
        "clocks": parts.CLOCKS,
        "crumbs": [{"label": "Queues", "url": "#q"}, {"label": "Triage", "url": "#t"}, {"label": "SO-118"}],
        "header_actions": [
            {"label": "Export", "url": "#csv", "icon": "download"},
            {"label": "Edit", "disabled_reason": "Only the requester can edit this."},
        ],
        "key_pairs": ["j", "k"],
    }


def request_page() -> dict[str, Any]:
    """A request in validation, seen by its requester."""
    return {
        "rail": parts.rail(),
        "decision": parts.decision(),
        "facts": parts.facts(),
        "given": parts.answers(),
        "entries": parts.entries(),
        "attachments": parts.attachments(),
        "mirror": parts.mirrors()[1],
        "text": parts.TEXT,
        "since": parts.hours_ago(70),
        "gate_steps": GATE_STEPS,
        "gate_outcome": {"label": "Approved for scheduling", "court": "done"},
        "requester": RINA,
        "approver": MONA,
    }


def queue_page() -> dict[str, Any]:
    """A queue with filters, views and selection."""
    return {
        "rows": parts.rows(),
        "views": VIEWS,
        "bulk": BULK,
        "filters": forms.Filters({"state": "triage"}, auto_id="filter_%s"),
        "applied": [{"label": "State: Triage", "remove_url": "?"}],
    }


def form_page() -> dict[str, Any]:
    """A form that came back with errors."""
    return {"form": forms.wrong()}


def guide_page() -> dict[str, Any]:
    """One question of the guide."""
    return {"answers": ANSWERS}


def start_page() -> dict[str, Any]:
    """The catalogue."""
    return {"cards": ENTRIES, "drafts": [{"title": "Macro sends the reply twice", "saved": parts.hours_ago(20)}]}


PAGES = {"request": request_page, "queue": queue_page, "form": form_page, "guide": guide_page, "start": start_page}
