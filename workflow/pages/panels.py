"""Panels of the request page that other apps bring: a template with its context, and facts for the right column."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from workflow.models import Issue


@dataclass(frozen=True)
class Panel:
    """What an app shows on a request's page. ``template`` is drawn below the story with ``context`` in the page's own;
    ``facts`` stand among the others, in front of "Filed"."""

    template: str
    context: Mapping[str, Any]
    facts: list[dict[str, Any]] = field(default_factory=list)


_builders: list[Callable[[Issue], Panel | None]] = []
_related: list[str] = []


def register(builder: Callable[[Issue], Panel | None], *, related: Iterable[str] = ()) -> None:
    """``builder(issue)`` gives the app's panel, or None where it has nothing to show; ``related``: what is read
    with the request for it. Called when the apps are ready."""
    if builder not in _builders:
        _builders.append(builder)
        _related.extend(related)


def related() -> tuple[str, ...]:
    """What panels want read together with a request."""
    return tuple(_related)


def panels_of(issue: Issue) -> list[Panel]:
    """The panels of this request."""
    return [panel for builder in _builders if (panel := builder(issue)) is not None]
