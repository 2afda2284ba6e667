"""The two label schemes the portal ships with, as data (domain.md §3; the label pages of the handbook).

"2025" is the handbook's own; "2026" what the team writes now. Stage colours are those of the team's Readiness labels
where one is published (domain.md §3); a stage without one has a colour that tells it from its neighbours on a board.
"""

from collections.abc import Iterator

from django.db import transaction

from supportops.accounts.models import Division
from workflow.catalogue.kinds import Kind
from workflow.gitlab.models.connection import LabelScheme, SchemeLabel
from workflow.states import Priority, State

Family = SchemeLabel.Family
Shipped = tuple[Family, str, str, str, str, bool]
"""(family, key, name, color, description, alias)."""

STAGES = {
    "Triage": ("#9400d3", "Acceptance is being decided"),
    "Design": ("#8fbc8f", "A gameplan is being made"),
    "Planning": ("#6699cc", "When it can be done is being decided"),
    "Scheduling": ("#3cb371", "When it can be done is being decided"),
    "Queued": ("#008080", "Waits for its milestone"),
    "Development": ("#cc338b", "Work is being done"),
    "Validation": ("#e6e6fa", "The requester validates the result"),
    "Implementation": ("#36454f", "Validated, being put into production"),
    "Completed": ("#808080", "Done"),
    "Blocked": ("#ff0000", "Something prevents movement"),
    "Backlogged": ("#34495e", "Needs prioritisation"),
}
_STAGE_OF = {
    "2025": {
        State.TRIAGE: "Triage",
        State.ESCALATED: "Triage",
        State.BACKLOG: "Backlogged",
        State.DESIGN: "Design",
        State.PLANNING: "Planning",
        State.SCHEDULED: "Planning",
        State.DEVELOPMENT: "Development",
        State.VALIDATION: "Validation",
        State.IMPLEMENTATION: "Validation",
        State.BLOCKED: "Blocked",
        State.COMPLETED: "Completed",
    },
    "2026": {
        State.TRIAGE: "Triage",
        State.ESCALATED: "Triage",
        State.BACKLOG: "Backlogged",
        State.DESIGN: "Planning",
        State.PLANNING: "Scheduling",
        State.SCHEDULED: "Queued",
        State.DEVELOPMENT: "Development",
        State.VALIDATION: "Validation",
        State.IMPLEMENTATION: "Implementation",
        State.BLOCKED: "Blocked",
        State.COMPLETED: "Completed",
    },
}
_MEANT_IN_2026 = {"Planning": "A gameplan is being made"}
_VALIDATIONS = {
    State.VALIDATION: ("Validation::Awaiting", "#9370db", "The requester has not answered yet", False),
    State.IMPLEMENTATION: ("Validation::Received", "#2e8b57", "The requester has validated the result", False),
}
_TYPES = {Kind.BUG: "#d9534f", Kind.FEATURE: "#428bca", Kind.ADMINISTRATIVE: "#8e44ad"}
_DIVISIONS = {
    Division.SECURITY: "#b22222",
    Division.ENGINEERING: "#1f78d1",
    Division.FINANCE: "#228b22",
    Division.PEOPLE: "#ff8c00",
    Division.SUPPORT: "#6b4fbb",
    Division.FIELD: "#8b4513",
    Division.MARKETING: "#c71585",
}
_PRIORITIES = {
    Priority.URGENT: "#c21e56",
    Priority.HIGH: "#e67e22",
    Priority.MEDIUM: "#eec900",
    Priority.LOW: "#5d8aa8",
}
_SYSTEMS = {"Zendesk": "#03363d", "Zapier": "#ff4a00", "Calendly": "#006bff", "Salesforce": "#00a1e0"}


def shipped_labels(name: str) -> list[Shipped]:
    """The labels of a shipped scheme: tuples of (family, key, name, color, description, alias)."""
    return [
        *_stages(name),
        *_validations(name),
        *_types(name),
        *_customers(),
        *_priorities(name),
        *_systems(),
        *_aliases(name),
    ]


def _stages(name: str) -> Iterator[Shipped]:
    for state, stage in _STAGE_OF[name].items():
        color, meaning = STAGES[stage]
        if name == "2026":
            meaning = _MEANT_IN_2026.get(stage, meaning)
        yield Family.STATE, state.value, f"Stage::{stage}", color, meaning, False


def _validations(name: str) -> Iterator[Shipped]:
    if name == "2026":
        for state, label in _VALIDATIONS.items():
            yield Family.VALIDATION, state.value, *label


def _types(name: str) -> Iterator[Shipped]:
    for kind, color in _TYPES.items():
        spelt = kind.value if name == "2025" else f"RequestType::{kind.label}"
        yield Family.TYPE, kind.value, spelt, color, f"{kind.label} request", False


def _customers() -> Iterator[Shipped]:
    for division, color in _DIVISIONS.items():
        yield (
            Family.CUSTOMER,
            division.value,
            f"Customer::{division.label}",
            color,
            f"Asked for by {division.label}",
            False,
        )


def _priorities(name: str) -> Iterator[Shipped]:
    for priority, color in _PRIORITIES.items():
        spelt = f"p{priority.value}" if name == "2025" else f"Priority::{priority.value}"
        yield Family.PRIORITY, str(priority.value), spelt, color, priority.label, False


def _systems() -> Iterator[Shipped]:
    for system, color in _SYSTEMS.items():
        yield Family.SYSTEM, system, system, color, f"Concerns {system}", False


def _aliases(name: str) -> Iterator[Shipped]:
    """Spellings that turn up in GitLab: the board page says Deployment where the label page says Development."""
    if name == "2026":
        yield (
            Family.STATE,
            State.DEVELOPMENT.value,
            "Stage::Deployment",
            STAGES["Development"][0],
            "Same as Development",
            True,
        )
        yield Family.VALIDATION, State.VALIDATION.value, "Validation::Requested", "#9370db", "Same as Awaiting", True


@transaction.atomic
def seed_label_schemes() -> int:
    """Write what is missing of the shipped schemes; what somebody edited stays. Returns how many labels were new.

    "2025" becomes the active one if none is.
    """
    new = 0
    for name in _STAGE_OF:
        scheme, _ = LabelScheme.objects.get_or_create(name=name)
        known = set(scheme.labels.values_list("family", "key", "name"))
        rows = [
            SchemeLabel(
                scheme=scheme, family=family, key=key, name=spelt, color=color, description=meaning, alias=alias
            )
            for family, key, spelt, color, meaning, alias in shipped_labels(name)
            if (family, key, spelt) not in known
        ]
        new += len(SchemeLabel.objects.bulk_create(rows))
    if not LabelScheme.objects.filter(is_active=True).exists():
        LabelScheme.objects.filter(name="2025").update(is_active=True)
    return new
