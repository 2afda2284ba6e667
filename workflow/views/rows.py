"""A request as a row of a list: what the component ``request_list`` shows."""

from dataclasses import dataclass

from django.utils import timezone

from supportops.accounts.models import Holiday
from supportops.ui.times import short_span, span
from workflow.clock import DAY_SECONDS, working_time
from workflow.models import StageTarget
from workflow.states import Court, State

_ENDED_COURTS = {State.COMPLETED: "done", State.CLOSED: "closed"}


@dataclass(frozen=True)
class Targets:
    """How many working days a request should stay in a state at most, and the holidays, which do not count."""

    by_state: dict
    holidays: frozenset


def targets():
    """The Targets as they are now."""
    by_state = dict(StageTarget.objects.values_list("state", "working_days"))
    return Targets(by_state, Holiday.objects.days())


def rows_of(issues, stage_targets=None, *, now=None):
    """Rows for the component; ``issues`` come ``with_people``. The targets are read unless they are given."""
    now = now or timezone.now()
    if stage_targets is None:
        stage_targets = targets() if issues else None
    return [row_of(issue, stage_targets, now) for issue in issues]


def row_of(issue, stage_targets, now):
    """One row; the key of its checkbox carries the version the person looked at."""
    days = working_days_in_state(issue, now, stage_targets.holidays)
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
        "age": short_span(now - issue.state_since),
        "age_title": _age_in_words(issue, now, target),
        "over_target": target is not None and days > target,
        "owner": issue.assignee,
        "tracker": issue.tracker,
        "priority": issue.priority,
        "labels": [{"name": issue.milestone.title}] if issue.milestone else [],
        "restricted": issue.confidential,
    }


def working_days_in_state(issue, now, holidays=None):
    """Working days since it came to its state, as a fraction; the holidays are read unless they are given."""
    return working_time(issue.state_since, now, holidays).total_seconds() / DAY_SECONDS


def state_court(issue):
    """Whose colour the state has: its court's, or that of its end."""
    return issue.court or _ENDED_COURTS[issue.state]


def _age_in_words(issue, now, target):
    words = f"{span(now - issue.state_since)} in {issue.get_state_display().lower()}"
    return words if target is None else f"{words}; the target is {target} working day{'' if target == 1 else 's'}"
