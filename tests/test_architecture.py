"""What no linter holds: the state of a request is written by the door alone, and no room names what stands above it
(architecture.md, "Rooms")."""

import ast
from pathlib import Path

import pytest
from django.apps import apps

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


FLOORS = ("accounts", "catalogue", "workflow", "gitlab_mirror notices", "intake", "portal")
"""Apps by label, the lowest floor first; those on one floor know nothing of each other."""
ROOMS = {"accounts": "supportops/accounts", "catalogue": "workflow/catalogue", "workflow": "workflow"}


def floor_of(label):
    """The number of the floor an app stands on."""
    return next(number for number, labels in enumerate(FLOORS) if label in labels.split())


def names_from_above(label):
    """{name: who gives it} of the relations that apps above give to models of this one, as a query would spell them."""
    names = {}
    for model in apps.get_app_config(label).get_models():
        for relation in model._meta.related_objects:
            above = relation.related_model._meta
            ours = any(above.app_label in labels.split() for labels in FLOORS)
            if ours and floor_of(above.app_label) > floor_of(label) and not relation.hidden:
                names[relation.get_accessor_name()] = names[relation.name] = above.label
    return names


ASKS = {"Q", "F", "OuterRef", "Prefetch", "Count", "FilteredRelation", "getattr", "hasattr", "aggregate", "alias"} | {
    *("annotate", "defer", "distinct", "exclude", "filter", "get", "only", "order_by", "prefetch_related"),
    *("select_related", "values", "values_list"),
}
"""What takes paths through relations, as strings or as keywords."""


def paths_named(text, names):
    """The lines on which a query, or ``getattr``, goes through one of the names."""
    asked = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call) and _called(node) in ASKS]
    return sorted({call.lineno for call in asked if names & set(_parts(call))})


def _called(call):
    return getattr(call.func, "attr", getattr(call.func, "id", None))


def _parts(call):
    for node in ast.walk(call):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from node.value.lstrip("-").split("__")
        elif isinstance(node, ast.keyword) and node.arg:
            yield from node.arg.split("__")


def sources_of(label):
    """The modules of an app's room, without the rooms of other apps in it."""
    others = {"catalogue", "gitlab", "gitlab_sandbox", "notifications", "migrations"}
    room = ROOT / ROOMS[label]
    return [path for path in sorted(room.rglob("*.py")) if not others & set(path.relative_to(room).parts)]


@pytest.mark.parametrize("label", ROOMS)
def test_no_query_below_goes_through_a_relation_that_an_app_above_gives(label):
    names = set(names_from_above(label))
    found = {str(path.relative_to(ROOT)): paths_named(path.read_text(), names) for path in sources_of(label)}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_a_path_through_one_is_found():
    assert "mirror" in names_from_above("workflow")
    assert paths_named("issues.filter(x=2)\nissues.filter(mirror__status=1)", {"mirror"}) == [2]
    assert paths_named("issues.select_related('tracker', 'mirror')", {"mirror"}) == [1]
    assert paths_named("getattr(issue, 'mirror', None)", {"mirror"}) == [1]
    assert paths_named("Q(**{'mirror__status': 1})", {"mirror"}) == [1]
