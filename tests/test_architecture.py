"""What no linter holds: the state of a request is written by the door alone (architecture.md, "Mechanisms")."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = [
    path
    for app in ("supportops", "intake", "workflow")
    for path in sorted((ROOT / app).rglob("*.py"))
    if "migrations" not in path.parts and "gitlab_sandbox" not in path.parts
]
OTHERS_WITH_A_STATE = ("Milestone", "Message", "gone", "again", "mine")
"""What the written queryset begins with where it holds milestones or messages, which have a ``state`` of their own."""


def states_written(text):
    """The lines on which a queryset writes ``state`` past the machine, and it is not one of the others'."""
    calls = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    return [
        call.lineno
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in {"update", "bulk_update", "update_or_create"}
        and _names_state(call)
        and not ast.unparse(call.func).startswith(OTHERS_WITH_A_STATE)
    ]


def _names_state(call):
    listed = (node.value for node in ast.walk(call) if isinstance(node, ast.Constant))
    return any(keyword.arg == "state" for keyword in call.keywords) or (
        call.func.attr == "bulk_update" and "state" in listed
    )


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_queryset_writes_the_state_of_a_request(path):
    assert states_written(path.read_text()) == []


@pytest.mark.parametrize(
    "text",
    [
        "Issue.objects.filter(pk=1).update(state='closed')",
        "issues.open().update(version=2, state=State.CLOSED)",
        "Issue.objects.bulk_update(rows, ['title', 'state'])",
    ],
)
def test_one_that_would_is_found(text):
    assert states_written(text) == [1]
