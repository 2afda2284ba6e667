"""What happened, in one sentence for one reader: “Rita validated SO-12: put it into production.”

The same words stand in the inbox, in a mail and in Slack; what was done is called as on the request's page.
"""

from collections.abc import Mapping

from workflow.catalogue.kinds import Kind
from workflow.models import Comment, Event, Issue
from workflow.models.event import SUBMIT
from workflow.notifications.kinds import Reason
from workflow.notifications.models import Notice
from workflow.pages.timeline import deed_of, labels_of, without_hidden
from workflow.states import ENDED, Court, Source, State, standing
from workflow.verbs import Act, Verb

ASKED = frozenset({Reason.NEEDS_YOU, Reason.ON_DUTY})
"""Reasons of a notice that says what its reader is to do."""
_ASKS_AGAIN = frozenset(
    {Act.ASSIGN, Act.PRIORITY, Act.NAME_APPROVER, Act.DELEGATE, Act.DUE_DATE, Verb.EDIT, Verb.RECLASSIFY}
)
"""What may bring somebody's turn without moving the request."""
_TO_DO: Mapping[str, str] = {
    State.DISCUSSION: "approve it or decline it",
    State.APPROVAL: "approve it or decline it",
    State.TRIAGE: "decide whether to take it",
    State.NEEDS_INFO: "answer it",
    State.ESCALATED: "shelve it or close it",
    State.BACKLOG: "resume it when its time has come",
    State.DESIGN: "make a gameplan",
    State.PLANNING: "choose a milestone",
    State.SCHEDULED: "it starts with its milestone",
    State.DEVELOPMENT: "do the work",
    State.VALIDATION: "validate it or send it back",
    State.IMPLEMENTATION: "put it into production",
    State.BLOCKED: "see what would unblock it",
}
"""{state: what whoever's turn it is has to do}."""


def to_do(issue: Issue, *, decides: bool = True, stuck: bool = False) -> str:
    """What whoever's turn it is has to do, as the end of a sentence; empty once it has ended.

    ``decides``: whether it waits for the reader's own decision; ``stuck``: nobody can be asked for one, so that
    somebody has to be named.
    """
    if issue.state == State.TRIAGE and issue.kind in {Kind.QUESTION, Kind.HAND_OVER}:
        return "answer it"
    if issue.state == State.TRIAGE and issue.kind == Kind.PROPOSAL:
        return "review it and carry it on"
    if issue.court == Court.APPROVER and not decides:
        return "name who decides" if stuck else ""
    if issue.state == State.VALIDATION and issue.requester_id in issue.implementer_ids and not issue.delegates:
        return "delegate the validation, because who did the work does not validate it"
    return _TO_DO.get(issue.state, "")


def sentence_of(notice: Notice, issue: Issue, *, waits: bool, stuck: bool = False) -> str:
    """What this notice, which is about an event or a comment of the request, tells its reader.

    ``waits``: whether the request waits for the reader now; ``stuck``: for a decision that nobody can be asked for.
    """
    if notice.comment:
        return _of_comment(notice.comment, notice.reason, issue)
    return _of_event(notice.event, notice.reason, issue, waits=waits, stuck=stuck) if notice.event else ""


def _of_comment(comment: Comment, reason: str, issue: Issue) -> str:
    who = str(comment.author or comment.author_name or "Somebody")
    if reason == Reason.MENTIONED:
        return f"{who} mentioned you on {issue.reference}."
    return f"{who} {'wrote an internal comment' if comment.internal else 'commented'} on {issue.reference}."


def _of_event(event: Event, reason: str, issue: Issue, *, waits: bool, stuck: bool) -> str:
    told = f"{_who(event)} {_deed(event, issue)}"
    if reason == Reason.MENTIONED:
        return f"{told}, and mentioned you."
    now = event.changed_state and issue.state == event.to_state
    if reason in ASKED and issue.is_open:
        asks = to_do(issue, decides=waits, stuck=stuck) if now or event.verb in _ASKS_AGAIN else ""
        return f"{told}: {asks}." if asks else f"{told}."
    if event.changed_state and event.verb != SUBMIT and event.to_state not in ENDED:
        stands = standing(event.to_state)
        return f"{told}; it is {stands} now." if now and stands not in told else f"{told}."
    return f"{told}."


def _who(event: Event) -> str:
    if event.source == Source.CALENDAR:
        return "The calendar"
    nobody = "Somebody in GitLab" if event.source == Source.GITLAB else "The portal"
    who = str(event.actor or event.data.get("author") or nobody)
    return f"{who}, for {event.on_behalf_of}," if event.on_behalf_of else who


def _deed(event: Event, issue: Issue) -> str:
    """“validated SO-12”, “changed the priority on SO-12 (High → Urgent)”. No other request is named: it may be hidden
    from the reader."""
    return deed_of(event.verb, without_hidden(event.data, ()), labels_of(issue), about=issue.reference)
