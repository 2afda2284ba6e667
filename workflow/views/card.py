"""The decision card's words: whose turn it is, and the buttons as the component takes them."""

from workflow.states import Court, Outcome, State, Verb
from workflow.views.story import court_of
from workflow.views.words import ICONS


def court_words(issue):
    """Who has the request now, by name where there is one."""
    if issue.court == Court.REQUESTER:
        return str(issue.requester)
    if issue.court == Court.APPROVER:
        return " or ".join(str(person) for person in issue.approvers) or "Nobody yet"
    if issue.court == Court.BLOCKED:
        return issue.blocked_by or Court.BLOCKED.label
    return Court(issue.court).label if issue.court else ""


def card_of(person, issue, buttons):
    """What the decision_card component draws for this person."""
    return {
        "title": _title(issue, buttons),
        "text": _text(person, issue),
        "court": court_of(issue.state),
        "yours": _is_yours(issue, buttons),
        "primary": buttons.primary and _action(buttons.primary),
        "secondary": [_action(button) for button in buttons.secondary],
        "others": [_action(button) for button in buttons.secondary if button.act != Verb.DECLINE],
        "quiet": [_action(button) | {"variant": "quiet", "size": "small"} for button in buttons.quiet],
        "refused": [{"label": button.label, "reason": button.reason} for button in buttons.refused],
    }


def _action(button):
    return {"label": button.label, "url": button.url, "icon": ICONS.get(button.act, "")}


def _title(issue, buttons):
    if not issue.is_open:
        return "Ended"
    return "It is your turn" if _is_yours(issue, buttons) else "What you can do"


def _is_yours(issue, buttons):
    """Whether the request waits for this person: they can move it on, and neither the calendar nor a block holds it."""
    return buttons.primary is not None and issue.court not in {Court.CALENDAR, Court.BLOCKED}


def _text(person, issue):
    if issue.state == State.COMPLETED:
        return "It is done." if issue.outcome == Outcome.COMPLETED else "Another request carries it on."
    if issue.state == State.CLOSED:
        return f"It ended as “{issue.get_outcome_display().lower()}”."
    if issue.state == State.VALIDATION:
        return f"{_you(person, *_validators(issue))} to look at the result and say whether it is right."
    if issue.state == State.NEEDS_INFO:
        return f"{_you(person, issue.requester)} to answer; then it goes on in {State(issue.return_to).label.lower()}."
    if issue.state == State.SCHEDULED:
        milestone = f"“{issue.milestone}”" if issue.milestone else "its milestone"
        return f"It starts by itself when the period of {milestone} arrives."
    if issue.state == State.BACKLOG:
        return "It waits in the backlog for its priority."
    if issue.court == Court.APPROVER:
        if not issue.approvers:
            return "Nobody can decide yet: the lead of Support Operations names an approver."
        return _to_decide(person, issue)
    if issue.state == State.BLOCKED:
        return f"It waits for {issue.blocked_by or 'something outside'}."
    return f"It is with Support Operations{f', owned by {issue.assignee}' if issue.assignee else ''}."


def _validators(issue):
    """Who may validate it: its requester and the delegates, but for who implemented it."""
    return [one for one in (issue.requester, *issue.delegates) if one.pk not in issue.implementer_ids]


def _to_decide(person, issue):
    """Whose decision it waits for, and who stands in for whom."""
    if away := issue.behalf_of(person):
        return f"{away} is away and you stand in: it waits for you to decide."
    if person.pk in issue.approver_ids:
        return "It waits for you to decide."
    names = [_with_stand_in(approver, issue.stand_ins.get(approver.pk)) for approver in issue.approvers]
    several = " or " if len(names) > issue.open_round.needed else " and "
    return f"It waits for {several.join(names)} to decide."


def _with_stand_in(approver, stand_in):
    return f"{approver} (away; {stand_in} stands in)" if stand_in else str(approver)


def _you(person, *people):
    if person in people:
        return "It waits for you"
    return f"It waits for {' or '.join(str(one) for one in people) or 'somebody the requester delegates it to'}"
