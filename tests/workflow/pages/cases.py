"""One good use of every verb's page: where it starts, who presses, what is typed, where it leads, what it needs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from tests.factories import file_request, milestone_for, pass_gameplan_gate, request_at
from workflow.actions import answer_gate
from workflow.catalogue import answers
from workflow.catalogue.kinds import Kind
from workflow.states import State
from workflow.verbs import Verb


@dataclass(frozen=True)
class Case:
    """``who`` and ``wrong`` name members of the cast; ``missing`` the field without which the page answers 422."""

    verb: Verb
    build: Callable
    who: str
    data: dict | Callable
    to: State
    wrong: str
    missing: str = ""
    query: str = ""

    def __str__(self):
        return f"{self.verb}-{self.to}"

    def posted(self, issue):
        """What is typed, for this request."""
        return dict(self.data(issue) if callable(self.data) else self.data)


def typed_answers(route_key, asked_of="requester"):
    """A good answer to every question of an entry, as a browser sends it."""
    return {key: _typed(key, one) for key, one in answers.form_fields(route_key, asked_of, {}).items()}


def _typed(key, one):
    kind = type(one).__name__
    choices = [value for value, _ in getattr(one, "choices", []) if value]
    if choices:
        return choices[0]
    return {
        "BooleanField": "on",
        "DateField": timezone.localdate().isoformat(),
        "AddressField": "https://example.com/a",
        "IntegerField": "3",
        "EmailField": "a@example.com",
        "PeopleField": "Finance",
    }.get(kind, f"Answer to {key}")


def at(state, kind=Kind.BUG):
    """A builder of a request at this place."""
    return lambda cast: request_at(state, kind, cast=cast)


def in_approval(cast):
    return file_request(cast, Kind.ADMINISTRATIVE, route="macros-global", approver=cast.manager)


def calendly(cast):
    return file_request(cast, Kind.ADMINISTRATIVE, route="calendly")


def escalatable(cast):
    issue = request_at(State.TRIAGE, Kind.FEATURE, cast=cast)
    answer_gate(issue.pk, by=cast.ops, question="roadmap", answer=False)
    answer_gate(issue.pk, by=cast.ops, question="small", answer=False)
    return issue


def designed_feature(cast):
    issue = request_at(State.DESIGN, Kind.FEATURE, cast=cast)
    pass_gameplan_gate(issue, cast.ops)
    return issue


def planned(cast):
    issue = request_at(State.PLANNING, Kind.FEATURE, cast=cast)
    milestone_for(issue.tracker, start=date(2999, 1, 1))
    return issue


def milestone_data(issue):
    return {"milestone": issue.tracker.milestones.get().pk}


def accepted(issue):
    return {
        "kind": issue.kind,
        "customer": "Security",
        "system": "Zendesk",
        "priority": "2",
        "confirmed_valid": "on",
        "text": "We take it.",
    }


def edited(issue):
    return typed_answers(issue.route.key) | {"title": "A better title", "description": issue.description}


def carried_on(issue):
    return typed_answers("feature") | {"route": "feature", "title": issue.title, "text": "It needs work."}


CASES = [
    Case(Verb.APPROVE, in_approval, "manager", {"text": "Agreed."}, State.TRIAGE, "ops"),
    Case(
        Verb.APPROVE,
        calendly,
        "manager",
        lambda i: typed_answers("calendly", "approver"),
        State.TRIAGE,
        "requester",
        missing="coverage",
    ),
    Case(
        Verb.APPROVE,
        at(State.DISCUSSION, Kind.PROPOSAL),
        "manager",
        {"text": "We do it."},
        State.TRIAGE,
        "ops",
        missing="text",
    ),
    Case(Verb.DECLINE, in_approval, "manager", {"text": "Not this year."}, State.CLOSED, "standin", missing="text"),
    Case(
        Verb.WAIVE_APPROVAL,
        in_approval,
        "ops",
        {"text": "Reviewed in the MR."},
        State.TRIAGE,
        "manager",
        missing="text",
    ),
    Case(Verb.EDIT, at(State.TRIAGE), "requester", edited, State.TRIAGE, "colleague", missing="title"),
    Case(
        Verb.RECLASSIFY,
        at(State.TRIAGE),
        "ops",
        carried_on,
        State.TRIAGE,
        "requester",
        missing="text",
        query="?route=feature",
    ),
    Case(Verb.ASK, at(State.DEVELOPMENT), "ops", {"text": "Which one?"}, State.NEEDS_INFO, "requester", missing="text"),
    Case(Verb.ANSWER, at(State.NEEDS_INFO), "requester", {"text": "That one."}, State.TRIAGE, "ops", missing="text"),
    Case(Verb.ACCEPT, at(State.TRIAGE), "ops", accepted, State.DESIGN, "requester", missing="confirmed_valid"),
    Case(
        Verb.ACCEPT,
        at(State.TRIAGE, Kind.ADMINISTRATIVE),
        "ops",
        accepted,
        State.DEVELOPMENT,
        "manager",
        missing="priority",
    ),
    Case(
        Verb.ESCALATE,
        escalatable,
        "ops",
        {"text": "A place on the roadmap."},
        State.ESCALATED,
        "requester",
        missing="text",
    ),
    Case(
        Verb.SHELVE, at(State.ESCALATED, Kind.FEATURE), "lead", {"text": "Later."}, State.BACKLOG, "ops", missing="text"
    ),
    Case(Verb.RESUME, at(State.BACKLOG), "ops", {"text": ""}, State.DESIGN, "requester"),
    Case(
        Verb.SUBMIT_GAMEPLAN,
        at(State.DESIGN),
        "ops",
        {"text": "First, then."},
        State.DEVELOPMENT,
        "requester",
        missing="text",
    ),
    Case(
        Verb.SUBMIT_GAMEPLAN,
        designed_feature,
        "ops",
        {"text": "First, then."},
        State.PLANNING,
        "requester",
        missing="text",
    ),
    Case(Verb.SCHEDULE, planned, "ops", milestone_data, State.SCHEDULED, "requester", missing="milestone"),
    Case(
        Verb.START,
        at(State.SCHEDULED, Kind.FEATURE),
        "ops",
        {"text": "Small."},
        State.DEVELOPMENT,
        "requester",
        missing="text",
    ),
    Case(
        Verb.REQUEST_VALIDATION,
        at(State.DEVELOPMENT),
        "ops",
        {"text": "Look here."},
        State.VALIDATION,
        "requester",
        missing="text",
    ),
    Case(Verb.VALIDATE, at(State.VALIDATION), "requester", {"text": ""}, State.IMPLEMENTATION, "ops"),
    Case(
        Verb.SEND_BACK,
        at(State.VALIDATION),
        "requester",
        {"text": "It blinks."},
        State.DEVELOPMENT,
        "colleague",
        missing="text",
    ),
    Case(
        Verb.COMPLETE,
        at(State.IMPLEMENTATION),
        "ops",
        {"text": "Merged !12."},
        State.COMPLETED,
        "requester",
        missing="text",
    ),
    Case(
        Verb.COMPLETE,
        at(State.TRIAGE, Kind.QUESTION),
        "ops",
        {"text": "Like this."},
        State.COMPLETED,
        "manager",
        missing="text",
    ),
    Case(
        Verb.CONTINUE_IN,
        at(State.TRIAGE, Kind.QUESTION),
        "ops",
        carried_on,
        State.COMPLETED,
        "requester",
        missing="title",
        query="?route=feature",
    ),
    Case(
        Verb.CONTINUE_IN,
        at(State.TRIAGE, Kind.PROPOSAL),
        "ops",
        carried_on,
        State.COMPLETED,
        "requester",
        missing="need",
        query="?route=feature",
    ),
    Case(
        Verb.BLOCK,
        at(State.DEVELOPMENT),
        "ops",
        {"text": "Down.", "blocked_by": "Vendor", "unblock_when": "Up."},
        State.BLOCKED,
        "requester",
        missing="blocked_by",
    ),
    Case(Verb.UNBLOCK, at(State.BLOCKED), "ops", {"text": "They are up."}, State.DEVELOPMENT, "requester"),
    Case(
        Verb.CLOSE,
        at(State.TRIAGE),
        "ops",
        {"outcome": "invalid", "text": "Works."},
        State.CLOSED,
        "requester",
        missing="outcome",
    ),
    Case(Verb.WITHDRAW, at(State.DESIGN), "requester", {"text": ""}, State.CLOSED, "ops"),
    Case(
        Verb.REOPEN,
        at(State.COMPLETED),
        "requester",
        {"text": "It is back."},
        State.TRIAGE,
        "colleague",
        missing="text",
    ),
]
assert {case.verb for case in CASES} == set(Verb), "every verb's page is used once"
