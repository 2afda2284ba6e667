"""Reports for Support Operations: tables with bars, and the same as a file."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import render
from django.views.decorators.http import require_safe

from supportops.accounts.roles import is_ops
from supportops.ui.times import span
from workflow import reports as figures
from workflow.clock import DAY_SECONDS
from workflow.pages.csv_export import csv_answer
from workflow.pages.rows import rows_of, targets
from workflow.states import Court

BAR_WIDTH = 100
HEADER = ("Report", "Of", "Number", "Median (days)", "90th (days)", "Target (working days)", "Over target")


@require_safe
def reports(request: HttpRequest):
    """What is open, lead times, ages over target and approvals; ``?format=csv`` is all of it as a file."""
    person = request.user
    if not is_ops(person):
        raise PermissionDenied("Reports are for Support Operations.")
    states, stage_targets = figures.open_by_state(person), targets()
    over = figures.over_target(person, stage_targets.by_state)
    found = {
        "courts": figures.open_by_court(states),
        "states": states,
        "leads": figures.lead_times(person),
        "ages": figures.ages(person, stage_targets.by_state, over),
        "approvals": figures.approval_latency(person),
    }
    if request.GET.get("format") == "csv":
        return csv_answer("reports", HEADER, _lines(**found))
    late = figures.most_overdue(person, stage_targets.by_state, over)
    overdue = rows_of(late, stage_targets)
    return render(request, "workflow/reports.html", {**_with_bars(**found), "overdue": overdue})


def _with_bars(courts, states, leads, ages, approvals):
    most, most_at_a_court = _most(number for _, _, number in states), _most(number for _, number in courts)
    slowest = _most(lead.ninetieth.total_seconds() for lead in leads if lead.ninetieth)
    return {
        "states": [
            {"state": state, "court": court, "number": number, "bar": _bar(number, most)}
            for state, court, number in states
        ],
        "courts": [
            {"court": court, "label": Court(court).label, "number": number, "bar": _bar(number, most_at_a_court)}
            for court, number in courts
        ],
        "leads": [_spread(lead, slowest) for lead in leads],
        "ages": [{"age": age, "oldest": age.oldest_since, "bar": _bar(age.over, age.number)} for age in ages],
        "approvals": _spread(approvals, slowest),
        "open_number": sum(number for _, _, number in states),
        "leads_title": f"How long things took in the last {figures.PERIOD.days} days",
        "header_actions": [{"label": "CSV", "url": "?format=csv", "icon": "download"}],
    }


def _spread(one, slowest):
    return {
        "name": one.name,
        "number": one.number,
        "median": span(one.median) if one.median is not None else "–",
        "ninetieth": span(one.ninetieth) if one.ninetieth is not None else "–",
        "bar": _bar(one.median.total_seconds() if one.median else 0, slowest),
        "bar_to": _bar(one.ninetieth.total_seconds() if one.ninetieth else 0, slowest),
    }


def _most(values):
    return max(values, default=0)


def _bar(value, most):
    return round(value * BAR_WIDTH / most, 1) if most else 0


def _lines(courts, states, leads, ages, approvals) -> Iterator[Any]:
    yield from (("Open by court", Court(court).label, number) for court, number in courts)
    yield from (("Open by state", state.label, number) for state, _, number in states)
    yield from (("Lead time", lead.name, lead.number, _days(lead.median), _days(lead.ninetieth)) for lead in leads)
    yield ("Approval", approvals.name, approvals.number, _days(approvals.median), _days(approvals.ninetieth))
    yield from (("Age", age.state.label, age.number, "", "", age.target, age.over) for age in ages)


def _days(length):
    return "" if length is None else f"{length.total_seconds() / DAY_SECONDS:.2f}"
