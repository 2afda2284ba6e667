"""The rail: the states a request passes on its way, which are behind it, and where it stands."""

from workflow.states import ENDED, State
from workflow.views.story import court_of


def rail_steps(found):
    """What the rail component draws, from a Reading. Side states hang from the stage they left."""
    issue = found.issue
    states = list(issue.rail)
    steps_taken = [row for row in found.story if row["what"] == "event" and row["before"] != row["after"]]
    left = {row["before"]: row["when"] for row in steps_taken}
    here = _stands_at(issue, found.story, states)
    steps = [_step(state, position, states.index(here), left) for position, state in enumerate(states)]
    current = steps[states.index(here)]
    if issue.state == here:
        current |= {"court": court_of(here), "date": issue.state_since if here in ENDED else None}
    else:
        current["side"] = {"label": _side_label(issue), "court": court_of(issue.state)}
    return steps


def _step(state, position, here, left):
    if position == here:
        return {"label": State(state).label, "status": "current"}
    if position > here:
        return {"label": State(state).label, "status": "ahead"}
    return {"label": State(state).label, "status": "done" if state in left else "skipped", "date": left.get(state)}


def _stands_at(issue, story, states):
    """The stage of the rail that a request stands at, or hangs from."""
    for place in (issue.state, issue.return_to):
        if place in states:
            return place
    visited = [row[end] for row in story for end in ("before", "after") if row[end] in states]
    return visited[-1] if visited else states[0]


def _side_label(issue):
    if issue.state == State.CLOSED:
        return issue.get_outcome_display()
    return issue.get_state_display()
