"""Whether a step was given what it needs (domain.md §3, "Steps"). Pages, bulk and GitLab all ask here.

What is required stands in the verb's row; here is what its values must be beyond being there.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypedDict

from supportops.accounts.models import User
from workflow.actions.checklist import LONGEST_NOTE, problem_with, quoted, says_nothing, what_to_check
from workflow.actions.discussion import check_end
from workflow.actions.errors import Incomplete
from workflow.catalogue.answers import AnswerRow, fields_fed_by, merged, missing_answers
from workflow.catalogue.kinds import Kind
from workflow.catalogue.models import Route
from workflow.catalogue.restriction import lets_out
from workflow.models import Issue, Milestone
from workflow.models.validation import Verdict
from workflow.states import CLOSE_OUTCOMES, FEATURE_TRIAGE_OUTCOMES, Outcome, Priority, Source, State
from workflow.verbs import Verb, row_of

LONGEST_TEXT = 20_000


class Given(TypedDict, total=False):
    """What a step or a spin-off is given, by name; each takes some of it. Never more than a form could clean to."""

    text: str
    title: str
    description: str
    answers: list[AnswerRow]
    """Rows, of the requester's or the approver's part of a form."""
    route: Route
    approver: User | None
    """Whom the requester's form chose to decide."""
    kind: str
    customer: str
    system: str
    priority: int | None
    assignee: User | None
    confirmed_valid: bool
    milestone: Milestone
    items: Sequence[str] | None
    """The texts of a list to check."""
    ticked: Collection[int]
    """Ids of items."""
    failed: Mapping[int, str]
    """{id of an item: what is not right with it}."""
    blocked_by: str
    unblock_when: str
    outcome: str
    duplicate_of: Issue | None


def required(verb: str, issue: Issue, *, source: Source = Source.PORTAL) -> dict[str, str]:
    """{field: what to say when it is missing} for this step of this request."""
    row = row_of(verb)
    return row.required_for(issue, source) if row else {}


def check_given(verb: str, issue: Issue, given: Given, *, source: Source = Source.PORTAL) -> None:
    """Raise Incomplete unless everything this step needs is there and makes sense."""
    problems = {
        field: sentence for field, sentence in required(verb, issue, source=source).items() if _empty(given.get(field))
    }
    text = given.get("text") or ""
    if len(text) > LONGEST_TEXT:
        problems["text"] = f"Shorten this to {LONGEST_TEXT:,} characters; it has {len(text):,}."
    check = _CHECKS.get(verb)
    if not problems and check:
        problems = check(issue, given)
    if problems:
        raise Incomplete(problems)


def _empty(value: object) -> bool:
    return value is None or value is False or (isinstance(value, str) and not value.strip())


def _accept(issue: Issue, given: Given) -> dict[str, str]:
    problems = {}
    if given["kind"] != issue.kind:
        problems["kind"] = f"This is filed as {issue.get_kind_display().lower()}. Reclassify it to change that."
    if given["priority"] not in Priority.values:
        problems["priority"] = "Choose a priority from the list."
    return problems


def closing_outcomes(issue: Issue) -> list[Outcome]:
    """The outcomes this request may be closed with now, in order."""
    allowed = [outcome for outcome in CLOSE_OUTCOMES if outcome != Outcome.DISCUSS_FIRST or not _continued(issue)]
    if issue.state == State.TRIAGE and issue.kind == Kind.FEATURE:
        return [outcome for outcome in allowed if outcome in FEATURE_TRIAGE_OUTCOMES]
    return allowed


def _continued(issue: Issue) -> bool:
    return issue.links_in.filter(type="continued-in").exists()


def barred_outcome(issue: Issue, outcome: str) -> str | None:
    """Why this request cannot be closed with the outcome now, in words; None if it can."""
    if outcome not in CLOSE_OUTCOMES:
        return "Choose how it ends from the list."
    if outcome in closing_outcomes(issue):
        return None
    if outcome == Outcome.DISCUSS_FIRST and _continued(issue):
        return "This continues a discussion that was already held, so it cannot go back to one."
    return f"In triage a feature does not close as “{Outcome(outcome).label.lower()}”. Escalate it first."


def _close(issue: Issue, given: Given) -> dict[str, str]:
    outcome = given["outcome"]
    if sentence := barred_outcome(issue, outcome):
        return {"outcome": sentence}
    if outcome == Outcome.DUPLICATE:
        original = given.get("duplicate_of")
        if original is None:
            return {"duplicate_of": "Give the number of the request it duplicates."}
        if original.pk == issue.pk:
            return {"duplicate_of": "A request cannot duplicate itself."}
    return {}


def _approve(issue: Issue, given: Given) -> dict[str, str]:
    return missing_answers(issue.route.key, "approver", given.get("answers", []))


def _schedule(issue: Issue, given: Given) -> dict[str, str]:
    milestone = given["milestone"]
    if milestone.tracker_id != issue.tracker_id or milestone.state != milestone.ACTIVE:
        return {"milestone": "Choose an open milestone of the request's tracker."}
    return {}


def barred_way(issue: Issue, route: Route) -> str | None:
    """Why the request cannot go on as one of this route's, in words; None if it can."""
    tracker = route.tracker
    if tracker and not tracker.is_active:
        return f"The tracker {tracker} takes no new requests. Choose another entry, or ask an administrator."
    return lets_out(issue.tracker, tracker)


def _reclassify(issue: Issue, given: Given) -> dict[str, str]:
    route, answers = given["route"], given.get("answers", [])
    if route == issue.route:
        return {"route": "It already is that."}
    if sentence := barred_way(issue, route):
        return {"route": sentence}
    missing = missing_answers(route.key, "requester", merged(issue.answers, answers))
    return missing or check_end(route.kind, fields_fed_by(answers))


def _continue_in(issue: Issue, given: Given) -> dict[str, str]:
    route = given["route"]
    if sentence := barred_way(issue, route):
        return {"route": sentence}
    return (
        {}
        if route.tracker_id and route.kind != Kind.PROPOSAL or issue.kind != Kind.PROPOSAL
        else {"route": "A proposal continues as a bug, a feature or an administrative request."}
    )


def _request_validation(issue: Issue, given: Given) -> dict[str, str]:
    brief, items = what_to_check(issue, given["text"], given.get("items"))
    if says_nothing(brief) and not items:
        return {"text": required(Verb.REQUEST_VALIDATION, issue)["text"]}
    problem = problem_with(items)
    return {"items": problem} if problem else {}


def _validate(issue: Issue, given: Given) -> dict[str, str]:
    if failed := issue.items_with(Verdict.FAILED):
        told = f"{quoted([item.text for item in failed])} failed. Tick it on the list if it is right by now, or send"
        return {"checklist": f"{told} the request back."}
    left = [item for item in issue.items_with(None) if item.pk not in (given.get("ticked") or ())]
    if left:
        told = f"{len(left)} of {len(issue.checklist)} items are not ticked: {quoted([item.text for item in left])}."
        if any(issue.tick_lapsed(item) for item in left):
            told += " A tick counts only while whoever set it may validate."
        return {"checklist": f"{told} Tick what is right, or send the request back."}
    return {}


def _send_back(issue: Issue, given: Given) -> dict[str, str]:
    listed = {item.pk for item in issue.checklist}
    reasons = [reason for item, reason in (given.get("failed") or {}).items() if item in listed]
    if any(len(reason) > LONGEST_NOTE for reason in reasons):
        return {"failed": f"Shorten the reason of each item to {LONGEST_NOTE:,} characters."}
    said = not _empty(given.get("text")) or any(not _empty(reason) for reason in reasons)
    if issue.checklist and not said and not issue.items_with(Verdict.FAILED):
        return {"text": "Say what is not right, or fail an item of the list with its reason."}
    return {}


_CHECKS: Mapping[str, Callable[[Issue, Given], dict[str, str]]] = {
    Verb.APPROVE: _approve,
    Verb.ACCEPT: _accept,
    Verb.CLOSE: _close,
    Verb.SCHEDULE: _schedule,
    Verb.REQUEST_VALIDATION: _request_validation,
    Verb.VALIDATE: _validate,
    Verb.SEND_BACK: _send_back,
    Verb.RECLASSIFY: _reclassify,
    Verb.CONTINUE_IN: _continue_in,
}
