"""Reads a file of people: the Support Team YAML (its handbook page names the fields), or CSV with the same names.

A file may be hostile: nothing in it makes objects, refers to other parts of it, or grows beyond what it says.
"""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

LARGEST_FILE = 1_000_000
MOST_PEOPLE = 5_000
_PATHS = {
    "name": ("name",),
    "username": ("username",),
    "email": ("email",),
    "title": ("title",),
    "division": ("division",),
    "region": ("region",),
    "working_hours": ("working_hours",),
    "time_zone": ("tzdata_timezone", "time_zone"),
    "reports_to": ("reports_to",),
    "gitlab_username": ("gitlab.username", "gitlab_username"),
    "gitlab_id": ("gitlab.id", "gitlab_id"),
    "slack_id": ("slack.id", "slack_id"),
}
"""{what the portal keeps: where a file may say it}; whatever else a file says about a person is left alone."""


class Unreadable(Exception):
    """The file cannot be read; ``str(error)`` says why, by line where there is one."""


@dataclass(frozen=True)
class Row:
    """What a file says about one person: ``said`` is {field: text}, without what it leaves empty."""

    line: int
    said: dict[str, str]


def read_people(content: bytes, name: str) -> list[Row]:
    """[Row, …] in the order of the file. ``content``: its bytes; ``name``: its name, whose ending says what it is.

    Raises Unreadable.
    """
    if len(content) > LARGEST_FILE:
        raise Unreadable(f"The file is larger than {LARGEST_FILE // 1_000_000} MB. Divide it.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("The file is not UTF-8 text. Save it as UTF-8.") from None
    if "\x00" in text:
        raise Unreadable("The file is not text.")
    ending = name.rpartition(".")[2].lower()
    if ending not in _READERS:
        raise Unreadable("Give a file that ends in .yml, .yaml or .csv.")
    rows = _READERS[ending](text)
    if not rows:
        raise Unreadable("The file names nobody.")
    if len(rows) > MOST_PEOPLE:
        raise Unreadable(f"The file names more than {MOST_PEOPLE:,} people. Divide it.")
    return rows


def _row(line: int, value_at: Callable[[str], str]) -> Row:
    said = {}
    for field, places in _PATHS.items():
        texts = (value_at(place) for place in places)
        if text := next((text for text in texts if text), ""):
            said[field] = text
    return Row(line, said)


# CSV ------------------------------------------------------------------------------------------------------------------


def _read_csv(text: str) -> list[Row]:
    places = {_plain(place): place for named in _PATHS.values() for place in named}
    first = text.partition("\n")[0]
    # A spreadsheet's delimiter depends on its language: the one that makes most headings known.
    delimiter = max(",;\t", key=lambda one: sum(_plain(heading) in places for heading in first.split(one)))
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        headings = [places.get(_plain(heading)) for heading in next(reader, [])]
        if "name" not in headings:
            known = ", ".join(sorted(places.values()))
            raise Unreadable(f"Line 1: name the columns, among them “name”. Known are: {known}.")
        return [_csv_row(reader.line_num, headings, values) for values in reader if any(map(str.strip, values))]
    except csv.Error as error:
        raise Unreadable(f"This is not CSV: {error}.") from None


def _plain(heading: str) -> str:
    """A heading as it is compared: “GitLab Username” is gitlab_username."""
    return "".join(filter(str.isalnum, heading.casefold()))


def _csv_row(line: int, headings: list[str | None], values: list[str]) -> Row:
    if any(map(str.strip, values[len(headings) :])):
        raise Unreadable(f"Line {line}: it has more values than there are columns.")
    said: dict[str | None, str] = {}
    for place, value in zip(headings, values, strict=False):
        said[place] = said.get(place) or value.strip()
    return _row(line, lambda place: said.get(place, ""))


# YAML -----------------------------------------------------------------------------------------------------------------


class _Plain(yaml.SafeLoader):
    """Plain values only, with the line each mapping stands on. An alias would let a small file grow without end."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            line = self.peek_event().start_mark.line + 1
            raise Unreadable(f"Line {line}: write it out; references (*) are not read.")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        return super().construct_mapping(node, deep=deep) | {_LINE: node.start_mark.line + 1}


_LINE = object()


def _construct_map(loader: _Plain, node: yaml.Node) -> dict[Any, Any]:
    return loader.construct_mapping(node, deep=True)


def _construct_text(loader: _Plain, node: yaml.ScalarNode) -> Any:
    return loader.construct_scalar(node)


_Plain.add_constructor("tag:yaml.org,2002:map", _construct_map)
for _kind in ("bool", "int", "float", "timestamp"):
    # As they are written: 0800 is no octal number here, and "no" may be a name.
    _Plain.add_constructor(f"tag:yaml.org,2002:{_kind}", _construct_text)


def _read_yaml(text: str) -> list[Row]:
    try:
        documents = yaml.load_all(text, Loader=_Plain)
        return [_yaml_row(one) for document in documents for one in _people_in(document)]
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise Unreadable(f"Line {line}: this is not the YAML that is read here: {error.problem}.") from None
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise Unreadable(f"This is not YAML: {error}.") from None
    except RecursionError:
        raise Unreadable("This is nested too deeply.") from None


def _people_in(document: Any) -> Iterator[dict[Any, Any]]:
    """One person, a list of people, or a mapping from anything to either."""
    if isinstance(document, dict) and "name" in document:
        yield document
    elif isinstance(document, list | dict):
        inner = document.values() if isinstance(document, dict) else document
        for one in inner:
            if isinstance(one, list | dict):
                yield from _people_in(one)
            elif isinstance(document, list):
                raise Unreadable(f"“{str(one)[:60]}” is no person: each needs at least a name.")
    elif document is not None:
        raise Unreadable("A person needs at least a name, as “name: …”.")


def _yaml_row(person: dict[Any, Any]) -> Row:
    line = person[_LINE]

    def value_at(place: str) -> str:
        value: Any = person
        for step in place.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, list | dict | tuple | set):
            raise Unreadable(f"Line {line}: “{place}” holds more than one value.")
        return "" if value is None else str(value).strip()

    return _row(line, value_at)


_READERS = {"csv": _read_csv, "yml": _read_yaml, "yaml": _read_yaml}
