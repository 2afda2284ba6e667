"""Code that stands in texts, as tests hand it to processes of their own, imports what is there.

Only the nightly tests run most of it, so a name that moved would be noticed by nobody until then.
"""

import ast
import importlib
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("workflow", "intake", "supportops", "tests")
IMPORT = re.compile(rf"(?:^|[;\s])from ((?:{'|'.join(OURS)})(?:\.\w+)*) import (\w+(?:, \w+)*)")
FILES = sorted({path for folder in OURS for path in (ROOT / folder).rglob("*.py")} - {Path(__file__)})


def texts_of(source):
    """The texts in Python source that are no docstrings."""
    tree = ast.parse(source)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value


def missing(text):
    """What a text imports from here that is not here."""
    return [
        f"{module}.{name}"
        for module, names in IMPORT.findall(text)
        for name in names.split(", ")
        if not _is_there(module, name)
    ]


def _is_there(module, name):
    try:
        spec = find_spec(module)
        if spec is None or spec.origin is None:
            return False
        if module.split(".")[0] != "tests":
            return hasattr(importlib.import_module(module), name) or find_spec(f"{module}.{name}") is not None
    except ModuleNotFoundError:
        return False
    # some modules of the tests only come up in the process they are for
    return re.search(rf"^(?:def |class |from .*|import .*)?\b{name}\b", Path(spec.origin).read_text(), re.MULTILINE)


def test_every_import_in_a_text_leads_somewhere():
    found = [(path, names) for path in FILES for text in texts_of(path.read_text()) if (names := missing(text))]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "from workflow.models import Route",
        "import django; django.setup()\nfrom workflow.actions import clashes\n",
        "from workflow.moved_away import anything",
        "from tests.soak.house import no_such_thing",
    ],
)
def test_an_import_that_leads_nowhere_is_found(text):
    assert missing(text) != []
