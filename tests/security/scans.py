"""Reads the code for what must not stand in it. Each scan takes text, so that a bad line can be shown to be found."""

import ast
import re
from pathlib import Path

from django_fsm import FSMField

from workflow.models import Issue
from workflow.states import State

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("supportops", "intake", "workflow")
TRANSITIONS = {one.name for one in Issue._meta.get_field("state").get_all_transitions(Issue)}
assert isinstance(Issue._meta.get_field("state"), FSMField)
NO_REQUESTS = {
    "Budget",
    "Connection.load()",
    "Look",
    "PendingPull",
    "address",
    "at",
    "claimed",
    "clock",
    "connection",
    "found",
    "match",
    "portal",
    "response",
    "sandbox",
    "self",
    "session",
    "self._cleanup",
    "server",
    "serving",
    "thread",
    "timer",
}
"""What else has methods called start, close, ask, block, resume …, as it is written before the dot."""


def sources(*, without=()):
    """{path from the root: text} of every module of ours, but for folders named in ``without``."""
    paths = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    found = {path.relative_to(ROOT).as_posix(): path.read_text() for path in paths}
    return {path: text for path, text in found.items() if not any(f"{folder}/" in path for folder in without)}


def templates():
    """{path from the root: text} of every template."""
    return {path.relative_to(ROOT).as_posix(): path.read_text() for path in (ROOT / "templates").rglob("*.html")}


def _calls(text):
    return (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))


def states_written_past_the_machine(text):
    """Calls that write a request's state into the database without a transition: update, bulk_update, setattr."""
    return [ast.unparse(call) for call in _calls(text) if _writes_state(call)]


def _writes_state(call):
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name == "setattr":
        return len(call.args) > 1 and _is_text(call.args[1], "state")
    if name == "bulk_update":
        fields = [*call.args[1:], *(keyword.value for keyword in call.keywords if keyword.arg == "fields")]
        return any(_is_text(item, "state") for listed in fields for item in getattr(listed, "elts", []))
    if name not in ("update", "aupdate", "update_or_create", "aupdate_or_create"):
        return False
    of_milestones = ast.unparse(call.func).startswith("Milestone.")  # their state is GitLab's, and no machine's
    return not of_milestones and any(_names_state(keyword) for keyword in call.keywords)


def _names_state(keyword):
    if keyword.arg == "state":
        return not _of_another_vocabulary(keyword.value)
    given = keyword.value
    return (
        keyword.arg in (None, "defaults")
        and isinstance(given, ast.Dict)
        and any(_is_text(key, "state") for key in given.keys)
    )


def _of_another_vocabulary(value):
    """Whether a state is plainly no request's: a milestone's, or a word that no request's state has."""
    if not isinstance(value, ast.Attribute):
        return False
    return ast.unparse(value).startswith("Milestone.") or value.attr.isupper() and value.attr not in State.__members__


def _is_text(node, text):
    return isinstance(node, ast.Constant) and node.value == text


def transitions_called(text):
    """Calls of a transition of the machine, by name or through getattr; and assignments to a state."""
    tree = ast.parse(text)
    called = [ast.unparse(call.func) for call in _calls(text) if _is_transition(call.func)]
    return called + [ast.unparse(node) for node in ast.walk(tree) if _assigns_state(node)]


def _is_transition(function):
    if isinstance(function, ast.Attribute):
        return function.attr in TRANSITIONS and ast.unparse(function.value) not in NO_REQUESTS
    by_name = isinstance(function, ast.Call) and getattr(function.func, "id", "") == "getattr"
    return by_name and len(function.args) == 2 and not isinstance(function.args[1], ast.Constant)


def _assigns_state(node):
    targets = node.targets if isinstance(node, ast.Assign) else []
    return any(isinstance(target, ast.Attribute) and ast.unparse(target) == "issue.state" for target in targets)


def unescaped(text):
    """Words in code or a template that let text through as markup."""
    return re.findall(r"\bmark_safe\(|\bSafeString\(|\|\s*safe(?:seq)?\b|autoescape off|__html__", text)


def open_doors(text):
    """Decorators and options that switch a protection off."""
    open_ = r"@\w*csrf_exempt|@\w*login_not_required|\bverify=False|retry_transient_errors=True|shell=True"
    return re.findall(open_, text)
