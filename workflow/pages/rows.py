"""A request as a row of a list: what the component ``request_list`` shows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils import timezone

from supportops.accounts.working_days import WorkCalendar
from supportops.statements import Statement
from supportops.ui.times import exact_span, short_span, span
from workflow.clock import Clock, calendar_of, clock_of, counted_for, stays_of
from workflow.models import Issue, StageTarget
from workflow.models.querysets import moves
from workflow.states import Court, State

_ENDED_COURTS: dict[str, str] = {State.COMPLETED: "done", State.CLOSED: "closed"}


@dataclass(frozen=True)
class Targets:
    """How many working days a request should stay in a state at most, and the calendars that say which those are."""

    by_state: Mapping[str, int]
    calendars: dict[tuple[str, str] | None, WorkCalendar] = field(default_factory=dict)

    def working_days(self, issue: Issue, now: datetime) -> float:
        """Working days since the request came to its state, as a fraction, by the calendar of whoever has it now."""
        person = counted_for(issue)
        place = (person.time_zone, person.region) if person else None
        if place not in self.calendars:
            self.calendars[place] = calendar_of(person)
        return self.calendars[place].working_time(issue.state_since, now) / timedelta(days=1)


def targets() -> Targets:
    """The Targets as they are now."""
    return Targets(dict(_TARGETS.rows()))


_TARGETS = Statement("targets", lambda: StageTarget.objects.order_by().values_list("state", "working_days"))


def rows_of(
    issues: Iterable[Issue], stage_targets: Targets | None = None, *, now: datetime | None = None
) -> list[dict[str, Any]]:
    """Rows for the component; ``issues`` come ``with_people``. The targets are read unless they are given, and so are
    the steps that moved the requests."""
    now, shown = now or timezone.now(), list(issues)
    if not shown:
        return []
    prefetch_related_objects(shown, moves())
    if stage_targets is None:
        stage_targets = targets()
    return [row_of(issue, stage_targets, now) for issue in shown]


def row_of(issue: Issue, stage_targets: Targets, now: datetime) -> dict[str, Any]:
    """One row; the key of its checkbox carries the version the person looked at."""
    days = stage_targets.working_days(issue, now)
    target = stage_targets.by_state.get(issue.state) if issue.is_open else None
    return {
        "number": issue.reference,
        "key": f"{issue.number}.{issue.version}",
        "title": issue.title,
        "url": issue.get_absolute_url(),
        "kind": issue.get_kind_display(),
        "state": issue.state,
        "state_label": issue.get_state_display(),
        "state_court": state_court(issue),
        "court": issue.court,
        "court_label": str(issue.requester) if issue.court == Court.REQUESTER else None,
        "clock": drawn_clock(clock_of(stays_of(issue), now), now),
        "age": short_span(now - issue.state_since),
        "age_title": _age_in_words(issue, now, target),
        "over_target": target is not None and days > target,
        "owner": issue.assignee,
        "tracker": issue.tracker,
        "priority": issue.priority,
        "labels": [{"name": issue.milestone.title}] if issue.milestone else [],
        "restricted": issue.confidential,
    }


def drawn_clock(clock: Clock, now: datetime) -> dict[str, Any] | None:
    """A Clock as the component ``court_clock`` draws it; None before anything was spent anywhere."""
    if not clock.lead_time:
        return None
    parts: list[dict[str, Any]] = []
    x: float = 0
    for court, time in clock.spent.items():
        if not time:
            continue
        width = round(100 * (time / clock.lead_time), 2)
        parts.append(
            {
                "court": court,
                "label": court.label,
                "words": span(time),
                "exact": exact_span(clock.seconds[court]),
                "x": round(x, 2),
                "width": width,
            }
        )
        x += width
    return {
        "parts": parts,
        "total": span(clock.lead_time),
        "exact": exact_span(clock.lead_time),
        "words": ", ".join(f"{part['label']} {part['words']}" for part in parts),
        "now": short_span(now - clock.since) if clock.since else "",
        "now_words": span(now - clock.since) if clock.since else "",
    }


def state_court(issue: Issue) -> str:
    """Whose colour the state has: its court's, or that of its end."""
    return issue.court or _ENDED_COURTS[issue.state]


def _age_in_words(issue: Issue, now: datetime, target: int | None) -> str:
    words = f"{span(now - issue.state_since)} in {issue.get_state_display().lower()}"
    return words if target is None else f"{words}; the target is {target} working day{'' if target == 1 else 's'}"
