"""One form with every kind of field, as it comes, filled, and wrong.

What each page of the gallery is given.
"""

from typing import Any

from django import forms

from supportops.ui.forms import CheckboxCards, ChoiceCards, DateInput, FieldGroup, MultipleFileField
from supportops.ui.gallery import parts
from supportops.ui.gallery.parts import EVERYBODY, MONA, OMAR, RINA

SYSTEMS = [("zendesk", "Zendesk"), ("calendly", "Calendly"), ("pagerduty", "PagerDuty"), ("gitlab", "GitLab")]
COMMENT_TYPES = [("none", "None"), ("public", "Public"), ("private", "Private")]
IMPACT = [("1", "Nobody can work"), ("2", "Some people cannot work"), ("3", "It is a nuisance")]


class EveryField(forms.Form):
    """Every widget the portal uses, each with the words a real form would have."""

    title = forms.CharField(label="Title", max_length=120, help_text="What somebody would search for later.")
    description = forms.CharField(
        label="What is wrong?",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="What you did, what happened, and what you expected instead. Markdown works.",
    )
    impact = forms.ChoiceField(
        label="How bad is it?",
        choices=IMPACT,
        widget=ChoiceCards(descriptions={"1": "Tickets cannot be answered at all.", "2": "There is a way around it."}),
    )
    systems = forms.MultipleChoiceField(label="Which systems?", choices=SYSTEMS, widget=CheckboxCards(in_row=True))
    region = forms.ChoiceField(label="Region", choices=[("", "Choose one"), ("amer", "AMER"), ("emea", "EMEA")])
    since = forms.DateField(label="Since when?", widget=DateInput, required=False)
    email = forms.EmailField(label="Who else should hear about it?", required=False, help_text="An e-mail address.")
    link = forms.URLField(label="Link to an example", required=False, assume_scheme="https")
    tickets = forms.IntegerField(label="How many tickets are affected?", min_value=0, required=False)
    kind = forms.ChoiceField(label="Comment type", choices=COMMENT_TYPES, widget=forms.RadioSelect)
    teams = forms.MultipleChoiceField(
        label="Teams told", choices=SYSTEMS, widget=forms.CheckboxSelectMultiple, required=False
    )
    attachments = MultipleFileField(
        label="Attachments", required=False, help_text="Screenshots help. At most 10 MB each."
    )
    urgent = forms.BooleanField(
        label="I can stay available while this is being fixed", help_text="Somebody will ask questions.", required=False
    )

    @property
    def groups(self) -> list[FieldGroup]:
        """The fields in three groups, as `{{ form }}` draws them."""
        fields = list(self)
        return [
            {"title": "What happened", "help": "", "fields": fields[:4]},
            {"title": "Where and since when", "help": "Leave empty what you do not know.", "fields": fields[4:9]},
            {"title": "And besides", "help": "", "fields": fields[9:]},
        ]


class Filters(forms.Form):
    """What a list can be filtered by."""

    q = forms.CharField(label="Words", required=False, widget=forms.TextInput(attrs={"type": "search"}))
    state = forms.ChoiceField(label="State", required=False, choices=[("", "Any"), ("triage", "Triage")])
    owner = forms.ChoiceField(label="Owner", required=False, choices=[("", "Anybody"), ("me", "Me")])
    late = forms.BooleanField(label="Over target", required=False)


def wrong() -> EveryField:
    """The form as it comes back when much is missing."""
    given = {"title": "Macro", "email": "rina@", "tickets": "-3", "impact": "2", "link": "not a link"}
    return EveryField(given, auto_id="wrong_%s")


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
        "form": EveryField(auto_id="every_%s"),
        "wrong_form": wrong(),
        "filters": Filters({"q": "macro", "state": "triage"}, auto_id="filter_%s"),
        "gate_steps": GATE_STEPS,
        "gate_outcome": {"label": "Approved for scheduling", "court": "done"},
        "gate_escalate": {"label": "Escalate to unblock", "court": "blocked", "icon": "chevrons-up"},
        "difference": DIFFERENCE,
        "bulk": BULK,
        "cards": ENTRIES,
        "question": {"answers": ANSWERS},
        "views": VIEWS,
        "applied": [{"label": "State: Triage", "remove_url": "#s"}, {"label": "Words: macro", "remove_url": "#w"}],
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
        "filters": Filters({"state": "triage"}, auto_id="filter_%s"),
        "applied": [{"label": "State: Triage", "remove_url": "?"}],
    }


def form_page() -> dict[str, Any]:
    """A form that came back with errors."""
    return {"form": wrong()}


def guide_page() -> dict[str, Any]:
    """One question of the guide."""
    return {"answers": ANSWERS}


def start_page() -> dict[str, Any]:
    """The catalogue."""
    return {"cards": ENTRIES, "drafts": [{"title": "Macro sends the reply twice", "saved": parts.hours_ago(20)}]}


PAGES = {"request": request_page, "queue": queue_page, "form": form_page, "guide": guide_page, "start": start_page}
