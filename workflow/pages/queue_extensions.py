"""What an app adds to its queue's page: filters, rows, a head, acts on many. Registered when apps are ready."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from supportops.accounts.models import User
from workflow.actions.bulk import BulkAct
from workflow.models import Issue
from workflow.pages.filters import RequestFilter
from workflow.pages.rows import rows_of


@dataclass(frozen=True)
class Extension:
    """``filters``: the class that narrows the list; ``related``: what is read with it; ``rows``: {issues} to rows;
    ``context``: {person} to what the page's template is given besides; ``acts``: in front of the queue's own;
    ``head``: the template drawn on top."""

    filters: type[RequestFilter] = RequestFilter
    related: tuple[str, ...] = ()
    rows: Callable[[Iterable[Issue]], list[dict[str, Any]]] = rows_of
    context: Callable[[User], Mapping[str, Any]] = lambda person: {}
    acts: tuple[BulkAct, ...] = ()
    head: str = ""


_EXTENSIONS: dict[str, Extension] = {}
_PLAIN = Extension()


def extend(name: str, extension: Extension) -> None:
    """The queue of this name has a page that says more."""
    _EXTENSIONS[name] = extension


def extension_of(name: str) -> Extension:
    """What the queue's page adds; nothing for most."""
    return _EXTENSIONS.get(name, _PLAIN)
