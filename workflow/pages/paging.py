"""Pages by key, not by number: the next page begins after the last row seen, however many came or went meanwhile."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.http import QueryDict

from workflow.models import Issue
from workflow.models.querysets import IssueQuerySet

PAGE_SIZE = 50
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Page:
    """``rows`` of one page and the cursors of its neighbours, None where there is none."""

    rows: list
    before: str | None
    after: str | None


def page_of(
    queryset: IssueQuerySet, keys: tuple[Any, ...], query: QueryDict | dict[str, str], *, size: int = PAGE_SIZE
) -> Page:
    """The page that ``query`` (request.GET) asks for with ``after`` or ``before``.

    ``keys``: names to order by, each with "-" for the other way; the last is unique. None of them may be NULL. A cursor
    that is none (mistyped, forged) shows the first page.
    """
    backwards = _cursor(query.get("before"), keys)
    forwards = None if backwards else _cursor(query.get("after"), keys)
    if backwards:
        rows = _slice(queryset, [_turned(key) for key in keys], backwards, size)
        more, rows = len(rows) > size, rows[:size][::-1]
        return (
            Page(rows, _written(rows[0], keys) if more else None, _written(rows[-1], keys))
            if rows
            else (page_of(queryset, keys, {}, size=size))
        )
    rows = _slice(queryset, keys, forwards, size)
    more, rows = len(rows) > size, rows[:size]
    return Page(
        rows, _written(rows[0], keys) if forwards and rows else None, _written(rows[-1], keys) if more else None
    )


def _slice(
    queryset: IssueQuerySet, keys: list[str] | tuple[Any, ...], cursor: list[int] | None, size: int
) -> list[Issue]:
    if cursor:
        queryset = queryset.filter(_beyond(keys, cursor))
    return list(queryset.order_by(*keys)[: size + 1])


def _turned(key: str) -> str:
    return key[1:] if key.startswith("-") else f"-{key}"


def _beyond(keys: list[str] | tuple[Any, ...], values: list[int]) -> Q:
    """Rows after ``values`` in the order of ``keys``: greater in the first that differs."""
    beyond, equal = Q(), Q()
    for key, value in zip(keys, values, strict=True):
        name, how = (key[1:], "lt") if key.startswith("-") else (key, "gt")
        beyond |= equal & Q(**{f"{name}__{how}": value})
        equal &= Q(**{name: value})
    return beyond


def _written(row: Issue, keys: tuple[Any, ...]) -> str:
    return ".".join(_number(getattr(row, key.lstrip("-"))) for key in keys)


def _number(value: datetime | int) -> str:
    """A key as a whole number: moments in microseconds since 1970."""
    return str((value - _EPOCH) // timedelta(microseconds=1) if isinstance(value, datetime) else int(value))


def _cursor(text: str | None, keys: tuple[Any, ...]) -> list[int] | None:
    """The values of a written cursor, or None."""
    parts = (text or "").split(".")
    if len(parts) != len(keys) or not all(part.isascii() and part.isdigit() and len(part) < 18 for part in parts):
        return None
    return [_value(key.lstrip("-"), int(part)) for key, part in zip(keys, parts, strict=True)]


def _value(name: str, number: int) -> datetime | int:
    if name.endswith(("_at", "_since")):
        return _EPOCH + timedelta(microseconds=min(number, 10**17))
    return number
