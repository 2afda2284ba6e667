"""Lists as CSV: streamed, and without formulas."""

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone

from supportops.ui.times import exact_span
from workflow.clock import clock_of, stays_of
from workflow.models import Issue
from workflow.models.querysets import IssueQuerySet
from workflow.pages.rows import Targets, targets
from workflow.states import Court

STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
CHUNK = 500
BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel reads UTF-8 as something else, and umlauts break."""
COLUMNS = (
    "Number",
    "Title",
    "Kind",
    "State",
    "Waits for",
    "Since",
    "Working days",
    "Target",
    "Requester",
    "Owner",
    "Tracker",
    "Priority",
    "Milestone",
    "Due",
    "Customer",
    "System",
    "Filed",
    "Outcome",
    "Address",
    "With them since",
    "Lead time",
    "Lead time in seconds",
    *(words for court in Court for words in (f"With {court.label}", f"With {court.label} in seconds")),
)
"""The last ones are the clock of courts: in words and in seconds, which sum to the lead time's."""


def guarded(value: Any) -> str:
    """A value no spreadsheet runs: text that would begin a formula gets an apostrophe before it."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(STARTS_A_FORMULA) else text


def csv_answer(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """A streamed download called ``name``.csv; the rows are read while they are sent."""
    writer = csv.writer(_Passing())
    lines = (writer.writerow([guarded(value) for value in row]) for row in chain([header], rows))
    response = StreamingHttpResponse(chain([BYTE_ORDER_MARK], lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


class _Passing:
    """Something csv can write to that hands every line on at once."""

    def write(self, line: str) -> str:
        return line


def requests_as_csv(name: str, queryset: IssueQuerySet, request: HttpRequest) -> StreamingHttpResponse:
    """The requests of a list, in its order; links carry the portal's own address."""
    stage_targets, now = targets(), timezone.now()
    base = f"{request.scheme}://{request.get_host()}"
    issues = queryset.with_people().with_moves().iterator(chunk_size=CHUNK)
    return csv_answer(name, COLUMNS, (_row(issue, stage_targets, now, base) for issue in issues))


def _row(issue: Issue, stage_targets: Targets, now: datetime, base: str) -> list[Any]:
    return [
        issue.reference,
        issue.title,
        issue.get_kind_display(),
        issue.get_state_display(),
        issue.court.label if issue.court else "",
        _moment(issue.state_since),
        f"{stage_targets.working_days(issue, now):.1f}" if issue.is_open else "",
        stage_targets.by_state.get(issue.state, ""),
        issue.requester,
        issue.assignee,
        issue.tracker,
        issue.get_priority_display(),
        issue.milestone,
        issue.due_date,
        issue.customer,
        issue.system,
        _moment(issue.created_at),
        issue.get_outcome_display(),
        base + issue.get_absolute_url(),
        *_clock(issue, now),
    ]


def _clock(issue: Issue, now: datetime) -> list[str | int]:
    clock = clock_of(stays_of(issue), now)
    seconds = clock.seconds
    lengths = [clock.lead_time // timedelta(seconds=1), *(seconds.get(court, 0) for court in Court)]
    return [
        _moment(clock.since) if clock.since else "",
        *(cell for length in lengths for cell in (exact_span(length) if length else "", length)),
    ]


def _moment(value: datetime) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")
