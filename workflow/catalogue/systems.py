"""The systems a request may concern."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

USUAL_SYSTEMS = ("Zendesk", "Zapier", "Calendly", "Salesforce", "GitLab", "Other")
Names = QuerySet[Any, tuple[str]]
"""Rows of one name."""
_sources: list[Callable[[bool], Names]] = []


def register(source: Callable[[bool], Names]) -> None:
    """Further systems by name: ``source(active)`` gives those in use now, or with False all that ever were."""
    if source not in _sources:
        _sources.append(source)


def systems_in_use() -> list[str]:
    """What may be chosen now: what an app knows of, then the usual ones."""
    return list(dict.fromkeys([*(name for source in _sources for (name,) in source(True)), *USUAL_SYSTEMS]))


def systems_known() -> list[Names]:
    """What lists may be narrowed by, by each app that knows of some."""
    return [source(False) for source in _sources]
