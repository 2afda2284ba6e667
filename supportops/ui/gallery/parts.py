"""People as the components see them: a full name and a username.

Values for single components: states, rows, stories, mirrors.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone


@dataclass(frozen=True)
class Person:
    """Somebody of the samples."""

    full_name: str
    username: str

    def get_full_name(self) -> str:
        """The name shown."""
        return self.full_name

    def get_username(self) -> str:
        """The name signed in with."""
        return self.username


RINA = Person("Rina Okafor", "rokafor")
MONA = Person("Mona Lindqvist", "mlindqvist")
OMAR = Person("Omar Haddad", "ohaddad")
LENE = Person("Lene Brandt-Sørensen", "lbrandt")
NAMELESS = Person("", "a.very.long.username.without.a.name")
EVERYBODY = [RINA, MONA, OMAR, LENE, NAMELESS]


Sample = dict[str, Any]
"""The variables of one component."""
STATES = [
    ("discussion", "Discussion", "approver"),
    ("approval", "Approval", "approver"),
    ("triage", "Triage", "ops"),
    ("needs_info", "Needs information", "requester"),
    ("escalated", "Escalated", "ops"),
    ("backlog", "Backlog", "calendar"),
    ("design", "Design", "ops"),
    ("planning", "Planning", "ops"),
    ("scheduled", "Scheduled", "calendar"),
    ("development", "Development", "ops"),
    ("validation", "Validation", "requester"),
    ("implementation", "Implementation", "ops"),
    ("blocked", "Blocked", "blocked"),
    ("completed", "Completed", "done"),
    ("closed", "Closed", "closed"),
]

LABELS = [
    {"name": "Stage::Development", "color": "#cc338b"},
    {"name": "Customer::Support", "color": "#330066"},
    {"name": "Priority::2", "color": "#ff0000"},
    {"name": "Validation::Received", "color": "#e6e6fa"},
    {"name": "bug", "color": "#8fbc8f"},
    {"name": "Zendesk", "color": "#34495e"},
    {"name": "no colour known", "color": "var(--evil)"},
]

TEXT = """## Steps

1. Open a ticket in the **US Federal** instance
2. Apply the macro `Billing::Refund::Ask for details`

The reply is sent *twice*. See [the ticket](https://example.zendesk.com/tickets/4711).

> It worked last week.

| Field | Value |
| --- | --- |
| Form | Billing |

```
{"comment_mode_is_public": true}
```

![a screenshot from elsewhere](https://example.com/shot.png)
"""


def hours_ago(hours: float) -> datetime:
    """A moment in the past."""
    return timezone.now() - timedelta(hours=hours)


def rail() -> list[Sample]:
    """A feature in validation, once blocked."""
    return [
        {"label": "Triage", "status": "done", "date": hours_ago(900)},
        {"label": "Design", "status": "done", "date": hours_ago(800)},
        {"label": "Planning", "status": "done", "date": hours_ago(500)},
        {"label": "Scheduled", "status": "skipped"},
        {"label": "Development", "status": "done", "date": hours_ago(72)},
        {
            "label": "Validation",
            "status": "current",
            "date": hours_ago(70),
            "court": "requester",
            "side": {"label": "Blocked", "court": "blocked"},
        },
        {"label": "Implementation", "status": "ahead"},
        {"label": "Completed", "status": "ahead"},
    ]


def short_rail() -> list[Sample]:
    """A bug just filed."""
    names = ["Triage", "Design", "Development", "Validation", "Implementation", "Completed"]
    return [{"label": n, "status": "ahead" if i else "current", "court": "ops"} for i, n in enumerate(names)]


def decision() -> Sample:
    """What a requester can do in validation."""
    return {
        "title": "It is your turn: check that it works",
        "text": "Omar asks you to try the new form on the sandbox. Validated, it is put into production.",
        "court": "requester",
        "yours": True,
        "primary": {"label": "Validate", "url": "#validate", "icon": "check", "post": True, "fields": {"version": 7}},
        "secondary": [
            {"label": "Send back", "url": "#send-back", "icon": "corner-up-left"},
            {"label": "Delegate", "url": "#delegate"},
            {"label": "Withdraw", "url": "#withdraw", "variant": "quiet"},
        ],
        "refused": [
            {"label": "Approve", "reason": "This was approved by Mona Lindqvist on 3 May; no decision is open."},
            {"label": "Complete", "reason": "Only Support Operations can complete, and not before it is validated."},
        ],
    }


def facts() -> list[Sample]:
    """The right column of a request."""
    return [
        {"label": "Requester", "value": RINA, "kind": "person"},
        {"label": "Approver", "value": MONA, "kind": "person", "note": "for Lene"},
        {"label": "Owner", "value": None, "kind": "person", "change": {"label": "Assign", "url": "#assign"}},
        {"label": "Tracker", "value": "support-ops-project", "url": "#tracker"},
        {"label": "Milestone", "value": "Sprint 2026-05", "none": "Not scheduled"},
        {"label": "Due", "value": timezone.localdate() + timedelta(days=9), "kind": "time"},
        {"label": "Priority", "value": 2, "kind": "priority", "text": "High"},
        {"label": "Labels", "value": LABELS[:4], "kind": "labels", "wide": True},
        {"label": "Watching", "value": [OMAR, NAMELESS], "kind": "people", "wide": True},
        {"label": "Customer", "value": ""},
    ]


def answers() -> list[Sample]:
    """Answers given in a form, as rows."""
    return [
        {"label": "Which instance?", "value": "Zendesk US Federal"},
        {"label": "Steps to reproduce", "value": "1. Open a ticket\n2. Apply the **macro**", "kind": "markdown"},
        {"label": "How many tickets are affected?", "value": 14},
        {
            "label": "Link",
            "value": "https://example.zendesk.com/agent/tickets/4711",
            "url": "https://example.zendesk.com/",
        },
        {"label": "Anything else", "value": "", "none": "Not answered"},
    ]


def entries() -> list[Sample]:
    """Two days of a request's story."""
    return [
        {"type": "day", "day": timezone.localdate() - timedelta(days=3)},
        {"type": "event", "person": RINA, "text": "filed this request", "at": hours_ago(74), "icon": "plus"},
        {
            "type": "event",
            "person": LENE,
            "on_behalf_of": MONA,
            "text": "approved",
            "at": hours_ago(71),
            "icon": "user-check",
            "court": "done",
            "words": "Fine for **EMEA** only. Please leave the other regions as they are.",
        },
        {
            "type": "comment",
            "person": RINA,
            "note": "requester",
            "at": hours_ago(70),
            "body": TEXT,
            "attachments": attachments(),
        },
        {"type": "day", "day": timezone.localdate()},
        {
            "type": "comment",
            "person": OMAR,
            "at": hours_ago(5),
            "internal": True,
            "body": "The trigger of 12 April does this. I take it after lunch.",
        },
        {
            "type": "comment",
            "person": NAMELESS,
            "at": hours_ago(3),
            "source": "GitLab",
            "body": "Is this related to #4712?",
        },
        {
            "type": "event",
            "person": OMAR,
            "text": "blocked it: waits for the vendor",
            "at": hours_ago(2),
            "icon": "octagon-x",
            "court": "blocked",
            "source": "GitLab",
        },
    ]


def attachments() -> list[Sample]:
    """Files with short and long names."""
    return [
        {"name": "screenshot.png", "url": "#a1", "size": 183_000, "by": RINA},
        {
            "name": "a-very-long-name-of-a-recording-made-on-the-first-of-may-with-everything.mp4",
            "url": "#a2",
            "size": 9_400_000,
        },
    ]


def checklist() -> list[Sample]:
    """Items ticked, failed, open, and asked before."""
    failed = {"verdict": "failed", "by": LENE, "at": hours_ago(30), "note": "Still **twice** after 18:00."}
    return [
        {"label": "Reply is sent once", "done": True, "verdict": "done", "by": RINA, "at": hours_ago(2)},
        {"label": "Also in the evening", "files": attachments()[:1], **failed},
        {"label": "EMEA only", "last": failed},
        {"label": "The macro keeps its name"},
    ]


def clock(*parts: tuple[str, str, str, int]) -> Sample:
    """A clock of courts; each part (court, label, words, percent of the whole)."""
    drawn, x = [], 0
    for court, label, words, width in parts:
        drawn.append({"court": court, "label": label, "words": words, "exact": words, "x": x, "width": width})
        x += width
    words = ", ".join(f"{label} {words}" for _, label, words, _ in parts)
    return {"parts": drawn, "words": words, "total": "9 days", "exact": "9 days", "now": "2d", "now_words": "2 days"}


CLOCKS = [
    clock(("ops", "Support Operations", "9 days", 100)),
    clock(("approver", "Approver", "2 days", 22), ("ops", "Support Operations", "7 days", 78)),
    clock(
        ("requester", "Requester", "4 hours", 2),
        ("approver", "Approver", "2 days", 22),
        ("ops", "Support Operations", "3 days", 34),
        ("calendar", "Calendar", "2 days", 22),
        ("blocked", "Blocked party", "2 days", 20),
    ),
]


def rows() -> list[Sample]:
    """A queue's rows: late and in time, long and short, restricted, without owner."""
    titles = [
        "Macro sends the reply twice in US Federal",
        "Add a ticket field for the customer's plan, visible to Billing and Support, hidden on the end-user form",
        "Calendly event for onboarding",
        "SLA policy ignores weekends",
        "Rename the view “Needs Org”",
    ]
    picks = [2, 10, 1, 12, 9]
    return [
        {
            "number": f"SO-{118 + i}",
            "key": 118 + i,
            "title": title,
            "url": f"#so-{118 + i}",
            "kind": ["Bug", "Feature", "Administrative", "Bug", "Administrative"][i],
            "state": STATES[pick][0],
            "state_label": STATES[pick][1],
            "court": STATES[pick][2],
            "state_court": STATES[pick][2],
            "court_label": ["", "Rina Okafor", "Mona Lindqvist", "Vendor", ""][i],
            "age": ["4h", "9d", "1d", "12d", "2d"][i],
            "age_title": "The target is 2 working days",
            "over_target": i in (1, 3),
            "clock": CLOCKS[i % 3],
            "owner": [None, OMAR, None, LENE, NAMELESS][i],
            "tracker": ["zendesk-us-federal", "support-ops-project", "calendly", "issue-tracker", None][i],
            "priority": [1, 2, None, 3, 4][i],
            "restricted": i == 0,
            "labels": LABELS[4:6] if i == 3 else [],
            "note": "GitLab answered 400: Title is too long (maximum is 255 characters)." if i == 4 else "",
        }
        for i, (title, pick) in enumerate(zip(titles, picks, strict=True))
    ]


def mirrors() -> list[Sample]:
    """The mirror in every status."""
    link = {"url": "#gitlab", "reference": "support-ops-project#482"}
    difference = [
        {"field": "Labels", "intended": "Stage::Development, bug", "observed": "Stage::Design, bug"},
        {"field": "Due date", "intended": "9 May 2026", "observed": "None"},
    ]
    retry = {"label": "Try again now", "url": "#retry", "post": True, "size": "small"}
    return [
        {"status": "in_step", "at": hours_ago(0.2), **link},
        {"status": "behind", "at": hours_ago(0.01), "differences": difference, **link},
        {"status": "creating"},
        {"status": "unknown", **link},
        {"status": "parked", "differences": difference, "action": retry, "at": hours_ago(30), **link},
        {"status": "orphaned", "action": {"label": "Create it anew", "url": "#anew"}},
        {"status": "let_go"},
    ]
