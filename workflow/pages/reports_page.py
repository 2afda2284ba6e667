"""Reports for Support Operations: tables with bars, and the same as a file."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from supportops.accounts.http import AuthenticatedHttpRequest
from supportops.accounts.roles import is_ops
from supportops.ui.times import span
from workflow import reports as figures
from workflow.clock import DAY_SECONDS
from workflow.models import Issue
from workflow.pages.csv_export import csv_answer
from workflow.pages.rows import rows_of
from workflow.states import Court

BAR_WIDTH = 100
HEADER = ("Report", "Of", "Number", "Median (days)", "90th (days)", "Target (working days)", "Over target")


@require_safe
def reports(request: AuthenticatedHttpRequest) -> HttpResponseBase:
    """What is open, lead times, ages over target and approvals; ``?format=csv`` is all of it as a file."""
    person = request.user
    if not is_ops(person):
        raise PermissionDenied("Reports are for Support Operations.")
    found = figures.report_for(person)
    if request.GET.get("format") == "csv":
        return csv_answer("reports", HEADER, _lines(found))
    late = Issue.objects.visible_to(person).open().as_rows().in_bulk(found.overdue)
    overdue = rows_of(late[number] for number in found.overdue if number in late)
    return render(request, "workflow/reports.html", {**_with_bars(found), "overdue": overdue})


def _with_bars(found: figures.Report) -> dict[str, Any]:
    courts = figures.open_by_court(found.states)
    most = _most(number for _, _, number in found.states)
    most_at_a_court = _most(number for _, number in courts)
    slowest = _most(lead.ninetieth.total_seconds() for lead in found.leads if lead.ninetieth)
    return {
        "states": [
            {"state": state, "court": court, "number": number, "bar": _bar(number, most)}
            for state, court, number in found.states
        ],
        "courts": [
            {"court": court, "label": Court(court).label, "number": number, "bar": _bar(number, most_at_a_court)}
            for court, number in courts
        ],
        "leads": [_spread(lead, slowest) for lead in found.leads],
        "ages": [{"age": age, "oldest": age.oldest_since, "bar": _bar(age.over, age.number)} for age in found.ages],
        "approvals": _spread(found.approvals, slowest),
        "counted_at": found.counted_at,
        "open_number": sum(number for _, _, number in found.states),
        "leads_title": f"How long things took in the last {figures.PERIOD.days} days",
        "header_actions": [{"label": "CSV", "url": "?format=csv", "icon": "download"}],
    }


def _spread(one: figures.Spread, slowest: float) -> dict[str, Any]:
    return {
        "name": one.name,
        "number": one.number,
        "median": span(one.median) if one.median is not None else "–",
        "ninetieth": span(one.ninetieth) if one.ninetieth is not None else "–",
        "bar": _bar(one.median.total_seconds() if one.median else 0, slowest),
        "bar_to": _bar(one.ninetieth.total_seconds() if one.ninetieth else 0, slowest),
    }


def _most(values: Iterable[float]) -> float:
    return max(values, default=0)


def _bar(value: float, most: float) -> float:
    return round(value * BAR_WIDTH / most, 1) if most else 0


def _lines(found: figures.Report) -> Iterator[tuple[Any, ...]]:
    yield from (("Open by court", Court(court).label, number) for court, number in figures.open_by_court(found.states))
    yield from (("Open by state", state.label, number) for state, _, number in found.states)
    yield from (_line("Lead time", lead) for lead in found.leads)
    yield _line("Approval", found.approvals)
    yield from (("Age", age.state.label, age.number, "", "", age.target, age.over) for age in found.ages)


def _line(report: str, one: figures.Spread) -> tuple[Any, ...]:
    return report, one.name, one.number, _days(one.median), _days(one.ninetieth)


def _days(length: timedelta | None) -> str:
    return "" if length is None else f"{length.total_seconds() / DAY_SECONDS:.2f}"
