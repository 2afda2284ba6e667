"""What happens after a request is filed, told before the button is pressed."""

from supportops.accounts.models import User
from workflow.actions.approvals import approver_for, eligible_approvers, seats_for
from workflow.catalogue.kinds import WORKED_ON, ApprovalRule, Kind
from workflow.catalogue.models import AskedOf, Entry, Route

_THEN = {
    Kind.BUG: "Support Operations check it, plan the repair and make it. You are asked to validate it before it goes "
    "into production.",
    Kind.FEATURE: "Support Operations decide whether to take it, design it and schedule it. You are asked to validate "
    "it before it goes into production.",
    Kind.ADMINISTRATIVE: "Support Operations do it and tell you when it is done.",
    Kind.PROPOSAL: "Once it is approved, Support Operations ask what is unclear and carry it on in a new request.",
    Kind.QUESTION: "Support Operations answer here, or make a request of the right kind out of it.",
    Kind.HAND_OVER: "Support Operations take the ticket over in Zendesk and record here what came of it.",
}
_BUTTON: dict[str, str] = {
    Kind.PROPOSAL: "Open the discussion",
    Kind.QUESTION: "Ask the question",
    Kind.HAND_OVER: "Record the ticket",
}


def button_label(entry: Entry) -> str:
    """What the primary button of the entry's form says."""
    if entry.route.kind in _BUTTON:
        return _BUTTON[entry.route.kind]
    return "Send for approval" if entry.route.needs_approval else "File the request"


def approval_in_words(entry: Entry) -> str:
    """Who approves, for a card; empty when nobody does."""
    words: dict[str, str] = {
        ApprovalRule.REPORTS_TO: "Your manager approves",
        ApprovalRule.CHOSEN: "A manager decides" if entry.route.kind == Kind.PROPOSAL else "A manager approves",
    }
    return words.get(entry.route.approval_rule, "")


def next_steps(entry: Entry, requester: User) -> list[str]:
    """Sentences, in order: who decides, what follows, where GitLab shows it, who sees it."""
    return [
        sentence
        for sentence in (
            _who_decides(entry, requester),
            _managers_part(entry),
            _THEN[Kind(entry.route.kind)],
            _where(entry.route),
            _who_sees(entry.route),
        )
        if sentence
    ]


def _who_decides(entry: Entry, requester: User) -> str:
    route = entry.route
    if not route.needs_approval:
        return "Nobody needs to approve it." if route.kind in WORKED_ON else ""
    approver = approver_for(route, requester)
    chosen = route.approval_rule == ApprovalRule.CHOSEN
    if approver is None and not (chosen and eligible_approvers(requester).exists()):
        return "Nobody is known who could approve it, so the lead of Support Operations names a manager."
    whom = str(approver) if approver else "the manager you choose"
    if chosen and approver:
        whom = f"{approver}, or another manager you choose,"
    several = _several(route, requester, approver)
    if route.kind == Kind.PROPOSAL:
        return f"Everybody may discuss it until the day you set. Then {several or f'{whom} decides'}."
    if several:
        return f"{several[0].upper()}{several[1:]}. Work begins only then."
    return f"{whom[0].upper()}{whom[1:]} is asked to approve it. Work begins only then."


def _several(route: Route, requester: User, manager: User | None) -> str:
    """Who decides where the route asks several, in words; empty where it asks one."""
    seats, needed = seats_for(route, requester, manager)
    if len(seats) < 2:
        return ""
    names = [str(seat.holder) if seat.holder else "a manager" for seat in seats]
    people = f"{', '.join(names[:-1])} and {names[-1]}"
    if len({seat.order for seat in seats}) > 1:
        return f"{people} are asked to approve it, one after the other"
    if needed == len(seats):
        return f"{people} must all approve it"
    return f"{needed} of {people} must approve it" if needed > 1 else f"any one of {people} may approve it"


def _managers_part(entry: Entry) -> str:
    asked = [question.label for question in entry.questions.all() if question.asked_of == AskedOf.APPROVER]
    if not asked:
        return ""
    labels = "; ".join(label[0].lower() + label[1:] for label in asked)
    return f"Your manager's part of the form is asked when approving: {labels}."


def _where(route: Route) -> str:
    if route.tracker is None:
        return "It stays in the portal; GitLab has no issue for it."
    return f"GitLab shows it as an issue in {route.tracker.path}."


def _who_sees(route: Route) -> str:
    if route.restricted_to is None:
        return ""
    return f"Only you, your approver and the group {route.restricted_to.name} see it."
