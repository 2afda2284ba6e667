"""What stands above a form: the text to decide about, the question to answer, the brief to check.

What is told before pressing: where the request goes, and who hears of it.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from supportops.accounts.models import User
from workflow.actions.approvals import text_asked
from workflow.catalogue.field_types import Shown, shown_as
from workflow.gates import GateOutcome
from workflow.models import ApprovalRound, Event, GateAnswer, GatePath, Issue
from workflow.models.validation import checklist_of
from workflow.pages.validation_rounds import round_row
from workflow.states import State
from workflow.verbs import Act, Verb

if TYPE_CHECKING:
    from workflow.pages.issue_query import Reading


COURT_OF_OUTCOME = {GateOutcome.APPROVED: "done", GateOutcome.ESCALATE: "blocked", GateOutcome.BACKLOG: "calendar"}
ICON_OF_OUTCOME = {
    GateOutcome.APPROVED: "circle-check",
    GateOutcome.ESCALATE: "chevrons-up",
    GateOutcome.BACKLOG: "archive",
}


def above(act: Act | Verb, issue: Issue) -> dict[str, Any]:
    """What the person must have before their eyes for this act: a dict for the template ``workflow/_above.html``."""
    if act in {Verb.APPROVE, Verb.DECLINE, Verb.WAIVE_APPROVAL} or (act == Verb.ASK and issue.open_round):
        return asked_text(issue)
    if act == Verb.ANSWER:
        question = issue.events.filter(verb=Verb.ASK).select_related("actor").last()
        return {"question": question}
    if act in {Verb.VALIDATE, Verb.SEND_BACK} and issue.open_validation:
        return {"validation": round_row(issue.open_validation, issue.checklist)}
    if act in {Verb.VALIDATE, Verb.SEND_BACK}:
        return {"brief": issue.validation_brief}
    if act == Verb.REQUEST_VALIDATION and (last := issue.validations.last()):
        return {"validation": round_row(last, checklist_of(last))}
    if act == Verb.UNBLOCK:
        return {"blocked": blocked_facts(issue)}
    if act in {Verb.ACCEPT, Verb.ESCALATE, Verb.SUBMIT_GAMEPLAN} and issue.gate_path:
        answers = issue.gate_path.answers.select_related("by")
        return {"path": path_of(issue.gate_path, answers)}
    return {}


def asked_text(issue: Issue) -> dict[str, Any]:
    """The text as it stands now, and how it differs from the last one that was asked about."""
    now = text_asked(issue)
    known = [one.asked for one in issue.rounds.exclude(outcome=ApprovalRound.Outcome.ENDED) if one.asked != now]
    return asked_text_of(now, known[-1] if known else None)


def asked_text_of(asked: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    """A text that was asked about, ready to be read; ``before`` is the text of the round before, or None."""
    return {
        "asked": asked,
        "asked_answers": answer_facts(asked.get("answers", [])),
        "difference": difference(before, asked) if before and asked else [],
    }


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, str]]:
    """Rows for the diff component: what changed between two texts that were asked about."""
    rows = [
        {"field": name.capitalize(), "old": before.get(name, ""), "new": after.get(name, "")}
        for name in ("title", "description")
        if before.get(name, "") != after.get(name, "")
    ]
    old = {row["key"]: row for row in before.get("answers", [])}
    new = {row["key"]: row for row in after.get("answers", [])}
    for key in {**old, **new}:
        was, now = _answer_of(old.get(key, {})), _answer_of(new.get(key, {}))
        if was != now:
            rows.append({"field": {**old, **new}[key].get("label", key), "old": was, "new": now})
    return rows


def in_words(answer: Any) -> str:
    """An answer as a person reads it."""
    if answer is None or answer == "":
        return ""
    if isinstance(answer, bool):
        return "Yes" if answer else "No"
    return ", ".join(in_words(one) for one in answer) if isinstance(answer, list) else str(answer)


def _answer_of(row: Mapping[str, Any]) -> str:
    """The answer of a row in words, a day as every page writes days."""
    words = in_words(row.get("answer"))
    if shown_as(row.get("type")) is not Shown.DAY:
        return words
    with suppress(ValueError):  # kept from before the question asked for a day
        return f"{date.fromisoformat(words):%-d %B %Y}"
    return words


def answer_facts(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Answers as rows of the facts component: long ones as Markdown, addresses as links."""
    return [_fact(row) for row in rows]


def _fact(row: Mapping[str, Any]) -> dict[str, str]:
    words = _answer_of(row)
    fact = {"label": row.get("label") or row.get("key", ""), "value": words, "none": "Not answered"}
    shown = shown_as(row.get("type"))
    if shown is Shown.MARKDOWN and words:
        return fact | {"kind": "markdown"}
    if shown is Shown.LINK and urlsplit(words).scheme in {"http", "https"}:
        return fact | {"url": words}
    return fact


def path_of(path: GatePath, answers: Iterable[GateAnswer]) -> dict[str, Any]:
    """A gate path as the gate_path component draws it."""
    steps = [
        {"question": one.text, "answer": "Yes" if one.answer else "No", "person": one.by, "at": one.at}
        for one in answers
    ]
    outcome = GateOutcome(path.outcome) if path.outcome else None
    shown = outcome and {"label": outcome.label, "court": COURT_OF_OUTCOME[outcome], "icon": ICON_OF_OUTCOME[outcome]}
    return {
        "title": path.get_gate_display(),
        "foot": f"Version {path.chart_version} of the chart",
        "steps": steps,
        "outcome": shown,
    }


def blocked_facts(issue: Issue) -> list[dict[str, str]]:
    """Who blocks, what would unblock, and where it goes on then."""
    if issue.state != State.BLOCKED:
        return []
    return [
        {"label": "Blocked by", "value": issue.blocked_by},
        {"label": "Unblocked when", "value": issue.unblock_when, "kind": "markdown"},
        {"label": "Goes on in", "value": State(issue.return_to).label},
    ]


def review_facts(found: "Reading") -> list[dict[str, Any]]:
    """What the last review of what blocks it found, while it is blocked."""
    reviews = [row for row in found.story if row["did"] == Act.REVIEW and row["when"] >= found.issue.state_since]
    if found.issue.state != State.BLOCKED or not reviews:
        return []
    last = reviews[-1]
    return [
        {"label": "Last reviewed", "value": found.person(last["person_id"]), "kind": "person"},
        {"label": "It found", "value": last["words"], "kind": "markdown"},
    ]


def last_events(issue: Issue, since: int | None) -> list[Event]:
    """Events after the version ``since``, oldest first; the latest one if ``since`` is not a version of it."""
    events = Event.objects.filter(issue=issue).select_related("actor", "on_behalf_of")
    newer = list(events.filter(version__gt=since)) if since is not None else []
    return newer or list(events.order_by("-pk")[:1])


def next_of(act: Act | Verb, issue: Issue, person: User) -> str:
    """One or two sentences about what happens when this is pressed, or an empty text."""
    where = act.row.next_for(issue)
    return f"{where} {_told(issue, person)}".strip() if where else ""


def _told(issue: Issue, person: User) -> str:
    people = [issue.requester] if issue.requester_id != person.pk else []
    if issue.assignee_id not in {None, person.pk, issue.requester_id} and issue.assignee:
        people.append(issue.assignee)
    names = " and ".join(str(one) for one in people)
    return f"{names} {'are' if len(people) > 1 else 'is'} told." if people else "Everybody who watches it is told."
