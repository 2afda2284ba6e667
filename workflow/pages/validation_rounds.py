"""Rounds of validation as pages draw them: what was asked, what was found on each item, by whom and when."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from workflow.models import Attachment, ValidationCheck, ValidationItem, ValidationRound
from workflow.models.validation import Verdict, verdict_of
from workflow.pages.timeline import file_row

if TYPE_CHECKING:
    from workflow.pages.issue_query import Reading, RoundRow


_DONE: Mapping[str | None, str] = {Verdict.TICKED: "done", Verdict.FAILED: "failed"}
Validation = tuple[ValidationRound, list[ValidationItem]]
"""A round with its items."""


def validations_from(rows: Iterable["RoundRow"], found: "Reading") -> list[Validation]:
    """[(round, [item, …])], oldest first, from the rows of ``reading``: each item has ``check_now`` and ``rows``, the
    files that came with what was found."""
    checks: dict[int, list[dict[str, Any]]] = {}
    for row in sorted(found.checks, key=lambda row: row["number"]):
        checks.setdefault(row["facts"]["item"], []).append(row)
    files: dict[int, list[dict[str, Any]]] = {}
    for file in found.files:
        files.setdefault(file["facts"]["check"], []).append(file)
    return [
        (of_round[0], [_item(row, checks.get(row.item, []), files, found) for row in of_round if row.item])
        for _, grouped in groupby(rows, key=lambda row: row.pk)
        for of_round in [list(grouped)]
    ]


def _item(
    row: "RoundRow",
    checks: Sequence[Mapping[str, Any]],
    files: Mapping[int, Sequence[dict[str, Any]]],
    found: "Reading",
) -> ValidationItem:
    item = ValidationItem(pk=row.item, round_id=row.pk, order=row.order, text=row.text)
    item.check_now = _check(checks[-1], found) if checks else None
    item.files = [file for check in checks for file in files.get(check["number"], [])]
    return item


def _check(row: Mapping[str, Any], found: "Reading") -> ValidationCheck:
    return ValidationCheck(
        pk=row["number"], verdict=row["did"], note=row["words"], by=found.person(row["person_id"]), at=row["when"]
    )


def running_of(validations: Iterable[Validation]) -> tuple[ValidationRound | None, list[ValidationItem]]:
    """(the running round, its items), or (None, []): what the request answers about its checklist."""
    return next(((round_, items) for round_, items in validations if round_.ended_at is None), (None, []))


def item_row(
    item: ValidationItem, files: Sequence[dict[str, Any]] = (), last: ValidationItem | None = None
) -> dict[str, Any]:
    """An item as the checklist component draws it. ``files``: as the attachments component takes them; ``last``: the
    same item as it stood at the end of the round before."""
    check, verdict = item.check_now, verdict_of(item)
    return {
        "label": item.text,
        "verdict": _DONE.get(verdict, ""),
        "done": verdict == Verdict.TICKED,
        "by": check.by if check and verdict else None,
        "at": check.at if check and verdict else None,
        "note": check.note if check and verdict else "",
        "files": files,
        "last": last and verdict_of(last) and item_row(last),
    }


def validations_of(found: "Reading") -> list[dict[str, Any]]:
    """All rounds of the request's page, the newest first."""

    def files_of(item: ValidationItem) -> list[dict[str, Any]]:
        return [file_row(found, file) for file in item.files]

    return [round_row(round_, items, files_of) for round_, items in found.validations][::-1]


def raised_words(found: "Reading") -> str:
    """What is said while the lead looks at a request that was sent back again and again, or an empty text."""
    raised = [round_ for round_, _ in found.validations if round_.raised_at and not round_.settled_at]
    times = max((round_.bounces for round_, _ in found.validations), default=0)
    return f"Sent back {times} times in a row." if raised else ""


def round_row(
    round_: ValidationRound,
    items: Sequence[ValidationItem],
    files_of: Callable[[ValidationItem], Sequence[dict[str, Any]]] = lambda item: (),
) -> dict[str, Any]:
    """A round as the template draws it; ``files_of(item)``: its files as the component takes them."""
    return {
        "round": round_,
        "running": round_.ended_at is None,
        "outcome": round_.get_outcome_display(),
        "items": [item_row(item, files_of(item)) for item in items],
        "total": len(items),
        "ticked": sum(verdict_of(item) == Verdict.TICKED for item in items),
        "failed": sum(verdict_of(item) == Verdict.FAILED for item in items),
    }


def stored_file(file: Attachment) -> dict[str, Any]:
    """An Attachment as the attachments component draws it."""
    return {
        "name": file.name,
        "url": reverse("attachment", args=[file.issue_id, file.pk]),
        "size": file.size,
        "by": file.uploaded_by,
    }
