"""The systems a request may concern."""

from collections.abc import Callable, Iterable

USUAL_SYSTEMS = ("Zendesk", "Zapier", "Calendly", "Salesforce", "GitLab", "Other")
_sources: list[Callable[[bool], Iterable[str]]] = []


def register(source: Callable[[bool], Iterable[str]]) -> None:
    """Further systems by name: ``source(active)`` gives those in use now, or with False all that ever were."""
    if source not in _sources:
        _sources.append(source)


def systems_in_use() -> list[str]:
    """What may be chosen now: what an app knows of, then the usual ones."""
    return list(dict.fromkeys([*(name for source in _sources for name in source(True)), *USUAL_SYSTEMS]))


def systems_known() -> list[str]:
    """What lists may be narrowed by, in alphabetical order."""
    return sorted({name for source in _sources for name in source(False)})
