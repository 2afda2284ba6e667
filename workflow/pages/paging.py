"""Pages by key, not by number: the next page begins after the last row seen, however many came or went meanwhile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from django.db.models import BooleanField, F, Func, Model, Q, QuerySet, Value
from django.db.models.lookups import GreaterThan, LessThan
from django.http import QueryDict

Row = TypeVar("Row", bound=Model)
PAGE_SIZE = 25
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Key = datetime | int
"""What a list is ordered by."""


@dataclass(frozen=True)
class Page(Generic[Row]):
    """``rows`` of one page and the cursors of its neighbours, None where there is none."""

    rows: list[Row]
    before: str | None
    after: str | None


def page_of(
    queryset: QuerySet[Row], keys: Sequence[str], query: QueryDict | Mapping[str, str], *, size: int = PAGE_SIZE
) -> Page[Row]:
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


def _slice(queryset: QuerySet[Row], keys: Sequence[str], cursor: Sequence[Key] | None, size: int) -> list[Row]:
    if cursor:
        queryset = queryset.filter(_beyond(keys, cursor))
    return list(queryset.order_by(*keys)[: size + 1])


def _turned(key: str) -> str:
    return key[1:] if key.startswith("-") else f"-{key}"


def _beyond(keys: Sequence[str], values: Sequence[Key]) -> Q:
    """Rows after ``values`` in the order of ``keys``, which all go the same way: one comparison of rows, because that
    is where an index can begin to read; (a, b) > (x, y) is a > x, or a = x and b > y."""
    backwards = {key.startswith("-") for key in keys}
    if len(backwards) > 1:
        raise ValueError(f"{keys} go both ways.")
    compared = LessThan if True in backwards else GreaterThan
    return Q(compared(_Row(*(F(key.lstrip("-")) for key in keys)), _Row(*(Value(value) for value in values))))


class _Row(Func):
    """Several values that are compared as one, the first counting most."""

    function = ""
    output_field = BooleanField()  # of no meaning: it never stands alone


def _written(row: Model, keys: Sequence[str]) -> str:
    return ".".join(_number(getattr(row, key.lstrip("-"))) for key in keys)


def _number(value: Key) -> str:
    """A key as a whole number: moments in microseconds since 1970."""
    return str((value - _EPOCH) // timedelta(microseconds=1) if isinstance(value, datetime) else int(value))


def _cursor(text: str | None, keys: Sequence[str]) -> list[Key] | None:
    """The values of a written cursor, or None."""
    parts = (text or "").split(".")
    if len(parts) != len(keys) or not all(part.isascii() and part.isdigit() and len(part) < 18 for part in parts):
        return None
    return [_value(key.lstrip("-"), int(part)) for key, part in zip(keys, parts, strict=True)]


def _value(name: str, number: int) -> Key:
    if name.endswith(("_at", "_since")):
        return _EPOCH + timedelta(microseconds=min(number, 10**17))
    return number
